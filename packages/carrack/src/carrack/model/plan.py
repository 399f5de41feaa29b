"""What a release would do, and why: a pure function of the tree, the index, and what was asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

from packaging.utils import NormalizedName
from packaging.version import Version

from carrack.model.graph import waves
from carrack.model.published import IndexState
from carrack.model.workspace import Package, Workspace


class State(Enum):
    """How a package in the tree stands to the index."""

    NEW = "new"
    TO_RELEASE = "to release"
    PARTIAL = "partial"
    PUBLISHED = "published"
    UNRELEASED = "unreleased"
    UNTRACED = "untraced"
    BLOCKED = "blocked"

    @property
    def writes(self) -> bool:
        """Whether publishing uploads files of a package in this state."""
        return self in (State.NEW, State.TO_RELEASE, State.PARTIAL)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One package: the version before (the newest on the index), the one after (in the tree), and the reason.

    `commit` is what its files are built from: HEAD's, or the release's own where a release is finished.
    """

    package: Package
    state: State
    before: Version | None
    reason: str
    commit: str | None = None

    @property
    def after(self) -> Version:
        """The version in the tree."""
        return self.package.version


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A step for every package that was asked about, needed packages first."""

    commit: str
    steps: tuple[Step, ...]

    @property
    def writing(self) -> tuple[Step, ...]:
        """The steps that upload something."""
        return tuple(step for step in self.steps if step.state.writes)

    def step(self, name: NormalizedName) -> Step | None:
        """The step of package `name`."""
        return next((step for step in self.steps if step.package.name == name), None)


@dataclass(frozen=True, kw_only=True)
class Release:
    """What is known of the release of a version that is on the index.

    `commit` it was built from, None where nobody knows; `changed`: whether the package's folder is different now,
    committed or not.
    """

    commit: str | None
    changed: bool


def make_plan(
    workspace: Workspace, commit: str, index: IndexState, releases: Mapping[NormalizedName, Release]
) -> Plan:
    """A step for each package of the workspace; `releases` tells of those whose tree version is on the index."""
    order = waves({name: workspace.dependencies(name) for name in workspace.packages})
    steps = (
        _step(workspace.packages[name], commit, index, releases.get(name)) for wave in order for name in wave
    )
    return Plan(commit=commit, steps=tuple(steps))


def _step(package: Package, commit: str, index: IndexState, release: Release | None) -> Step:
    there = index[package.name]
    state, reason = _state(package, index, release)
    own = release.commit if state is State.PARTIAL and release else None
    return Step(package=package, state=state, before=there.newest, reason=reason, commit=own or commit)


def _state(package: Package, index: IndexState, release: Release | None) -> tuple[State, str]:
    there = index[package.name]
    if there.newest is None:
        return State.NEW, "the index does not know this package"
    if there.current is None:
        older = f", and older than {there.newest} which is" if package.version < there.newest else ""
        return State.TO_RELEASE, f"{package.version} is not on the index{older}"
    if not there.current.is_installable:
        return State.BLOCKED, f"{package.version} is {there.current.status} on the index; raise the version"
    if not there.current.is_complete:
        missing = "wheel" if not any(file.is_wheel for file in there.current.files) else "sdist"
        return State.PARTIAL, f"the index lacks its {missing}"
    if release is None or release.commit is None:
        return State.UNTRACED, "complete on the index; its commit is not in this history"
    if release.changed:
        return (
            State.UNRELEASED,
            f"files changed since {release.commit[:12]} was released as {package.version}",
        )
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
    concerned = {*workspace.closure(released), *names}
    return tuple(step for step in plan.steps if step.package.name in concerned and step.state in states)
