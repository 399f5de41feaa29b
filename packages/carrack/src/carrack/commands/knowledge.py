"""What the verbs must know first: the tree, the index, and which commit each published version came from."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import NormalizedName

from carrack.model.history import TreeState
from carrack.model.index import Index
from carrack.model.plan import Plan, Release, make_plan
from carrack.model.published import IndexState, PublishedVersion
from carrack.model.receipt import Entry
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
    return Knowledge(
        tree=tree, published=published, plan=make_plan(workspace, tree.commit, published, releases)
    )


def _releases(sources: Sources, tree: TreeState, published: IndexState) -> Mapping[NormalizedName, Release]:
    recorded = {entry.file.sha256: entry.commit for entry in sources.journal.read(sources.index)}
    return {
        package.name: _release(sources, tree, package, current, recorded)
        for package in sources.workspace.packages.values()
        if (current := published[package.name].current) and current.is_installable
    }


def _release(
    sources: Sources,
    tree: TreeState,
    package: Package,
    current: PublishedVersion,
    recorded: Mapping[str, str | None],
) -> Release:
    """The commit that the journal names for these very files, else the one that the sdist's time points to."""
    commit = next((commit for file in current.files if (commit := recorded.get(file.sha256))), None)
    released = sources.history.trees(commit, [package.path]).get(package.path) if commit else None
    if released is None:
        commit = _commit_by_time(sources, package, current)
        released = sources.history.trees(commit, [package.path]).get(package.path) if commit else None
    differs = released is not None and released != tree.trees.get(package.path)
    return Release(commit=commit, changed=differs or bool(tree.uncommitted_under(package.path)))


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
