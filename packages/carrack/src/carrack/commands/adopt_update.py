"""`adopt --update`: what a former repository got since it was adopted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

from carrack.commands.adopt import Adopted, refuse
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
from carrack.model.adoption import Destination
from carrack.model.adoption_landing import Ground, obstacles
from carrack.model.adoption_record import ADOPTED, Record, commit_list, parse_record
from carrack.model.adoption_tags import map_tags
from carrack.ports import HistoryLanding


def last_record(landing: HistoryLanding, name: str) -> Record:
    """What HEAD's history says of the import of `name`. Raises WorkspaceError where it says nothing."""
    message = landing.record(f"{ADOPTED}: {canonicalize_name(name)}")
    record = parse_record(message) if message else None
    if record is None:
        raise WorkspaceError(
            f"this branch has no import of {name}",
            untouched=NOTHING_WRITTEN,
            hint=f"git log --grep={ADOPTED} shows those that there are; carrack adopt URL makes one",
        )
    if not landing.leads_to(record.history):
        raise WorkspaceError(
            f"the import of {name} was squashed or rebased: its history is not in this branch",
            untouched=NOTHING_WRITTEN,
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
    proof, commits, history = rewritten(tools, record.subdir, to, tags)
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
    files = {list_at(tools, to): commit_list(commits)}
    message = latest.message(
        f"Update {to.name} from its source", f"{came_from(latest)}: {proof}.\n{says_which(to)}"
    )
    tip = _merge(ground, tools, history, files, message, to)
    if tip is not None:
        tip = with_modules(tools, source, to, tip)
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
    raise WorkspaceError(said, address=record.source, untouched=NOTHING_WRITTEN, hint=hint)


def _new_tags(ground: Ground, tools: Tools) -> tuple[dict[str, str], list[str]]:
    there = tools.landing.tags_apart()
    new = {name: value for name, value in there.items() if name not in ground.tags}
    return new, [name for name, value in there.items() if ground.tags.get(name, value) != value]
