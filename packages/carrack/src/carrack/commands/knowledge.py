"""What the verbs must know first: the tree, the index, and which commit each published version came from."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import NormalizedName

from carrack.model.history import Place, TreeState
from carrack.model.index import Index
from carrack.model.plan import Plan, Release, make_plan
from carrack.model.published import IndexState, PublishedVersion
from carrack.model.receipt import Entry
from carrack.model.tags import tag_name
from carrack.model.workspace import Package, Workspace
from carrack.ports import Archives, History, IndexReader, Journal


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where the verbs learn things: git, the index, the journal, and built files."""

    workspace: Workspace
    index: Index
    history: History
    reader: IndexReader
    journal: Journal
    archives: Archives


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """The tree and the index as they are now, and the plan that follows from them."""

    tree: TreeState
    published: IndexState
    plan: Plan


def learn(sources: Sources) -> Knowledge:
    """Ask git and the index, and plan. Writes nothing but the journal's cache of commits."""
    workspace = sources.workspace
    packages = workspace.packages.values()
    tree = sources.history.state([*(package.path for package in packages), workspace.build_constraints])
    published = sources.reader.state({package.name: package.version for package in packages})
    releases = _releases(sources, tree, published)
    plan = make_plan(workspace, tree.commit, published, releases, tags=sources.index.tags)
    return Knowledge(tree=tree, published=published, plan=plan)


def _releases(sources: Sources, tree: TreeState, published: IndexState) -> Mapping[NormalizedName, Release]:
    """What journal and tags know, asked of git in one question; only what they do not know is looked for in sdists."""
    packages = sources.workspace.packages.values()
    recorded = {entry.file.sha256: entry.commit for entry in sources.journal.read(sources.index)}
    tags = sources.history.tags() if sources.index.tags else {}
    found = [_Found.of(package, published, recorded, tags) for package in packages]
    trees = sources.history.trees({place for one in found for place in one.places})
    return {one.package.name: _release(sources, tree, one, trees) for one in found}


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A package's version on the index, the commit that the journal has for its files, and the one of its tag."""

    package: Package
    current: PublishedVersion | None
    recorded: str | None
    tag: str | None

    @classmethod
    def of(
        cls,
        package: Package,
        published: IndexState,
        recorded: Mapping[str, str | None],
        tags: Mapping[str, str],
    ) -> _Found:
        current = published[package.name].current
        current = current if current and current.is_installable else None
        files = current.files if current else ()
        return cls(
            package=package,
            current=current,
            recorded=next((commit for file in files if (commit := recorded.get(file.sha256))), None),
            tag=tags.get(tag_name(package.name, package.version)),
        )

    @property
    def places(self) -> list[Place]:
        return [(commit, self.package.path) for commit in (self.recorded, self.tag) if commit]


def _release(sources: Sources, tree: TreeState, found: _Found, trees: Mapping[Place, str]) -> Release:
    """By the commit that the journal names for these very files, else the tag's, else the one of the sdist's time."""
    package, here = found.package, tree.trees.get(found.package.path)
    tagged = trees.get((found.tag, package.path)) if found.tag else None
    if found.current is None:
        return Release(tag=found.tag, mistagged=found.tag is not None and tagged != here)
    known = next((place for place in found.places if place in trees), None)
    if known is None and (commit := _commit_by_time(sources, package, found.current)):
        known = (commit, package.path)
        trees = {**trees, **sources.history.trees([known])}
    if known is None:
        return Release(tag=found.tag)
    released = trees.get(known)
    return Release(
        commit=known[0],
        changed=released != here or bool(tree.uncommitted_under(package.path)),
        tag=found.tag,
        mistagged=tagged is not None and tagged != released,
    )


def _commit_by_time(sources: Sources, package: Package, current: PublishedVersion) -> str | None:
    sdist = next((file for file in current.files if not file.is_wheel), None)
    if sdist is None:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / sdist.name
        sources.reader.fetch(package.name, package.version, sdist, path)
        epoch = sources.archives.epoch(path)
    commit = None if epoch is None else sources.history.commit_at(package.path, epoch)
    if commit is not None:
        for file in current.files:
            sources.journal.append(
                sources.index,
                Entry(name=package.name, version=package.version, file=file, commit=commit),
            )
    return commit
