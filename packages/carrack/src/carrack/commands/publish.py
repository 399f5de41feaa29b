"""`publish`: releases the versions that the index lacks, and proves by hash what it then holds.

Every check that can refuse comes before the first write. Per file the index's hash decides: absent, upload; the
same, leave; different, stop and say which members differ.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import NormalizedName

from carrack.commands.build import build
from carrack.commands.knowledge import Knowledge, Sources
from carrack.errors import (
    CarrackError,
    IndexAccessError,
    PlanError,
    PublishedDiffersError,
    StoppedError,
    WorkspaceError,
)
from carrack.model.archive import differences, only_generator_differs
from carrack.model.artifact import Artifact
from carrack.model.binding import Binding, moved
from carrack.model.controls import OURS, is_exposed
from carrack.model.guards import unpublishable
from carrack.model.plan import State, Step, mistagged, needed_but_unreleased, needed_but_untraced
from carrack.model.published import File, PublishedVersion
from carrack.model.receipt import Entry
from carrack.model.workspace import Workspace
from carrack.ports import Builder, OriginControls, Report, Uploader

_NOTHING_WRITTEN = "the index; nothing was written"
_PAUSES = (0.25, 0.5, 1.0)
"""Seconds between looks for a file that the index was given; AWS advises up to three more looks."""


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What publishing does its work with."""

    builder: Builder
    uploader: Uploader
    report: Report
    controls: OriginControls
    close_names: bool = False
    """Whether names that could be fed from upstream are closed first; else they stop the release."""
    sleep: Callable[[float], None] = time.sleep


def publish(
    sources: Sources, knowledge: Knowledge, tools: Tools, names: Collection[NormalizedName] = ()
) -> tuple[Step, ...]:
    """Release what the plan says (only `names` and what they need, where given); returns the steps done.

    Raises WorkspaceError, BuildError or PublishedDiffersError before any write; StoppedError, IndexAccessError or
    PublishedDiffersError after some, with what is done in the message.
    """
    steps = prepare(sources, knowledge, tools, names)
    if steps:
        with tempfile.TemporaryDirectory(prefix="carrack-") as scratch:
            targets = [(step.package, step.commit or knowledge.tree.commit) for step in steps]
            artifacts = build(targets, sources.history, tools.builder, Path(scratch))
            missing = _missing(sources, knowledge, tools, artifacts)
            if tools.close_names:
                _close_names(sources, tools, steps)
            _upload(sources, tools, missing, {package.name: commit for package, commit in targets})
    tag(sources, knowledge, tools.report, names)
    return steps


def tag(sources: Sources, knowledge: Knowledge, report: Report, names: Collection[NormalizedName]) -> None:
    """Give what is whole on the index now its tag; of `names` and what they need, where given.

    Raises WorkspaceError where one cannot be made; the next run makes it.
    """
    wanted = set(sources.workspace.closure(names or sources.workspace.packages))
    for step in knowledge.plan.steps:
        if step.untagged and step.package.name in wanted:
            report.step("Tagging", f"{step.tag} at {step.untagged[:12]}")
            sources.history.tag(step.tag, step.untagged)


def prepare(
    sources: Sources, knowledge: Knowledge, tools: Tools, names: Collection[NormalizedName] = ()
) -> tuple[Step, ...]:
    """The steps that `publish` would do; nothing is written.

    Raises WorkspaceError and PublishedDiffersError where `publish` would, before it builds what it releases.
    """
    _check_tags(sources.workspace, knowledge, names)
    _check_unreleased(sources, knowledge, tools, names)
    steps = chosen(sources.workspace, knowledge, names)
    _check_git(sources.workspace, knowledge, steps)
    _check_requirements(steps)
    if not tools.close_names:
        _check_names(sources, tools, steps)
    return steps


def _check_requirements(steps: Sequence[Step]) -> None:
    faults = tuple(unpublishable(step.package for step in steps))
    if faults:
        raise WorkspaceError(
            "what is required cannot be had from an index",
            faults=faults,
            untouched=_NOTHING_WRITTEN,
            hint="publish what is required, and name it with its version",
        )


def _check_names(sources: Sources, tools: Tools, steps: Sequence[Step]) -> None:
    """A name of ours that the public index can feed is one that a stranger can feed (dependency confusion)."""
    exposed = _exposed(tools, steps)
    if exposed:
        named = " ".join(step.package.name for step in exposed)
        raise WorkspaceError(
            "these names can be fed from upstream",
            address=f"index {sources.index.name}",
            faults=tuple(f"{step.package.name}: its origin controls have upstream ALLOW" for step in exposed),
            untouched=_NOTHING_WRITTEN,
            hint=f"carrack publish --to {sources.index.name} --close-names {named}",
        )


