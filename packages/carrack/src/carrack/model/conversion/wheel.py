"""A built wheel as what it says and what it has: the truth about a distribution, whatever its form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from dataclasses import dataclass
from email.utils import getaddresses

from packaging.metadata import RawMetadata, parse_email
from packaging.version import Version

from carrack.model.archive import Members
from carrack.model.conversion.markers import Requirements, by_extra

_DIST_INFO = re.compile(r"[^/]+\.dist-info/")
_ON_DISK = re.compile(r"@\s*file:")
_DATA = re.compile(r"[^/]+\.data/")


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """`files` is what it installs, `info` what its `.dist-info` has; a `.data` folder is `.data/` in both wheels."""

    files: Members
    info: Members

    @property
    def metadata(self) -> RawMetadata:
        """METADATA, read."""
        return parse_email(self.info["METADATA"])[0]

    @property
    def version(self) -> Version:
        """Raises InvalidVersion where it is not PEP 440."""
        return Version(self.metadata["version"])

    @property
    def requirements(self) -> Requirements:
        """What it requires; a path on the disk of who built it is nothing that anybody else can have."""
        raw = self.metadata
        texts = [text for text in raw.get("requires_dist", ()) if not _ON_DISK.search(text)]
        return by_extra(texts, raw.get("provides_extra", ()))

    @property
    def entry_points(self) -> Mapping[str, Mapping[str, str]]:
        """Every group of entry_points.txt (PyPA's "Entry points specification")."""
        parser = ConfigParser(delimiters=("=",), interpolation=None, strict=False)
        parser.optionxform = str  # type: ignore[assignment, method-assign]
        parser.read_string(self.info.get("entry_points.txt", b"").decode())
        return {name: dict(parser[name]) for name in parser.sections()}

    @property
    def tags(self) -> frozenset[str]:
        """Its tags, as WHEEL says them."""
        lines = self.info["WHEEL"].decode().splitlines()
        return frozenset(line.partition(":")[2].strip() for line in lines if line.startswith("Tag:"))

    @property
    def packages(self) -> tuple[str, ...]:
        """The top-level packages that it installs."""
        tops = {name.split("/")[0] for name in self.files if "/" in name and not name.startswith(".data/")}
        return tuple(sorted(tops))


def read_wheel(members: Members) -> Wheel:
    """The wheel with these members."""
    files: dict[str, bytes] = {}
    info: dict[str, bytes] = {}
    for name, content in members.items():
        if found := _DIST_INFO.match(name):
            info[name[found.end() :]] = content
        else:
            files[_DATA.sub(".data/", name, count=1)] = content
    return Wheel(files=files, info=info)


def people(raw: RawMetadata, *, maintainers: bool = False) -> Iterator[tuple[str, str]]:
    """Name and address of each author, or maintainer, either empty where it is not said."""
    name = raw.get("maintainer", "") if maintainers else raw.get("author", "")
    email = raw.get("maintainer_email", "") if maintainers else raw.get("author_email", "")
    addresses = [(said, address) for said, address in getaddresses([email]) if address]
    if name and len(addresses) == 1 and not addresses[0][0] and "," not in name:
        yield name, addresses[0][1]
        return
    if name and name not in [said for said, _ in addresses]:
        yield name, ""
    yield from addresses
