"""`bump`: raises one package's version, and the pins of the packages that need it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath

from packaging.requirements import Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from carrack.errors import UsageError
from carrack.model.workspace import Package, Workspace
from carrack.ports import Manifests


class Level(Enum):
    """Which part of a version is raised."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One line of one manifest: its file and key, the text before and after, and why."""

    manifest: PurePosixPath
    key: tuple[str, ...]
    before: str
    after: str
    reason: str


def plan_bump(workspace: Workspace, name: NormalizedName, to: Level | Version) -> tuple[Change, ...]:
    """The changes that give package `name` its new version.

    A requirement, of a package or an app, is rewritten only where it no longer admits the new version. A package
    whose requirement is rewritten gets a new patch version, since its files on the index say otherwise; and so on.

    Raises UsageError for a version that is not higher than the present one.
    """
    package = workspace.packages[name]
    new = to if isinstance(to, Version) else raised(package.version, to)
    if new <= package.version:
        raise UsageError(
            f"{new} is not higher than {package.version}", address=f"{package.manifest}: project.version"
        )
    changes: list[Change] = []
    waiting = [(package, new, "asked for")]
    raised_already = {name}
    while waiting:
        package, new, reason = waiting.pop(0)
        changes.append(_version_change(package, new, reason))
        changes += _pins(workspace, package, new)
        for dependent in workspace.packages.values():
            if dependent.name not in raised_already and _rewritten(dependent.requires, package, new):
                raised_already.add(dependent.name)
                waiting.append(
                    (
                        dependent,
                        raised(dependent.version, Level.PATCH),
                        f"its requirement of {package.name} changes",
                    )
                )
    return tuple(changes)


def bump(changes: Iterable[Change], manifests: Manifests) -> None:
    """Write the changes into the manifests; comments and formatting stay."""
    for change in changes:
        manifests.replace(change.manifest, change.key, change.before, change.after)


def _version_change(package: Package, new: Version, reason: str) -> Change:
    return Change(
        manifest=package.path / "pyproject.toml",
        key=("project", "version"),
        before=str(package.version),
        after=str(new),
        reason=reason,
    )


def raised(version: Version, level: Level) -> Version:
    """The next final version at `level`; a pre-release's own final counts as its next patch."""
    major, minor, patch = (*version.release, 0, 0)[:3]
    match level:
        case Level.MAJOR:
            return _version(version.epoch, major + 1, 0, 0)
        case Level.MINOR:
            return _version(version.epoch, major, minor + 1, 0)
        case Level.PATCH:
            own = _version(version.epoch, major, minor, patch)
            return own if own > version else _version(version.epoch, major, minor, patch + 1)


def _version(epoch: int, *release: int) -> Version:
    return Version(f"{epoch}!{'.'.join(map(str, release))}")


def _pins(workspace: Workspace, package: Package, new: Version) -> Iterator[Change]:
    places: list[tuple[PurePosixPath, tuple[str, ...], tuple[Requirement, ...]]] = [
        (p.path / "pyproject.toml", ("project", "dependencies"), p.requires)
        for p in workspace.packages.values()
    ]
    places += [(app.manifest, app.key, app.requirements) for app in workspace.apps.values()]
    for manifest, key, requirements in places:
        for requirement in _rewritten(requirements, package, new):
            yield Change(
                manifest=manifest,
                key=key,
                before=_text(requirement),
                after=_text(admitting(requirement, new)),
                reason=f"does not admit {package.name} {new}",
            )


def _rewritten(requirements: Iterable[Requirement], package: Package, new: Version) -> list[Requirement]:
    return [
        requirement
        for requirement in requirements
        if canonicalize_name(requirement.name) == package.name
        and not requirement.specifier.contains(new, prereleases=True)
    ]


def admitting(requirement: Requirement, new: Version) -> Requirement:
    """`requirement` with the smallest change of its specifier that admits `new`, in the form it has.

    `==1.2` follows exactly, `==1.*` and `~=1.2` with as many digits as they have; an upper bound `<N` moves to the
    next breaking version (the next minor below 1.0); `!=` of the new version goes; lower bounds stay.
    """
    changed = Requirement(str(requirement))
    parts = (part if _admits(part, new) else _moved(part, new) for part in requirement.specifier)
    changed.specifier = SpecifierSet(",".join(str(part) for part in parts))
    return changed


def _admits(part: Specifier, new: Version) -> bool:
    return part.contains(new, prereleases=True)


def _moved(part: Specifier, new: Version) -> Specifier | SpecifierSet:
    match part.operator:
        case "!=":
            return SpecifierSet()
        case "<" | "<=":
            return Specifier(f"<{_next_breaking(new)}")
        case "~=":
            digits = _digits(new, max(len(Version(part.version).release), 2))
            moved = Specifier(f"~={digits}")
            return moved if _admits(moved, new) else SpecifierSet(f">={new.public},<{_next_breaking(new)}")
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


def _next_breaking(version: Version) -> Version:
    major, minor = (*version.release, 0)[:2]
    return _version(version.epoch, major + 1) if major else _version(version.epoch, 0, minor + 1)


_ORDER = ("===", "==", "~=", ">", ">=", "!=", "<", "<=")


def _text(requirement: Requirement) -> str:
    """The requirement as people write it: the lower bound before the upper."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    parts = sorted(requirement.specifier, key=lambda part: (_ORDER.index(part.operator), part.version))
    marker = f"; {requirement.marker}" if requirement.marker else ""
    return f"{requirement.name}{extras}{','.join(map(str, parts))}{marker}"
