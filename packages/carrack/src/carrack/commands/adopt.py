"""`adopt`: a former repository under `packages/`, with its whole history: looked at, rewritten apart, proved, merged.

Nothing of the workspace changes before the proof, and then branch, files and tags change together or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

from carrack.errors import UsageError, WorkspaceError
from carrack.model.adoption import Destination, Finding, Source
from carrack.model.adoption_conflicts import conflicts
from carrack.model.adoption_findings import findings
from carrack.model.adoption_landing import Ground, obstacles, unfit
from carrack.model.adoption_proof import Proof, Rewriting, prove
from carrack.model.adoption_record import (
    ADOPTED,
    Record,
    commit_list,
    commit_list_path,
    parse_record,
    root_modules,
)
from carrack.model.adoption_tags import MappedTag, TagMap, map_tags
from carrack.model.diagnosis import Verdict
from carrack.model.lock import Lock
from carrack.model.source_address import SourceAddress, parse_address
from carrack.model.workspace import Workspace
from carrack.ports import FormerRepository, HistoryLanding, Report, Rewriter

_NOTHING_WRITTEN = "everything; nothing was written"


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
class Tools:
    """The source in a repository of our own, what rewrites it, and the workspace's branch."""

    source: FormerRepository
    rewriter: Rewriter
    landing: HistoryLanding
    report: Report


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
            *_naming(source, to, said=name is not None),
            *unfit(workspace, ground, to, tags),
        ),
    )


def destination(
    workspace: Workspace, source: Source, name: str | None, address: SourceAddress
) -> Destination:
    """The distribution's name: what was said, else what its files say, else its folder's or repository's.

    Its folder is where the workspace's packages are. Raises UsageError where that is no name or no such place.
    """
    said = name or source.package.name or (source.subdir.name if source.subdir.parts else address.name)
    try:
        known = canonicalize_name(said, validate=True)
    except ValueError:
        raise UsageError(f"{said!r} is no name of a distribution", hint="say --name NAME") from None
    for glob in workspace.package_globs:
        folder = PurePosixPath(glob)
        if folder.name == "*" and "*" not in str(folder.parent):
            return Destination(name=known, path=folder.parent / known)
    raise UsageError(
        f"no folder for packages: {', '.join(workspace.package_globs)}",
        address="pyproject.toml: tool.carrack.packages",
        hint='write packages = ["packages/*"] there',
    )


def _naming(source: Source, to: Destination, *, said: bool) -> Iterable[Finding]:
    told = source.package.name
    if told is None and not said and source.package.is_distribution:
        yield Finding(
            topic="name",
            verdict=Verdict.FAIL,
            said=f"its files compute the distribution's name; tags and folder need it: {to.name}?",
            remedy=f"say it: --name {to.name}, or the true one",
        )
    elif told is None:
        where = f"{to.path}, by the name {to.name}, which its files do not say"
        yield Finding(topic="folder", verdict=Verdict.OK, said=where)
    elif canonicalize_name(told) != to.name:
        where = f"{to.path}, tags {to.name}-v…; its files say the name {told}"
        remedy = "tags are found by the name in its pyproject.toml: change that too"
        yield Finding(topic="folder", verdict=Verdict.WARN, said=where, remedy=remedy)
    else:
        yield Finding(topic="folder", verdict=Verdict.OK, said=f"{to.path}, tags {to.name}-v…")


def adopt(adoption: Adoption, tools: Tools) -> Adopted:
    """Rewrite the source's history apart, prove it, and merge it as one commit; tags come with it.

    Raises WorkspaceError before anything is written where something fails in the plan or in the proof; a failure
    after that puts branch, files and tags back.
    """
    refuse(adoption.failures)
    source, to = adoption.source, adoption.to
    proof, commits, history = _rewrite(tools, source.subdir, to, adoption.tags)
    record = _record(adoption, tools, history)
    subject = f"Adopt {to.name} with its history"
    body = f"{_came(record)} comes to {to.path}: {proof}.\n{_says(to)}"
    files = {_list_at(tools, to): commit_list(commits)}
    tip = tools.landing.add(history, to.path, files, record.message(subject, body))
    _prove_merge(tools, adoption, tip)
    tip = _with_modules(tools, source, to, tip)
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
            untouched=_NOTHING_WRITTEN,
            hint="; ".join(dict.fromkeys(one.remedy for one in failures)),
        )


def last_record(landing: HistoryLanding, name: str) -> Record:
    """What HEAD's history says of the import of `name`. Raises WorkspaceError where it says nothing."""
    message = landing.record(f"{ADOPTED}: {canonicalize_name(name)}")
    record = parse_record(message) if message else None
    if record is None:
        raise WorkspaceError(
            f"this branch has no import of {name}",
            untouched=_NOTHING_WRITTEN,
            hint=f"git log --grep={ADOPTED} shows those that there are; carrack adopt URL makes one",
        )
    if not landing.leads_to(record.history):
        raise WorkspaceError(
            f"the import of {name} was squashed or rebased: its history is not in this branch",
            untouched=_NOTHING_WRITTEN,
            hint="adopt it again on a new branch, and merge that with a merge commit",
        )
    return record


