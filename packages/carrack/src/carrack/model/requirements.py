"""Requirements that follow a new version."""

from __future__ import annotations

from enum import Enum

from packaging.requirements import Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

from carrack.model.versions import next_breaking

_ORDER = ("===", "==", "~=", ">", ">=", "!=", "<", "<=")


def admitting(requirement: Requirement, new: Version) -> Requirement:
    """`requirement` with the smallest change of its specifier that admits `new`, in the form it has.

    `==1.2` follows exactly, `==1.*` and `~=1.2` with as many digits as they have; an upper bound `<N` moves to the
    next breaking version (the next minor below 1.0); `!=` of the new version goes; lower bounds stay.
    """
    changed = Requirement(str(requirement))
    parts = (part if _admits(part, new) else _moved(part, new) for part in requirement.specifier)
    changed.specifier = SpecifierSet(",".join(str(part) for part in parts))
    return changed


class Policy(Enum):
    """How a requirement follows a new version of what it requires."""

    KEEP = "keep"
    """In the form it has, where it does not admit the version."""
    EXACT = "exact"
    """Always, as `==`."""
    COMPATIBLE = "compatible"
    """Where it does not admit the version: from that to the next breaking one."""
    MINIMUM = "minimum"
    """Where it does not admit the version: from that on."""


def moved(requirement: Requirement, new: Version, policy: Policy = Policy.KEEP) -> Requirement:
    """`requirement` after the release of `new`; an equal one where nothing is to change."""
    exact = SpecifierSet(f"=={new}")
    if policy is Policy.EXACT:
        return _with(requirement, exact)
    if requirement.specifier.contains(new, prereleases=True):
        return requirement
    match policy:
        case Policy.COMPATIBLE:
            return _with(requirement, SpecifierSet(f">={new},<{next_breaking(new)}"))
        case Policy.MINIMUM:
            return _with(requirement, SpecifierSet(f">={new}"))
        case _:
            return admitting(requirement, new)


def _with(requirement: Requirement, specifier: SpecifierSet) -> Requirement:
    changed = Requirement(str(requirement))
    changed.specifier = specifier
    return changed


def _admits(part: Specifier, new: Version) -> bool:
    return part.contains(new, prereleases=True)


def _moved(part: Specifier, new: Version) -> Specifier | SpecifierSet:
    match part.operator:
        case "!=":
            return SpecifierSet()
        case "<" | "<=":
            return Specifier(f"<{next_breaking(new)}")
        case "~=":
            digits = _digits(new, max(len(Version(part.version).release), 2))
            moved = Specifier(f"~={digits}")
            return moved if _admits(moved, new) else SpecifierSet(f">={new.public},<{next_breaking(new)}")
        case "==" if part.version.endswith(".*"):
            return Specifier(f"=={_digits(new, len(Version(part.version[:-2]).release))}.*")
        case "==" | "===":
            return Specifier(f"{part.operator}{new}")
        case _:
            return Specifier(f">={new.public}")


def _digits(version: Version, count: int) -> str:
    """The first `count` digits of a version, its epoch included: `2.0` of 2.0.3."""
    return f"{version.epoch}!{'.'.join(map(str, (*version.release, *(0,) * count)[:count]))}".removeprefix(
        "0!"
    )


def formatted(requirement: Requirement) -> str:
    """The requirement as people write it: the lower bound before the upper."""
    if requirement.url:
        return str(requirement)
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    parts = sorted(requirement.specifier, key=lambda part: (_ORDER.index(part.operator), part.version))
    marker = f"; {requirement.marker}" if requirement.marker else ""
    return f"{requirement.name}{extras}{','.join(map(str, parts))}{marker}"
