"""Which versions come next, and why: from what was wished, through those who need it, to each line of each manifest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from carrack.errors import UsageError
from carrack.model.requirements import Policy, formatted, moved
from carrack.model.versions import FINAL, Form, Level, following
from carrack.model.workspace import Package, RequirementList, Workspace


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
    targets = _Targets(workspace, form)
    for wish in wishes:
        targets.wish(wish)
    targets.settle()
    bumps = tuple(targets.bump(name) for wave in workspace.waves(targets.found) for name in wave)
    return BumpPlan(bumps=bumps, edits=tuple(_edits(workspace, bumps)))


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

    def bump(self, name: NormalizedName) -> Bump:
        target = self.found[name]
        return Bump(
            package=self.workspace.packages[name],
            after=target.version,
            reasons=tuple(dict.fromkeys(target.reasons)),
            notes=tuple(dict.fromkeys(target.notes)),
        )

    def _raise(self, name: NormalizedName, new: Version, why: str, notes: Iterable[Note]) -> None:
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
                    self._raise(member, new, f"in lockstep with {name}: {self.found[name].cause}", ())

    def _raise_dependents(self, name: NormalizedName) -> None:
        new = self.found[name].version
        for dependent in self.workspace.packages.values():
            if dependent.name in self.found:
                continue
            moving = (
                one for one in dependent.lists if any(_moves(self.workspace, dependent.name, one, name, new))
            )
            if one := next(moving, None):
                after = following(self._base(dependent.name), Level.PATCH, self.form)
                note = Note(section=Section.CHANGED, text=f"Requires {name} {new}{one.within}.")
                why = f"requires {name} {new}{one.within}: {self.found[name].cause}"
                self._raise(dependent.name, after, why, () if one.group else (note,))


def _moves(
    workspace: Workspace,
    dependent: NormalizedName | None,
    one: RequirementList,
    name: NormalizedName,
    new: Version,
) -> Iterator[tuple[Requirement, Requirement]]:
    """Each requirement of the list that follows `name` to `new`, before and after.

    A group follows only where it has to, for nobody else reads it; and not where it means another version than the
    tree's, to test with it.
    """
    rules, present = workspace.bump_rules, workspace.packages[name].version
    is_edge = dependent is not None and dependent != name and one.group is None
    policy = rules.policy(dependent, name) if dependent and is_edge else Policy.KEEP
    for requirement in one.requirements:
        if canonicalize_name(requirement.name) != name or requirement.url:
            continue
        if one.group and not requirement.specifier.contains(present, prereleases=True):
            continue
        after = moved(requirement, new, policy)
        if after != requirement:
            yield requirement, after


def _edits(workspace: Workspace, bumps: Sequence[Bump]) -> Iterator[Edit]:
    for bump in bumps:
        yield Edit(
            manifest=bump.package.path / "pyproject.toml",
            key=("project", "version"),
            before=str(bump.package.version),
            after=str(bump.after),
            reason="; ".join(bump.reasons),
        )
        yield from _pins(workspace, bump)


def _pins(workspace: Workspace, bump: Bump) -> Iterator[Edit]:
    for dependent, one in workspace.requirement_lists():
        for before, after in _moves(workspace, dependent, one, bump.package.name, bump.after):
            is_admitted = before.specifier.contains(bump.after, prereleases=True)
            yield Edit(
                manifest=one.manifest,
                key=one.key,
                before=formatted(before),
                after=formatted(after),
                reason=f"{'follows' if is_admitted else 'does not admit'} {bump.package.name} {bump.after}",
            )