def update(record: Record, tools: Tools) -> Adopted:
    """Bring what the source got since: the same rewriting gives the same commits, so that this is an ordinary merge.

    Raises WorkspaceError, with nothing changed, where the source's history is another, or where files conflict.
    """
    landing, to = tools.landing, Destination(name=record.name, path=record.path)
    ground = landing.ground(record.path)
    refuse(obstacles(ground))
    source = tools.source.look(record.subdir, tools.report)
    tags = map_tags(to.name, source.tags, [tools.source.address.name])
    proof, commits, history = _rewrite(tools, record.subdir, to, tags)
    _same_line(record, commits, landing, history)
    new, moved = _new_tags(ground, tools)
    for name in moved:
        tools.report.note(f"tag {name} is on another commit in the source now; it stays as it is here")
    baseline = tags.baseline(tools.source.tips(tags.line))
    latest = replace(
        record,
        source=tools.source.address.url,
        commit=source.refs.head,
        history=history,
        tool=tools.rewriter.tool,
        baseline=(baseline.name, str(baseline.version)) if baseline else None,
    )
    files = {_list_at(tools, to): commit_list(commits)}
    message = latest.message(f"Update {to.name} from its source", f"{_came(latest)}: {proof}.\n{_says(to)}")
    tip = _merge(ground, tools, history, files, message, to)
    if tip is not None:
        tip = _with_modules(tools, source, to, tip)
    if tip is None and not new:
        return Adopted(commit=ground.commit, proof=proof, tags=(), is_news=False)
    landing.land(ground, tip or ground.commit, new, f"carrack adopt --update: {to.name}", None)
    return Adopted(commit=tip or ground.commit, proof=proof, tags=tuple(new))


def _merge(
    ground: Ground,
    tools: Tools,
    history: str,
    files: Mapping[PurePosixPath, str],
    message: str,
    to: Destination,
) -> str | None:
    """The merge, made apart; None where HEAD has all of it and its list already."""
    landing = tools.landing
    if landing.leads_to(history):
        if all(landing.text("HEAD", path) == text for path, text in files.items()):
            return None
        return landing.follow(ground.commit, files, None, message)
    merged = landing.merge(history, files, message)
    if merged.commit is not None:
        return merged.commit
    ref = f"refs/carrack/adopted/{to.name}"
    landing.keep(history, ref)
    raise WorkspaceError(
        f"what changed in the source does not merge with what changed in {to.path}",
        faults=merged.conflicts,
        untouched="branch, tags and files are as they were",
        hint=f"git merge {ref}, mend what it names, git commit; then carrack adopt --update {to.name} again",
    )


def _same_line(
    record: Record, commits: Mapping[str, str | None], landing: HistoryLanding, history: str
) -> None:
    if record.commit not in commits:
        said, hint = (
            "the source has no more the commit that was adopted: its history was rewritten",
            "adopt it anew",
        )
    elif commits[record.commit] != record.history and not landing.leads_to(record.history, history):
        said = f"{record.tool} made other commits of the same source then"
        hint = f"pip install {record.tool.replace(' ', '==')}, and run this again"
    elif not landing.leads_to(record.history, history):
        said, hint = (
            "the source's HEAD does not lead to what was adopted: it is another branch",
            "adopt that branch",
        )
    else:
        return
    raise WorkspaceError(said, address=record.source, untouched=_NOTHING_WRITTEN, hint=hint)


def _new_tags(ground: Ground, tools: Tools) -> tuple[dict[str, str], list[str]]:
    there = tools.landing.tags_apart()
    new = {name: value for name, value in there.items() if name not in ground.tags}
    return new, [name for name, value in there.items() if ground.tags.get(name, value) != value]


def _rewrite(
    tools: Tools, subdir: PurePosixPath, to: Destination, tags: TagMap
) -> tuple[Proof, Mapping[str, str | None], str]:
    """The proof, which commit became which, and the newest one. Raises WorkspaceError where the proof fails."""
    source, into = tools.source, tools.landing.prefix / to.path
    source.drop_tags(tags.left)
    before = source.side(subdir)
    tools.report.step("Rewriting", f"{len(before.graph)} commits into {to.path}")
    commits = tools.rewriter.rewrite(subdir, into, tags.names)
    rewriting = Rewriting(source=before, here=source.side(into), commits=commits, whole=not subdir.parts)
    rewriting = replace(rewriting, same=source.same_files(rewriting.unequal_trees()))
    proof = prove(rewriting, tags)
    if not isinstance(proof, Proof):
        raise WorkspaceError(
            f"what {tools.rewriter.tool} made is not the source's history",
            faults=proof[:20],
            untouched=_NOTHING_WRITTEN,
        )
    tools.report.step("Proved", str(proof))
    return proof, commits, rewriting.here.tip


def _prove_merge(tools: Tools, adoption: Adoption, tip: str) -> None:
    """The merge has the source's files in the one folder, and nothing else but the list differs from HEAD."""
    landing, to = tools.landing, adoption.to
    inside, own = landing.prefix / to.path, _list_at(tools, to)
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
            "the merge is not as it must be", faults=tuple(faults), untouched=_NOTHING_WRITTEN
        )


def _with_modules(tools: Tools, source: Source, to: Destination, tip: str) -> str:
    """A commit more where there are submodules: git reads the .gitmodules of the root, and no other."""
    root, inside = PurePosixPath(".gitmodules"), tools.landing.prefix / to.path
    known = [one for one in source.submodules if one.url is not None]
    before = tools.landing.text(tip, root)
    if not known or root_modules(before, known, inside, tools.source.address) == before:
        return tip
    text = root_modules(before, known, inside, tools.source.address)
    message = f"Move the submodules of {to.name} to the root\n\ngit reads the .gitmodules of the root, and no other.\n"
    return tools.landing.follow(tip, {root: text}, inside / ".gitmodules", message)


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


def _came(record: Record) -> str:
    below = f", folder {record.subdir}," if record.subdir.parts else ""
    return f"{record.source} at {record.commit[:12]}{below}"


def _says(to: Destination) -> str:
    return f"{commit_list_path(to.name)} says which commit became which."


def _list_at(tools: Tools, to: Destination) -> PurePosixPath:
    return tools.landing.prefix / commit_list_path(to.name)


def where_from(text: str) -> SourceAddress:
    """The address that was typed."""
    return parse_address(text)
