"""Whether a rewritten history is the source's own, commit by commit, whatever the tool says that rewrote it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from carrack.model.adoption_tags import TagMap

Graph = Mapping[str, tuple[str, ...]]
"""Each commit, and its parents."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two histories: its commits, the tree of the folder in each (None: not there), its tip and tags.

    The folder is the source's root or `--subdir`, and `packages/NAME` on the other side.
    """

    graph: Graph
    trees: Mapping[str, str | None]
    tip: str
    tags: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Rewriting:
    """Both histories, and the map between their commits; None where a commit has no counterpart.

    `whole`: all of the source comes, so that every commit must have one. `same` are pairs of trees whose ids differ
    and whose files do not: ancient versions of git wrote modes that no git writes today.
    """

    source: Side
    here: Side
    commits: Mapping[str, str | None]
    whole: bool
    same: frozenset[tuple[str, str]] = frozenset()

    def unequal_trees(self) -> frozenset[tuple[str, str]]:
        """The pairs of trees that are to be one, and have other ids."""
        pairs = (
            (self.source.trees.get(old), self.here.trees.get(new)) for old, new in self.commits.items() if new
        )
        return frozenset((one, other) for one, other in pairs if one and other and one != other)


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What was counted: commits of the source, those here, those that change the folder, and the tags."""

    source_commits: int
    commits: int
    changing: int
    tags: int
    odd_trees: int

    def __str__(self) -> str:
        of = "" if self.commits == self.source_commits else f" of {self.source_commits}"
        odd = f"; {self.odd_trees} of the trees by files instead of ids (old modes)" if self.odd_trees else ""
        return f"{self.commits}{of} commits, each with its own tree, and {self.tags} tags{odd}"


def prove(rewriting: Rewriting, tags: TagMap) -> Proof | tuple[str, ...]:
    """The counts, or a sentence for each thing that is not as it must be."""
    faults = tuple(_faults(rewriting, tags))
    if faults:
        return faults
    source, here = rewriting.source, rewriting.here
    return Proof(
        source_commits=len(source.graph),
        commits=len(here.graph),
        changing=sum(_changes(source, commit) for commit in source.graph),
        tags=len(here.tags),
        odd_trees=len(rewriting.same),
    )


def _faults(rewriting: Rewriting, tags: TagMap) -> Iterator[str]:
    source, here, commits = rewriting.source, rewriting.here, rewriting.commits
    if not _equal(rewriting, source.trees.get(source.tip), here.trees.get(here.tip)):
        yield "the newest commit has other files than the source's"
    for old in source.graph:
        if old not in commits:
            yield f"commit {old} is in no map"
            continue
        new = commits[old]
        if new is None:
            if rewriting.whole or _changes(source, old):
                yield f"commit {old} is lost"
        elif new not in here.graph:
            yield f"commit {old} became {new}, which is not in the history"
        elif not _equal(rewriting, source.trees.get(old), here.trees.get(new)):
            yield f"commit {old} became {new}, with other files"
        elif rewriting.whole and here.graph[new] != tuple(commits.get(one) for one in source.graph[old]):
            yield f"commit {old} became {new}, with other parents"
    images = {new for new in commits.values() if new}
    if strangers := set(here.graph) - images:
        yield f"{len(strangers)} commits are of no source: {min(strangers)}"
    if rewriting.whole and len(here.graph) != len(source.graph):
        yield f"{len(source.graph)} commits became {len(here.graph)}"
    yield from _tag_faults(rewriting, tags)


def _tag_faults(rewriting: Rewriting, tags: TagMap) -> Iterator[str]:
    expected = {mapped.name: mapped.tag for mapped in tags.kept}
    for name, tag in expected.items():
        new = rewriting.commits.get(tag.commit or "")
        has_folder = rewriting.source.trees.get(tag.commit or "") is not None
        if name not in rewriting.here.tags:
            if has_folder or rewriting.whole:
                yield f"tag {tag.name} is lost"
        elif new is not None and rewriting.here.tags[name] != new:
            yield f"tag {tag.name} became {name}, on another commit"
    for name in rewriting.here.tags:
        if name not in expected:
            yield f"tag {name} is of no source"


def _equal(rewriting: Rewriting, one: str | None, other: str | None) -> bool:
    if rewriting.whole and one == EMPTY_TREE:
        one = None
    return one == other or (one or "", other or "") in rewriting.same


EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""git's id of a folder without files, which a root can be and a folder cannot."""


def _changes(source: Side, commit: str) -> bool:
    """Whether a commit that is no merge has another folder than its parent."""
    parents = source.graph[commit]
    before = source.trees.get(parents[0]) if parents else None
    return len(parents) < 2 and source.trees.get(commit) != before
