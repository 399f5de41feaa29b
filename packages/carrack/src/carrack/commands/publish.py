"""`publish`: releases the versions that the index lacks, and proves by hash what it then holds.

Every check that can refuse comes before the first write. Per file the index's hash decides: absent, upload; the
same, leave; different, stop and say which members differ.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from packaging.utils import NormalizedName

from carrack.commands.build import build
from carrack.commands.comparing import missing
from carrack.commands.knowledge import Knowledge, Sources
from carrack.commands.refusals import (
    check_builds,
    check_git,
    check_names,
    check_requirements,
    check_served,
    check_tags,
    check_unreleased,
    check_whole,
    close_names,
)
from carrack.commands.tools import NOTHING_WRITTEN, Tools
from carrack.commands.uploading import upload
from carrack.errors import PlanError
from carrack.model.binding import Binding, bind, moved
from carrack.model.plan import Step
from carrack.model.published import File, IndexState, PublishedVersion
from carrack.model.workspace import Workspace
from carrack.ports import Report


def publish(
    sources: Sources, knowledge: Knowledge, tools: Tools, names: Collection[NormalizedName] = ()
) -> tuple[tuple[Step, ...], IndexState]:
    """Release what the plan says (only `names` and what they need, where given).

    Returns the steps that were done, and what the index holds then: as it said, before, and when that was proved.

    Raises WorkspaceError, BuildError or PublishedDiffersError before any write; StoppedError, IndexAccessError or
    PublishedDiffersError after some, with what is done in the message.
    """
    steps, published = prepare(sources, knowledge, tools, names), knowledge.published
    if steps:
        with tempfile.TemporaryDirectory(prefix="carrack-") as scratch:
            targets = [(step.package, step.commit or knowledge.tree.commit) for step in steps]
            constraints = sources.workspace.build_constraints
            artifacts = build(
                targets,
                sources.history,
                tools.builder,
                Path(scratch),
                constraints,
                kept=tools.kept,
                room=tools.room,
            )
            check_whole(knowledge, steps, artifacts)
            absent = missing(sources, knowledge, tools, artifacts)
            if tools.close_names:
                close_names(sources, tools, steps)
            commits = {package.name: commit for package, commit in targets}
            shown = upload(sources, tools, absent, commits)
            versions = {step.package.name: _version(step, published, shown) for step in steps}
            published = published.having(versions)
    tag(sources, knowledge, tools.report, names)
    return steps, published


def _version(
    step: Step, published: IndexState, shown: Mapping[NormalizedName, tuple[File, ...]]
) -> PublishedVersion:
    """A package's version on the index, with the files that it shows now; nothing is sent to one that is taken back."""
    package = step.package
    current = published[package.name].current or PublishedVersion(
        version=package.version, status="Published", revision="", files=()
    )
    return replace(current, files=shown.get(package.name, current.files))


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
    check_tags(sources.workspace, knowledge, names)
    check_unreleased(sources, knowledge, tools, names)
    steps = chosen(sources.workspace, knowledge, names)
    check_git(sources.workspace, knowledge, steps)
    check_requirements(steps)
    check_served(sources, knowledge, tools, steps)
    check_builds(sources, tools, steps)
    if not tools.close_names:
        check_names(sources, tools, steps)
    return steps


def check_plan(kept: Binding, sources: Sources, knowledge: Knowledge) -> None:
    """Raise PlanError where the world is not as it was when the plan was kept; what it brought there itself is no move.

    A run that stopped part way can be repeated with its plan.
    """
    workspace, plan = sources.workspace, knowledge.plan
    faults = tuple(
        f"{name}: the tree has no such package" for name in kept.asked if name not in workspace.packages
    )
    if not faults:
        known = kept.packages.keys() & workspace.packages.keys()
        now = bind(workspace, sources.index, plan, knowledge.published, kept.asked, known)
        faults = moved(kept, now, plan.begun)
    if faults:
        raise PlanError(
            "the plan does not hold any more",
            faults=faults,
            untouched=NOTHING_WRITTEN,
            hint="carrack plan --out FILE again, look at it, and publish that",
        )


def chosen(workspace: Workspace, knowledge: Knowledge, names: Collection[NormalizedName]) -> tuple[Step, ...]:
    """The steps that write something for `names` and what they need; for every package where none is named."""
    wanted = set(workspace.closure(names or workspace.packages))
    return tuple(step for step in knowledge.plan.writing if step.package.name in wanted)
