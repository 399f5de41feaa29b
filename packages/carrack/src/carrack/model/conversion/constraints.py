"""Poetry's constraints as PEP 508 requirements (Poetry's documentation, "Dependency specification")."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from carrack.model.conversion.markers import said

_KNOWN = frozenset(
    {
        *("version", "extras", "python", "markers", "platform", "optional", "allow-prereleases"),
        *("git", "rev", "tag", "branch", "subdirectory", "url"),
    }
)
_OPERATOR = re.compile(r"(\^|~=|~|[<>]=?|!=|={1,3})?\s*([^\s<>=!~^]+)")


class NotPep508Error(ValueError):
    """Something that has no form in PEP 508; the message says why."""


def requirements(name: str, told: Any) -> Iterator[str]:
    """The requirements that one entry of a Poetry table says: a constraint, a table, or a list of them.

    Raises NotPep508Error where PEP 508 has no such thing.
    """
    for one in told if isinstance(told, list) else [told]:
        yield _requirement(name, {"version": one} if isinstance(one, str) else one)


def _requirement(name: str, told: Mapping[str, Any]) -> str:
    if "path" in told or "file" in told:
        raise NotPep508Error(
            f"{name} is a path on a disk; make it a package, and require it by name and version"
        )
    if unknown := told.keys() - _KNOWN:
        raise NotPep508Error(f"PEP 508 has no {', '.join(sorted(unknown))}")
    extras = f"[{','.join(told.get('extras', ()))}]" if told.get("extras") else ""
    where = _address(told)
    version = f" @ {where} " if where else specifier(str(told.get("version", "*")))
    markers = " and ".join(f"({marker})" for marker in _markers(told))
    text = f"{name}{extras}{version}{f'; {markers}' if markers else ''}"
    try:
        return said(Requirement(text))
    except InvalidRequirement as error:
        raise NotPep508Error(str(error).splitlines()[0]) from None


def _address(told: Mapping[str, Any]) -> str:
    if "url" in told:
        return str(told["url"])
    if "git" not in told:
        return ""
    at = told.get("rev") or told.get("tag") or told.get("branch")
    below = f"#subdirectory={told['subdirectory']}" if "subdirectory" in told else ""
    address = re.sub(r"^(?:ssh://)?git@([^:/]+)[:/]", r"ssh://git@\1/", str(told["git"]))
    return f"git+{address}{f'@{at}' if at else ''}{below}"


def _markers(told: Mapping[str, Any]) -> Iterator[str]:
    try:
        if "markers" in told:
            yield str(Marker(told["markers"]))
        if "platform" in told:
            yield str(Marker(f'sys_platform == "{told["platform"]}"'))
    except InvalidMarker as error:
        raise NotPep508Error(str(error).splitlines()[0]) from None
    if "python" in told:
        yield from _pythons(str(told["python"]))


def _pythons(constraint: str) -> Iterator[str]:
    for part in sorted(SpecifierSet(specifier(constraint)), key=lambda part: (part.operator, part.version)):
        digits = len(Version(part.version.removesuffix(".*")).release)
        variable = "python_version" if digits <= 2 else "python_full_version"
        version = f"{part.version}.0" if digits == 1 else part.version
        yield f'{variable} {part.operator} "{version}"'


def specifier(constraint: str) -> str:
    """A Poetry constraint as a PEP 440 specifier; empty for any version.

    Raises NotPep508Error for alternatives (`||`), which PEP 440 has not.
    """
    if "|" in constraint:
        raise NotPep508Error(f"PEP 440 has no alternatives: {constraint!r}")
    try:
        parts = [_part(*match) for match in _OPERATOR.findall(constraint.replace(",", " "))]
        return ",".join(str(SpecifierSet(part)) for part in _flat(parts) if part)
    except (InvalidSpecifier, InvalidVersion) as error:
        raise NotPep508Error(str(error).splitlines()[0]) from None


def _flat(parts: Iterable[tuple[str, ...]]) -> Iterator[str]:
    return (one for part in parts for one in part)


def _part(operator: str, version: str) -> tuple[str, ...]:
    if version in ("*", "") and operator in ("", "=", "=="):
        return ()
    if operator == "^":
        return f">={version}", f"<{_next_breaking(Version(version))}"
    if operator == "~":
        release = Version(version).release
        return f">={version}", f"<{_raised(release, min(1, len(release) - 1))}"
    if operator in ("", "="):
        operator = "=="
    return (f"{operator}{version}",)


def _next_breaking(version: Version) -> str:
    """A caret lets everything change but the leftmost part that is not zero; of zeros alone the last that is said."""
    release = version.release
    place = next((i for i, part in enumerate(release) if part), len(release) - 1)
    return _raised(release, place)


def _raised(release: tuple[int, ...], place: int) -> str:
    return ".".join(
        str(part) for part in (*release[:place], release[place] + 1, *(0,) * (len(release) - place - 1))
    )
