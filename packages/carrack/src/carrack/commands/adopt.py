"""`adopt`: a former repository under `packages/`, with its whole history: looked at, rewritten apart, proved, merged.

Nothing of the workspace changes before the proof, and then branch, files and tags change together or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from carrack.commands.rewriting import (
    NOTHING_WRITTEN,
    Tools,
    came_from,
    list_at,
    rewritten,
    says_which,
    with_modules,
)
from carrack.errors import WorkspaceError
from carrack.model.adoption import Destination, Finding, Source
from carrack.model.adoption_conflicts import conflicts
from carrack.model.adoption_findings import findings
from carrack.model.adoption_landing import Ground, destination, naming, unfit
from carrack.model.adoption_proof import Proof
from carrack.model.adoption_record import Record, commit_list
from carrack.model.adoption_tags import MappedTag, TagMap, map_tags
from carrack.model.diagnosis import Verdict
from carrack.model.lock import Lock
from carrack.model.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """A source that was fetched, where it is to come, and how its tags are to be called."""

    source: Source
    to: Destination
    tags: TagMap
    baseline: MappedTag | None
    ground: Ground
    findings: tuple[Finding, ...]

    @property
    def failures(self) -> tuple[Finding, ...]:
        """What stops the import."""
        return tuple(finding for finding in self.findings if finding.verdict is Verdict.FAIL)


@dataclass(frozen=True, kw_only=True)
class Adopted:
    """What was done: the commit that the branch is at now, the proof, and files that git calls changed at once."""

    commit: str
    proof: Proof
    tags: tuple[str, ...]
    unsettled: tuple[str, ...] = ()
    is_news: bool = True


def examine(
    workspace: Workspace,
    locks: Mapping[str, Lock],
    tools: Tools,
    subdir: PurePosixPath,
    name: str | None,
) -> Adoption:
    """Look at the source and at what it would meet here. Writes nothing.

    Raises UsageError where nothing says a name; WorkspaceError where the source has no folder `subdir`.
    """
    source = tools.source.look(subdir, tools.report)
    to = destination(workspace, source, name, tools.source.address)
    tags = map_tags(to.name, source.tags, [tools.source.address.name])
    tips = tools.source.tips(tags.line)
    ground = tools.landing.ground(to.path)
    return Adoption(
        source=source,
        to=to,
        tags=tags,
        baseline=tags.baseline(tips),
        ground=ground,
        findings=(
            *findings(source, tags, tips),
            *conflicts(source.package, to, workspace, locks),
            *naming(source, to, said=name is not None),
            *unfit(workspace, ground, to, tags),
        ),
    )


def adopt(adoption: Adoption, tools: Tools) -> Adopted:
    """Rewrite the source's history apart, prove it, and merge it as one commit; tags come with it.

    Raises WorkspaceError before anything is written where something fails in the plan or in the proof; a failure
    after that puts branch, files and tags back.
    """
    refuse(adoption.failures)
    source, to = adoption.source, adoption.to
    proof, commits, history = rewritten(tools, source.subdir, to, adoption.tags)
    record = _record(adoption, tools, history)
    subject = f"Adopt {to.name} with its history"
    body = f"{came_from(record)} comes to {to.path}: {proof}.\n{says_which(to)}"
    files = {list_at(tools, to): commit_list(commits)}
    tip = tools.landing.add(history, to.path, files, record.message(subject, body))
    _prove_merge(tools, adoption, tip)
    tip = with_modules(tools, source, to, tip)
    tags = tools.landing.tags_apart()
    tools.report.step(
        "Merging", f"{to.path} into {(adoption.ground.branch or '').removeprefix('refs/heads/')}"
    )
    tools.landing.land(adoption.ground, tip, tags, f"carrack adopt: {to.name}", to.path)
    return Adopted(commit=tip, proof=proof, tags=tuple(tags), unsettled=tools.landing.changed_under(to.path))


def refuse(failures: Iterable[Finding]) -> None:
    """Raise WorkspaceError with what stops the import, if anything does."""
    failures = tuple(failures)
    if failures:
        raise WorkspaceError(
            "it cannot come as things are",
            faults=tuple(line for one in failures for line in (f"{one.topic}: {one.said}", *one.details)),
            untouched=NOTHING_WRITTEN,
            hint="; ".join(dict.fromkeys(one.remedy for one in failures)),
        )


def _prove_merge(tools: Tools, adoption: Adoption, tip: str) -> None:
    """The merge has the source's files in the one folder, and nothing else but the list differs from HEAD."""
    landing, to = tools.landing, adoption.to
    inside, own = landing.prefix / to.path, list_at(tools, to)
    strangers = [
        str(path)
        for path in landing.changes(adoption.ground.commit, tip)
        if path != own and inside not in path.parents
    ]
    here, there = (
        landing.tree(tip, to.path),
        tools.source.tree(adoption.source.refs.head, adoption.source.subdir),
    )
    faults = [f"{path} would change" for path in strangers[:20]]
    if here is None or (here != there and not (there and tools.source.same_files([(here, there)]))):
        faults.append(f"{to.path} has not the files of the source's HEAD")
    if faults:
        raise WorkspaceError(
            "the merge is not as it must be", faults=tuple(faults), untouched=NOTHING_WRITTEN
        )


def _record(adoption: Adoption, tools: Tools, history: str) -> Record:
    baseline = adoption.baseline
    return Record(
        name=adoption.to.name,
        path=adoption.to.path,
        source=adoption.source.address,
        subdir=adoption.source.subdir,
        commit=adoption.source.refs.head,
        history=history,
        tool=tools.rewriter.tool,
        baseline=(baseline.name, str(baseline.version)) if baseline else None,
    )