def _exposed(tools: Tools, steps: Sequence[Step]) -> list[Step]:
    try:
        return [step for step in steps if is_exposed(tools.controls.controls(step.package.name))]
    except IndexAccessError as error:  # a publisher may lack codeartifact:DescribePackage
        tools.report.note(f"whether names can be fed from upstream was not looked at: {error.message}")
        return []


def _close_names(sources: Sources, tools: Tools, steps: Sequence[Step]) -> None:
    for step in _exposed(tools, steps):
        name = step.package.name
        tools.report.step("Closing", f"{name}: {OURS}")
        tools.controls.set_controls(name, OURS)
        if (found := tools.controls.controls(name)) != OURS:
            raise StoppedError(
                f"{name}: its origin controls were set, and are {found}",
                address=f"index {sources.index.name}",
            )


def _check_tags(workspace: Workspace, knowledge: Knowledge, names: Collection[NormalizedName]) -> None:
    """A tag elsewhere would go on telling a lie about the release; which of the two is right, a person knows."""
    wrong = mistagged(workspace, knowledge.plan, names)
    if wrong:
        raise WorkspaceError(
            "; ".join(f"{step.package}: {step.reason}" for step in wrong),
            address=", ".join(f"tag {step.tag}" for step in wrong),
            untouched=_NOTHING_WRITTEN,
            hint="; ".join(f"git tag --delete {step.tag}" for step in wrong)
            + " (and at the remote), or raise the version",
        )


def check_plan(kept: Binding, now: Binding) -> None:
    """Raise PlanError where the world is not as it was when the plan was kept."""
    faults = moved(kept, now)
    if faults:
        raise PlanError(
            "the plan does not hold any more",
            faults=faults,
            untouched=_NOTHING_WRITTEN,
            hint="carrack plan --out FILE again, look at it, and publish that",
        )


def chosen(workspace: Workspace, knowledge: Knowledge, names: Collection[NormalizedName]) -> tuple[Step, ...]:
    """The steps that write something for `names` and what they need; for every package where none is named."""
    wanted = set(workspace.closure(names or workspace.packages))
    return tuple(step for step in knowledge.plan.writing if step.package.name in wanted)


def _check_unreleased(
    sources: Sources, knowledge: Knowledge, tools: Tools, names: Collection[NormalizedName]
) -> None:
    """An unreleased package is left alone, unless it is named or something that is released needs it.

    One whose release's commit is unknown is built and compared then: nothing else can tell whether it changed.
    """
    workspace, plan = sources.workspace, knowledge.plan
    found = [
        (step, step.reason, _why(sources, knowledge, tools, step))
        for step in needed_but_unreleased(workspace, plan, names)
    ]
    for step in needed_but_untraced(workspace, plan, names):
        if lines := _why(sources, knowledge, tools, step):
            found.append((step, "the index has it with other files", lines))
        else:
            tools.report.note(f"{step.package}: the index has the very files that this commit builds")
    if not found:
        return
    bumps = "; ".join(f"carrack bump {step.package.name} patch" for step, _, _ in found)
    raise PublishedDiffersError(
        "; ".join(f"{step.package} needs a new version: {reason}" for step, reason, _ in found),
        address=", ".join(f"{step.package.manifest}: project.version" for step, _, _ in found),
        differences=tuple(line for _, _, lines in found for line in lines),
        untouched=_NOTHING_WRITTEN,
        hint=f"{bumps}; commit, and publish again",
    )


def _why(sources: Sources, knowledge: Knowledge, tools: Tools, step: Step) -> tuple[str, ...]:
    changed = knowledge.tree.uncommitted_under(step.package.path)
    current = knowledge.published[step.package.name].current
    if changed:
        return tuple(f"{path}: is not committed" for path in changed)
    if current is None or step.state is State.BLOCKED:
        return ()
    with tempfile.TemporaryDirectory(prefix="carrack-") as scratch:
        built = build([(step.package, knowledge.tree.commit)], sources.history, tools.builder, Path(scratch))
        times = step.state is not State.UNTRACED  # another commit's time is no change of the files
        lines = [line for artifact in built for line in _differences(sources, artifact, current, times=times)]
    return tuple(dict.fromkeys(lines))


