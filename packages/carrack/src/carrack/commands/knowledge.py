"""What the verbs must know first: the tree, the index, and which commit each published version came from."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import NormalizedName

from carrack.errors import CarrackError
from carrack.model.history import Place, TreeState
from carrack.model.index import Index
from carrack.model.plan import Plan, Release, make_plan
from carrack.model.published import File, IndexState, PublishedVersion
from carrack.model.receipt import Entry
from carrack.model.tags import tag_name
from carrack.model.workspace import Package, Workspace
from carrack.ports import Archives, History, IndexReader, Journal

_READERS = 8


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


def learn(sources: Sources, names: Collection[NormalizedName] = ()) -> Knowledge:
    """Ask git and the index, side by side, and plan; about `names` alone, where given.

    Writes nothing but the journal's cache of commits.
    """
    workspace = sources.workspace
    packages = [workspace.packages[name] for name in names or workspace.packages]
    with ThreadPoolExecutor(1) as beside:
        asked = beside.submit(_Local.of, sources, packages)
        try:
            published = sources.reader.state({package.name: package.version for package in packages})
        except CarrackError:
            asked.result()  # what is wrong here is told before what is wrong there
            raise
        local = asked.result()
    tree, releases = local.tree, _releases(sources, packages, local, published)
    plan = make_plan(workspace, tree.commit, published, releases, names, tags=sources.index.tags)
    return Knowledge(tree=tree, published=published, plan=plan)


@dataclass(frozen=True, kw_only=True)
class _Local:
    """What is known without the index: the tree, the commit that the journal has for a file's hash, and every tag's."""

    tree: TreeState
    recorded: Mapping[str, str | None]
    tags: Mapping[str, str]

    @classmethod
    def of(cls, sources: Sources, packages: Iterable[Package]) -> _Local:
        paths = [*(package.path for package in packages), sources.workspace.build_constraints]
        return cls(
            tree=sources.history.state(paths),
            recorded={entry.file.sha256: entry.commit for entry in sources.journal.read(sources.index)},
            tags=sources.history.tags() if sources.index.tags else {},
        )


def _releases(
    sources: Sources, packages: Iterable[Package], local: _Local, published: IndexState
) -> Mapping[NormalizedName, Release]:
    """What journal and tags know, asked of git in one question; only what they do not know is looked for in sdists."""
    tree, found = local.tree, [_Found.of(package, published, local) for package in packages]
    trees = sources.history.trees({place for one in found for place in one.places})
    unknown = [one for one in found if one.current and not any(place in trees for place in one.places)]
    by_time = _by_time(sources, unknown)
    if by_time:
        trees = {**trees, **sources.history.trees(by_time.values())}
    return {one.package.name: _release(tree, one, trees, by_time.get(one.package.name)) for one in found}


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
        local: _Local,
    ) -> _Found:
        current = published[package.name].current
        current = current if current and current.is_installable else None
        files = current.files if current else ()
        return cls(
            package=package,
            current=current,
            recorded=next((commit for file in files if (commit := local.recorded.get(file.sha256))), None),
            tag=local.tags.get(tag_name(package.name, package.version)),
        )

    @property
    def files(self) -> tuple[File, ...]:
        return self.current.files if self.current else ()

    @property
    def places(self) -> list[Place]:
        return [(commit, self.package.path) for commit in (self.recorded, self.tag) if commit]

    def entries(self, commit: str) -> Iterator[Entry]:
        for file in self.files:
            yield Entry(name=self.package.name, version=self.package.version, file=file, commit=commit)


def _release(tree: TreeState, found: _Found, trees: Mapping[Place, str], by_time: Place | None) -> Release:
    """By the commit that the journal names for these very files, else the tag's, else the one of the sdist's time."""
    package, here = found.package, tree.trees.get(found.package.path)
    tagged = trees.get((found.tag, package.path)) if found.tag else None
    if found.current is None:
        elsewhere = found.tag is not None and tagged != here
        return Release(tag=found.tag, mistagged=elsewhere, changed=elsewhere)
    known = next((place for place in found.places if place in trees), by_time)
    if known is None:
        return Release(tag=found.tag)
    released = trees.get(known)
    return Release(
        commit=known[0],
        changed=released != here or bool(tree.uncommitted_under(package.path)),
        tag=found.tag,
        mistagged=tagged is not None and tagged != released,
    )


def _by_time(sources: Sources, unknown: Sequence[_Found]) -> Mapping[NormalizedName, Place]:
    """Where the releases' sdists say, by the time of their files, that they were built; the journal keeps it."""
    with ThreadPoolExecutor(_READERS) as pool:
        epochs = list(pool.map(lambda one: _epoch(sources, one), unknown))
    times = {one.package.path: epoch for one, epoch in zip(unknown, epochs, strict=True) if epoch is not None}
    commits = sources.history.commits_at(times) if times else {}
    traced = [(one, commits[one.package.path]) for one in unknown if one.package.path in commits]
    if traced:
        sources.journal.append(
            sources.index, *(entry for one, commit in traced for entry in one.entries(commit))
        )
    return {one.package.name: (commit, one.package.path) for one, commit in traced}


def _epoch(sources: Sources, found: _Found) -> int | None:
    package = found.package
    sdist = next((file for file in found.files if not file.is_wheel), None)
    if sdist is None:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / sdist.name
        sources.reader.fetch(package.name, package.version, sdist, path)
        return sources.archives.epoch(path)
