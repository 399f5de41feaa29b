"""What a wheel says in its own members, beside its name and the sdist that it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatch

from packaging.metadata import RawMetadata, parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import Tag, parse_tag
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from carrack.model.archive import Members

_WHEEL, _METADATA = "*.dist-info/WHEEL", "*.dist-info/METADATA"
_STATIC = Version("2.2")
"""The first metadata version of which an sdist's fields must be the wheel's (core metadata, "Dynamic")."""


def misnamed(file: str, wheel: Members) -> Iterator[str]:
    """A sentence where WHEEL is for other platforms than the file's name: pip goes by the name alone."""
    said, named = _tags(_only(wheel, _WHEEL)), parse_wheel_filename(file)[3]
    if said != named:
        yield f"{file}: its WHEEL says {_listed(said)}, and its name {_listed(named)}"


def foreign(file: str, wheel: Members, sdist: Members) -> Iterator[str]:
    """A sentence for each requirement that only one of a wheel and its sdist has: they are no one source's then.

    An sdist's fields are promised to be the wheel's, but those that it calls dynamic (core metadata, "Dynamic").
    """
    here, there = parse_email(_only(wheel, _METADATA))[0], parse_email(sdist.get("PKG-INFO", b""))[0]
    if Version(there.get("metadata_version", "1.0")) < _STATIC:
        return
    dynamic = {field.lower() for field in there.get("dynamic", [])}
    if "requires-dist" not in dynamic:
        ours, theirs = _requirements(here), _requirements(there)
        yield from (f"{file}: requires {one}, and the sdist does not" for one in sorted(ours - theirs))
        yield from (f"{file}: does not require {one}, and the sdist does" for one in sorted(theirs - ours))
    pythons = here.get("requires_python", ""), there.get("requires_python", "")
    if "requires-python" not in dynamic and pythons[0] != pythons[1]:
        yield f"{file}: is for Python {pythons[0] or 'of any version'}, and the sdist for {pythons[1] or 'any'}"


def _only(members: Members, pattern: str) -> bytes:
    return next((content for name, content in members.items() if fnmatch(name, pattern)), b"")


def _tags(wheel: bytes) -> frozenset[Tag]:
    lines = wheel.decode(errors="replace").splitlines()
    texts = (line.partition(":")[2].strip() for line in lines if line.startswith("Tag:"))
    return frozenset(tag for text in texts if text.count("-") == 2 for tag in parse_tag(text))


def _listed(tags: Iterable[Tag]) -> str:
    return ", ".join(sorted(map(str, tags))) or "nothing"


def _requirements(metadata: RawMetadata) -> frozenset[str]:
    return frozenset(_normal(text) for text in metadata.get("requires_dist", []))


def _normal(text: str) -> str:
    try:
        return str(Requirement(text))
    except InvalidRequirement:
        return text
