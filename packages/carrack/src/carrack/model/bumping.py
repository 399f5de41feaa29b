"""Which versions come next, and why: from what was wished, through those who need it, to each line of each manifest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import PurePosixPath

from packaging.utils import NormalizedName
from packaging.version import Version

from carrack.errors import UsageError
from carrack.model.edges import Edge, edges_to
from carrack.model.requirements import formatted
from carrack.model.versions import FINAL, Form, Level, following
from carrack.model.workspace import Package, Workspace


class Section(Enum):
    """A heading of Keep a Changelog 1.1.0, in its order."""

    ADDED = "Added"
    CHANGED = "Changed"
    DEPRECATED = "Deprecated"
    REMOVED = "Removed"
    FIXED = "Fixed"
    SECURITY = "Security"


@dataclass(frozen=True, kw_only=True)
class Note:
    """One entry of a changelog."""

    section: Section
    text: str


def is_list(text: str) -> bool:
    """Whether a text in Markdown is a list."""
    return text.startswith(("- ", "* ", "+ "))


def breaking(text: str) -> str:
    """What a changelog says of a change that breaks something."""
    return f"**Breaking:**{chr(10) * 2 if is_list(text) else ' '}{text}"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """That a package be raised, by a level or to a version; why, and what its changelog says of it."""

    name: NormalizedName
    to: Level | Version
    why: str
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Bump:
    """A package's next version. `reasons` say why, each through whom."""

    package: Package
    after: Version
    reasons: tuple[str, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One line of one file: its key, the text before and after, and why."""

    manifest: PurePosixPath
    key: tuple[str, ...]
    before: str
    after: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class BumpPlan:
    """The next versions, needed packages first, and the lines to be written."""

    bumps: tuple[Bump, ...]
    edits: tuple[Edit, ...]


def plan_bumps(workspace: Workspace, wishes: Iterable[Wish], form: Form = FINAL) -> BumpPlan:
    """What follows from `wishes` by the workspace's rules.

    A requirement is rewritten where it does not admit the new version (by its edge's policy, always where that is
    exact), in extras and groups too; those of builds stay, for they are met by what the index has. A package whose
    requirement is rewritten gets a new patch version, since its files on the index say otherwise; the packages of a
    group get the highest version among them; and so on.

    Raises UsageError for a version that is not higher than the present one.
    """
    targets = _Targets(workspace, form, edges_to(workspace))
    for wish in wishes:
        targets.wish(wish)
    targets.settle()
    bumps = tuple(targets.bump(name) for wave in workspace.waves(targets.found) for name in wave)
    edits = tuple(
        edit for bump in bumps for edit in _edits(workspace, bump, targets.edges[bump.package.name])
    )
    return BumpPlan(bumps=bumps, edits=edits)


@dataclass
class _Target:
    """A version that grows while reasons come in."""

    version: Version
    cause: str = ""
    """The reason that the version is as high as it is."""
    reasons: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


@dataclass
class _Targets:
    workspace: Workspace
    form: Form
    edges: Mapping[NormalizedName, Sequence[Edge]]
    found: dict[NormalizedName, _Target] = field(default_factory=dict)
    waiting: list[NormalizedName] = field(default_factory=list)

    def wish(self, wish: Wish) -> None:
        package = self.workspace.packages[wish.name]
        new = (
            wish.to if isinstance(wish.to, Version) else following(self._base(wish.name), wish.to, self.form)
        )
        if new <= package.version:
            raise UsageError(
                f"{new} is not higher than {package.version}", address=f"{package.manifest}: project.version"
            )
        self._raise(wish.name, new, wish.why, wish.notes)

    def settle(self) -> None:
        while self.waiting:
            name = self.waiting.pop(0)
            self._level(name)
            self._raise_dependents(name)
        for name in self.found:
            self._note_requirements(name)

    def bump(self, name: NormalizedName) -> Bump:
        target = self.found[name]
        return Bump(
            package=self.workspace.packages[name],
            after=target.version,
            reasons=tuple(dict.fromkeys(target.reasons)),
            notes=tuple(dict.fromkeys(target.notes)),
        )

    def _raise(self, name: NormalizedName, new: Version, why: str, notes: Iterable[Note] = ()) -> None:
        target = self.found.setdefault(name, _Target(self.workspace.packages[name].version))
        target.reasons.append(why)
        target.notes.extend(notes)
        if new > target.version:
            target.version, target.cause = new, why
            self.waiting.append(name)

    def _base(self, name: NormalizedName) -> Version:
        """The version that a package's next one comes after: its own, or the highest of its group."""
        groups = (group for group in self.workspace.bump_rules.groups if name in group)
        return max(self.workspace.packages[one].version for one in next(groups, (name,)))

    def _level(self, name: NormalizedName) -> None:
        """Give the packages of a group its highest version."""
        new = self.found[name].version
        for group in self.workspace.bump_rules.groups:
            for member in group if name in group else ():
                there = self.found.get(member)
                if there is None or there.version < new:
                    note = Note(section=Section.CHANGED, text=f"In lockstep with {name}.")
                    self._raise(member, new, f"in lockstep with {name}: {self.found[name].cause}", (note,))

    def _raise_dependents(self, name: NormalizedName) -> None:
        new, cause = self.found[name].version, self.found[name].cause
        for edge in self.edges[name]:
            if edge.owner and edge.owner not in self.found and edge.after(new, self.workspace):
                after = following(self._base(edge.owner), Level.PATCH, self.form)
                self._raise(edge.owner, after, f"requires {name} {new}{edge.place.within}: {cause}")

    def _note_requirements(self, name: NormalizedName) -> None:
        """Tell those who install what requires `name` that they get another one; a group's is nobody's business."""
        new = self.found[name].version
        for edge in self.edges[name]:
            if edge.owner and edge.owner != name and not edge.place.group and edge.after(new, self.workspace):
                text = f"Requires {name} {new}{edge.place.within}."
                self.found[edge.owner].notes.append(Note(section=Section.CHANGED, text=text))


def _edits(workspace: Workspace, bump: Bump, edges: Iterable[Edge]) -> Iterator[Edit]:
    """The line with the version, and the lines of those who require it."""
    name, new = bump.package.name, bump.after
    yield Edit(
        manifest=bump.package.path / "pyproject.toml",
        key=("project", "version"),
        before=str(bump.package.version),
        after=str(new),
        reason="; ".join(bump.reasons),
    )
    for edge in edges:
        if after := edge.after(new, workspace):
            is_admitted = edge.requirement.specifier.contains(new, prereleases=True)
            yield Edit(
                manifest=edge.place.manifest,
                key=edge.place.key,
                before=formatted(edge.requirement),
                after=formatted(after),
                reason=f"{'follows' if is_admitted else 'does not admit'} {name} {new}",
            )
