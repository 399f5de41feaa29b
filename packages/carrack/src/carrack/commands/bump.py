"""`bump`: raises one package's version, and the pins of the packages that need it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from carrack.errors import UsageError
from carrack.model.requirements import admitting, formatted
from carrack.model.versions import Level, raised
from carrack.model.workspace import Package, Workspace
from carrack.ports import Manifests


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
                before=formatted(requirement),
                after=formatted(admitting(requirement, new)),
                reason=f"does not admit {package.name} {new}",
            )


def _rewritten(requirements: Iterable[Requirement], package: Package, new: Version) -> list[Requirement]:
    return [
        requirement
        for requirement in requirements
        if canonicalize_name(requirement.name) == package.name
        and not requirement.specifier.contains(new, prereleases=True)
    ]