def _check_git(workspace: Workspace, knowledge: Knowledge, steps: Sequence[Step]) -> None:
    """A dirty tree and a shallow clone both change the bytes, so neither is published from."""
    if not steps:
        return
    tree = knowledge.tree
    if tree.shallow:
        raise WorkspaceError(
            "this is a shallow clone; the packages' last commits, and with them the builds, cannot be known",
            untouched=_NOTHING_WRITTEN,
            hint="git fetch --unshallow (in CI: fetch-depth: 0)",
        )
    concerned = [workspace.build_constraints, *(step.package.path for step in steps)]
    paths = {path for folder in concerned for path in tree.uncommitted_under(folder)}
    if paths:
        raise WorkspaceError(
            "what is to be published has uncommitted changes; builds are made from commits",
            faults=tuple(f"{path}: is not committed" for path in sorted(paths)),
            untouched=_NOTHING_WRITTEN,
            hint="git commit (or git stash) these files, and publish again",
        )


def _missing(
    sources: Sources, knowledge: Knowledge, tools: Tools, artifacts: Iterable[Artifact]
) -> tuple[Artifact, ...]:
    """The artifacts that the index lacks, all checked; differing ones stop everything before any write."""
    missing = []
    for artifact in artifacts:
        tools.uploader.check(artifact)
        current = knowledge.published[artifact.name].current
        there = _file(current, artifact.file.name)
        if there is None:
            missing.append(artifact)
        elif there.sha256 != artifact.file.sha256:
            _accept_or_refuse(sources, tools, artifact, current)
    return tuple(missing)


def _accept_or_refuse(
    sources: Sources, tools: Tools, artifact: Artifact, current: PublishedVersion | None
) -> None:
    lines = _differences(sources, artifact, current)
    if not lines:
        tools.report.note(
            f"{artifact.file.name}: the index's bytes stand; only the WHEEL Generator line differs"
        )
        return
    raise PublishedDiffersError(
        "the index holds other bytes under this name",
        address=artifact.file.name,
        differences=lines,
        untouched=_NOTHING_WRITTEN,
        hint=f"carrack bump {artifact.name} patch, commit, and publish again",
    )


def _differences(
    sources: Sources, artifact: Artifact, current: PublishedVersion | None, *, times: bool = True
) -> tuple[str, ...]:
    """What differs between the artifact and the index's file of its name; nothing where that is meaningless.

    Without `times` the members alone are compared.
    """
    there = _file(current, artifact.file.name)
    if there is None or there.sha256 == artifact.file.sha256:
        return ()
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / there.name
        sources.reader.fetch(artifact.name, artifact.version, there, path)
        ours, theirs = sources.archives.members(artifact.path), sources.archives.members(path)
    if only_generator_differs(ours, theirs) and ours != theirs:
        return ()
    lines = differences(ours, theirs)
    if times and not lines:
        lines = ("the members are the same; times, order or compression differ",)
    return tuple(f"{artifact.file.name}: {line}" for line in lines)


def _upload(
    sources: Sources, tools: Tools, missing: Sequence[Artifact], commits: Mapping[NormalizedName, str]
) -> None:
    done: list[str] = []
    for artifact in missing:
        tools.report.step("Uploading", artifact.file.name)
        try:
            tools.uploader.upload(artifact)
            done.append(artifact.file.name)
            _verify(sources, tools, artifact)
        except CarrackError as error:
            _tell_progress(error, [a.file.name for a in missing], done)
            raise
        sources.journal.append(sources.index, _entry(artifact, commits))


def _tell_progress(error: CarrackError, names: Sequence[str], done: Sequence[str]) -> None:
    """Put into `error` which files are on the index; one whose connection broke may be, and the next run asks."""
    open_ends = isinstance(error, StoppedError) and len(done) < len(names)
    perhaps = [names[len(done)]] if open_ends else []
    error.done = f"on the index, and there to stay: {', '.join(done) or 'nothing'}"
    if perhaps:
        error.done += f"; perhaps {perhaps[0]} too"
    waiting = names[len(done) + len(perhaps) :]
    error.untouched = f"not uploaded: {', '.join(waiting) or 'nothing'}"


def _entry(artifact: Artifact, commits: Mapping[NormalizedName, str]) -> Entry:
    commit = commits[artifact.name]
    return Entry(name=artifact.name, version=artifact.version, file=artifact.file, commit=commit)


def _verify(sources: Sources, tools: Tools, artifact: Artifact) -> None:
    """Read the hash back. The service may show a file a moment late, so it is asked more than once."""
    for pause in (*_PAUSES, None):
        there = _file(sources.reader.version(artifact.name, artifact.version), artifact.file.name)
        if there is not None or pause is None:
            break
        tools.sleep(pause)
    if there is None or there.sha256 != artifact.file.sha256:
        found = "does not show it" if there is None else f"shows it with sha256 {there.sha256}"
        raise StoppedError(
            f"uploaded with sha256 {artifact.file.sha256}, but the index {found}",
            address=artifact.file.name,
            hint="run the same command again",
        )


def _file(current: PublishedVersion | None, name: str) -> File | None:
    return next((file for file in current.files if file.name == name), None) if current else None
