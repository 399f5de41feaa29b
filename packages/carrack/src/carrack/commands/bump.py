"""`bump`: the next versions, from what was asked by hand, by change files, or by commits since each release."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from pathlib import PurePosixPath

from packaging.utils import NormalizedName

from carrack.commands.knowledge import Knowledge
from carrack.errors import WorkspaceError
from carrack.model.bumping import Bump, BumpPlan, Edit, Wish
from carrack.model.changefile import ChangeFile, ChangeFileError, parse_change_file
from carrack.model.changelog import released
from carrack.model.commits import meaning
from carrack.model.plan import State
from carrack.model.versions import before_one
from carrack.model.workspace import Package, Workspace
from carrack.ports import Log, Manifests

CHANGELOG = "CHANGELOG.md"
_NOTHING_WRITTEN = "everything; nothing was written"


def read_change_files(workspace: Workspace, manifests: Manifests) -> tuple[ChangeFile, ...]:
    """Every file in the folder of change files but its README.

    Raises WorkspaceError with every fault of every one of them.
    """
    found, faults = [], []
    for path in manifests.files(workspace.bump_rules.changes, "*.md"):
        if path.name.lower() == "readme.md":
            continue
        try:
            file = parse_change_file(path, manifests.read(path) or "")
        except ChangeFileError as error:
            faults += [f"{path}: {fault}" for fault in error.faults]
            continue
        faults += [
            f"{path}: there is no package {name!r}" for name in file.levels if name not in workspace.packages
        ]
        found.append(file)
    if faults:
        count = "one fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise WorkspaceError(
            f"the change files have {count}", faults=tuple(faults), untouched=_NOTHING_WRITTEN
        )
    return tuple(found)


def wishes_of_commits(
    workspace: Workspace, knowledge: Knowledge, log: Log, names: Collection[NormalizedName] = ()
) -> Iterator[Wish]:
    """What the commits since each package's release ask for, of `names` where given.

    Only packages that changed since their release are asked about: a version that is not released yet is its own next.
    Below 1.0 what breaks raises the minor part, and all else the patch.

    Raises WorkspaceError for a package whose release's commit is not in this history.
    """
    for step in knowledge.plan.steps:
        package = step.package
        if names and package.name not in names:
            continue
        if step.state is State.UNTRACED:
            raise WorkspaceError(
                f"{package}: the commit that it was released from is not in this history",
                address=package.manifest,
                untouched=_NOTHING_WRITTEN,
                hint=f"git fetch --unshallow --tags, or say the level: carrack bump {package.name} patch",
            )
        if step.state in (State.UNRELEASED, State.MISTAGGED) and step.released:
            yield from _of_commits(package, step.released, log)


def _of_commits(package: Package, since: str, log: Log) -> Iterator[Wish]:
    for commit in log.log(since, package.path):
        said = meaning(commit)
        if said.level:
            level = said.level if package.version.major else before_one(said.level)
            why = f"{commit.id[:12]} {commit.subject}"
            yield Wish(name=package.name, to=level, why=why, notes=said.notes)


def write(
    plan: BumpPlan, consumed: Iterable[ChangeFile], manifests: Manifests, day: date
) -> tuple[PurePosixPath, ...]:
    """Write versions, pins and changelogs, and remove the change files, all or none; returns what was touched.

    Comments and formatting stay.
    """
    texts: dict[PurePosixPath, str | None] = {}
    for edit in plan.edits:
        before = texts.get(edit.manifest) or manifests.read(edit.manifest) or ""
        texts[edit.manifest] = manifests.edited(before, edit)
    texts |= changelogs(plan.bumps, manifests, day)
    texts |= {file.path: None for file in consumed}
    manifests.write(texts)
    return tuple(texts)


def changelogs(bumps: Iterable[Bump], manifests: Manifests, day: date) -> Mapping[PurePosixPath, str]:
    """Each raised package's changelog after the release; a snapshot leaves it as it is."""
    found = {}
    for bump in bumps:
        path = bump.package.path / CHANGELOG
        before = manifests.read(path)
        after = None if bump.after.is_devrelease else released(before, bump.after, day, bump.notes)
        if after is not None and after != before:
            found[path] = after
    return found


def literals(bumps: Iterable[Bump], manifests: Manifests) -> tuple[Edit, ...]:
    """The edits of versions that packages repeat in their code, as `__version__ = "1.0"`."""
    return tuple(
        Edit(
            manifest=path,
            key=("__version__",),
            before=str(bump.package.version),
            after=str(bump.after),
            reason="repeats the version",
        )
        for bump in bumps
        for path in manifests.literals(bump.package.path, str(bump.package.version))
    )


def message(bumps: Collection[Bump]) -> str:
    """The message of the release commit; its trailers are the record of what it declares."""
    names = ", ".join(f"{bump.package.name} {bump.after}" for bump in bumps)
    subject = f"Release {names}" if len(names) < _SUBJECT_LETTERS else f"Release {len(bumps)} packages"
    reasons = "\n".join(
        f"{bump.package.name} {bump.package.version} -> {bump.after}: {'; '.join(bump.reasons)}"
        for bump in bumps
    )
    trailers = "\n".join(f"Carrack-Release: {bump.package.name} {bump.after}" for bump in bumps)
    return f"{subject}\n\n{reasons}\n\n{trailers}\n"


_SUBJECT_LETTERS = 64
