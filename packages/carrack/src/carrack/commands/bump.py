"""`bump`: raises one package's version, and the pins of the packages that need it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

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
    """One line of one manifest: the key, the text before and after, and why."""

    package: Package
    key: str
    before: str
    after: str
    reason: str


def plan_bump(workspace: Workspace, name: NormalizedName, to: Level | Version) -> tuple[Change, ...]:
    """The changes that give package `name` its new version.

    A dependent's requirement is rewritten only where it no longer admits the new version; apps' requirements count
    as dependents' too, but only packages' manifests are in the answer.

    Raises UsageError for a version that is not higher than the present one.
    """
    package = workspace.packages[name]
    new = to if isinstance(to, Version) else raised(package.version, to)
    if new <= package.version:
        raise UsageError(
            f"{new} is not higher than {package.version}", address=f"{package.manifest}: project.version"
        )
    own = Change(
        package=package,
        key="version",
        before=str(package.version),
        after=str(new),
        reason="asked for",
    )
    return (own, *_pins(workspace, package, new))


def bump(changes: tuple[Change, ...], manifests: Manifests) -> None:
    """Write the changes into the manifests; comments and formatting stay."""
    for change in changes:
        manifests.replace(change.package.path, change.key, change.before, change.after)


def raised(version: Version, level: Level) -> Version:
    """The next final version at `level`; a pre-release's own final counts as its next patch."""
    major, minor, patch = (*version.release, 0, 0)[:3]
    match level:
        case Level.MAJOR:
            return Version(f"{major + 1}.0.0")
        case Level.MINOR:
            return Version(f"{major}.{minor + 1}.0")
        case Level.PATCH:
            return Version(f"{major}.{minor}.{patch if version.is_prerelease else patch + 1}")


def _pins(workspace: Workspace, package: Package, new: Version) -> tuple[Change, ...]:
    return tuple(
        Change(
            package=dependent,
            key="dependencies",
            before=str(requirement),
            after=str(admitting(requirement, new)),
            reason=f"'{requirement}' does not admit {package.name} {new}",
        )
        for dependent in workspace.packages.values()
        for requirement in dependent.requires
        if canonicalize_name(requirement.name) == package.name
        and not requirement.specifier.contains(new, prereleases=True)
    )


def admitting(requirement: Requirement, new: Version) -> Requirement:
    """`requirement` with the smallest change of its specifier that admits `new`, in the form it has.

    `==1.2` follows exactly; `~=1.2` moves to the new version; an upper bound `<N` moves to the next breaking version
    (the next minor below 1.0); lower bounds stay.
    """
    changed = Requirement(str(requirement))
    changed.specifier = SpecifierSet(",".join(_admitting(part, new) for part in requirement.specifier))
    return changed


def _admitting(part: Specifier, new: Version) -> str:
    if part.contains(new, prereleases=True):
        return str(part)
    if part.operator in ("<", "<="):
        return f"<{_next_breaking(new)}"
    if part.operator in ("==", "===", "~="):
        return f"{part.operator}{new}"
    return f">={new}"


def _next_breaking(version: Version) -> str:
    major, minor = (*version.release, 0)[:2]
    return str(major + 1) if major else f"0.{minor + 1}"
