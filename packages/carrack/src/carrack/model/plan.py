"""What a release would do, and why: a pure function of the tree, the index, and what was asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

from packaging.utils import NormalizedName
from packaging.version import Version

from carrack.model.published import IndexState, PublishedPackage
from carrack.model.tags import tag_name
from carrack.model.workspace import Package, Workspace


class State(Enum):
    """How a package in the tree stands to the index."""

    NEW = "new"
    TO_RELEASE = "to release"
    PARTIAL = "partial"
    PUBLISHED = "published"
    UNTAGGED = "untagged"
    BEHIND = "behind"
    UNRELEASED = "unreleased"
    UNTRACED = "untraced"
    MISTAGGED = "mistagged"
    BLOCKED = "blocked"

    @property
    def writes(self) -> bool:
        """Whether publishing uploads files of a package in this state."""
        return self in (State.NEW, State.TO_RELEASE, State.PARTIAL)

    @property
    def is_changed(self) -> bool:
        """Whether the tree has, or may have, something that the index does not have in full."""
        return self not in (State.PUBLISHED, State.UNTAGGED, State.BEHIND)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One package: the version before (the index's highest up to the tree's), the one in the tree, and the reason.

    `commit` is what its files are built from: HEAD's, or the release's own where a release is finished. `untagged` is
    the commit that lacks the release's tag; None where it has one, or there is to be none. `released` is the commit
    that the tree's version was released from, where that is known; of an adopted package, which the index does not
    know, the one that its tag is on. `changed`: whether the folder is different now.
    """

    package: Package
    state: State
    before: Version | None
    reason: str
    commit: str | None = None
    untagged: str | None = None
    released: str | None = None
    changed: bool = False

    @property
    def after(self) -> Version:
        """The version in the tree."""
        return self.package.version

    @property
    def tag(self) -> str:
        """The name of the release's tag."""
        return tag_name(self.package.name, self.after)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A step for every package that was asked about, needed packages first."""

    commit: str
    steps: tuple[Step, ...]

    @property
    def writing(self) -> tuple[Step, ...]:
        """The steps that upload something."""
        return tuple(step for step in self.steps if step.state.writes)

    @property
    def begun(self) -> frozenset[NormalizedName]:
        """The packages whose version the index has, in part or whole, and with the files that the tree has."""
        return frozenset(step.package.name for step in self.steps if step.released and not step.changed)

    def step(self, name: NormalizedName) -> Step | None:
        """The step of package `name`."""
        return next((step for step in self.steps if step.package.name == name), None)


@dataclass(frozen=True, kw_only=True)
class Release:
    """What is known of the release of the tree's version.

    `commit` it was built from, None where nobody knows; `changed`: whether the package's folder is different now,
    committed or not. `tag` is the commit of its tag, None where it has none; `mistagged`: whether that commit has other
    files than the release, or than HEAD where nothing is released yet.
    """

    commit: str | None = None
    changed: bool = False
    tag: str | None = None
    mistagged: bool = False


def make_plan(
    workspace: Workspace,
    commit: str,
    index: IndexState,
    releases: Mapping[NormalizedName, Release],
    names: Collection[NormalizedName] = (),
    *,
    tags: bool = False,
) -> Plan:
    """A step for each package of the workspace, or each of `names` where given.

    `releases` has what is known of each tree version's release. `tags`: whether releases get tags.
    """
    wanted = frozenset(names or workspace.packages)
    steps = (
        _step(workspace.packages[name], commit, index[name], releases.get(name, Release()), tags)
        for wave in workspace.waves()
        for name in wave
        if name in wanted
    )
    return Plan(commit=commit, steps=tuple(steps))


def _step(package: Package, commit: str, there: PublishedPackage, release: Release, tags: bool) -> Step:
    whole = (
        there.current is not None and there.current.is_installable and not package.lacks(there.current.files)
    )
    state, reason = _state(package, there, release, missing_tag=tags and whole and release.tag is None)
    own = release.commit if state is State.PARTIAL else None
    source = own or commit
    return Step(
        package=package,
        state=state,
        before=there.before(package.version),
        reason=reason,
        commit=source,
        untagged=_untagged(state, source, release, whole=whole) if tags else None,
        released=release.commit or (release.tag if state is State.MISTAGGED else None),
        changed=release.changed,
    )


def _untagged(state: State, source: str, release: Release, *, whole: bool) -> str | None:
    if release.tag is not None:
        return None
    return source if state.writes else release.commit if whole else None


def _state(
    package: Package, there: PublishedPackage, release: Release, *, missing_tag: bool
) -> tuple[State, str]:
    version, current = package.version, there.current
    if release.mistagged and release.tag:
        released = (
            f"was released from {release.commit[:12]}"
            if release.commit and current
            else "is not released yet"
        )
        tag = tag_name(package.name, version)
        return (
            State.MISTAGGED,
            f"tag {tag} is on {release.tag[:12]}, with other files, and {version} {released}",
        )
    if there.newest is None:
        return State.NEW, "the index does not know this package"
    if current is None:
        newer = f", which has {there.newest} already" if version < there.newest else ""
        return State.TO_RELEASE, f"{version} is not on the index{newer}"
    if not current.is_installable:
        return State.BLOCKED, f"{version} is {current.status} on the index; raise the version"
    if missing := package.lacks(current.files):
        source = f"; to be finished from {release.commit[:12]}" if release.commit else ""
        return State.PARTIAL, f"the index lacks its {', '.join(missing)}{source}"
    return _whole(package, there, release, missing_tag=missing_tag)


def _whole(
    package: Package, there: PublishedPackage, release: Release, *, missing_tag: bool
) -> tuple[State, str]:
    """State and reason of a package whose version the index has with all its files."""
    version, path = package.version, package.path
    if release.commit is None:
        elsewhere = f"{release.tag[:12]}, which is tagged, does not have {path}" if release.tag else ""
        return State.UNTRACED, f"complete on the index; {elsewhere or 'its commit is not in this history'}"
    if release.changed:
        return State.UNRELEASED, f"files changed since {release.commit[:12]} was released as {version}"
    if missing_tag:
        return State.UNTAGGED, f"complete on the index; its tag is to be made at {release.commit[:12]}"
    if newer := there.after(version):
        return State.BEHIND, f"the index has {newer}; {version} is unchanged since its release"
    return State.PUBLISHED, "complete on the index, unchanged since"


def needed_but_unreleased(
    workspace: Workspace, plan: Plan, names: Collection[NormalizedName]
) -> tuple[Step, ...]:
    """The steps that stand in the way of releasing `names` (empty: everything that the plan writes).

    A package stands in the way when its files changed without a new version, or its version is blocked, and it is
    named itself or needed by a package that is released.
    """
    return _concerned(workspace, plan, names, (State.UNRELEASED, State.BLOCKED))


def needed_but_untraced(
    workspace: Workspace, plan: Plan, names: Collection[NormalizedName]
) -> tuple[Step, ...]:
    """The same for packages of which only a build can tell whether their files changed."""
    return _concerned(workspace, plan, names, (State.UNTRACED,))


def _concerned(
    workspace: Workspace, plan: Plan, names: Collection[NormalizedName], states: Collection[State]
) -> tuple[Step, ...]:
    released = [step.package.name for step in plan.writing if not names or step.package.name in names]
    # What only an extra needs does not stand in the way: the index has a version that it admits, or publish refuses.
    concerned = {*workspace.closure(released, workspace.dependencies), *names}
    return tuple(step for step in plan.steps if step.package.name in concerned and step.state in states)


def mistagged(workspace: Workspace, plan: Plan, names: Collection[NormalizedName]) -> tuple[Step, ...]:
    """The steps with a tag elsewhere that are named, or needed by what is released."""
    return _concerned(workspace, plan, names, (State.MISTAGGED,))
