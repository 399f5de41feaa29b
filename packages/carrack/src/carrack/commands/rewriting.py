"""A history rewritten apart and proved, and what goes with it: its list of commits, and its submodules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from carrack.errors import WorkspaceError
from carrack.model.adoption import Destination, Source
from carrack.model.adoption_proof import Proof, Rewriting, prove
from carrack.model.adoption_record import Record, commit_list_path, root_modules
from carrack.model.adoption_tags import TagMap
from carrack.ports import FormerRepository, HistoryLanding, Report, Rewriter

NOTHING_WRITTEN = "everything; nothing was written"


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The source in a repository of our own, what rewrites it, and the workspace's branch."""

    source: FormerRepository
    rewriter: Rewriter
    landing: HistoryLanding
    report: Report


def rewritten(
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
            untouched=NOTHING_WRITTEN,
        )
    tools.report.step("Proved", str(proof))
    return proof, commits, rewriting.here.tip


def with_modules(tools: Tools, source: Source, to: Destination, tip: str) -> str:
    """A commit more where there are submodules: git reads the .gitmodules of the root, and no other."""
    root, inside = PurePosixPath(".gitmodules"), tools.landing.prefix / to.path
    known = [one for one in source.submodules if one.url is not None]
    before = tools.landing.text(tip, root)
    if not known or root_modules(before, known, inside, tools.source.address) == before:
        return tip
    text = root_modules(before, known, inside, tools.source.address)
    message = f"Move the submodules of {to.name} to the root\n\ngit reads the .gitmodules of the root, and no other.\n"
    return tools.landing.follow(tip, {root: text}, inside / ".gitmodules", message)


def came_from(record: Record) -> str:
    """The source and its commit, for a message."""
    below = f", folder {record.subdir}," if record.subdir.parts else ""
    return f"{record.source} at {record.commit[:12]}{below}"


def says_which(to: Destination) -> str:
    """Where old commit ids lead, for a message."""
    return f"{commit_list_path(to.name)} says which commit became which."


def list_at(tools: Tools, to: Destination) -> PurePosixPath:
    """Where the list of commits is in the repository."""
    return tools.landing.prefix / commit_list_path(to.name)
