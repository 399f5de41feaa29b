"""Where an app's packages come from, other than the index: a git commit, a submodule, or a download at run time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from carrack.model.listing import ListedFile

HERE = PurePosixPath(".")


@dataclass(frozen=True, kw_only=True)
class GitSource:
    """One commit of a repository somewhere else; `commit` is its full id, `url` has no credentials in it."""

    url: str
    commit: str
    subdirectory: PurePosixPath = HERE

    def __str__(self) -> str:
        return f"git {self.url} {self.commit} {self.subdirectory}"


@dataclass(frozen=True, kw_only=True)
class SubmoduleSource:
    """A submodule of the workspace's repository, in the commit that is recorded there."""

    path: PurePosixPath
    subdirectory: PurePosixPath = HERE

    def __str__(self) -> str:
        return f"submodule {self.path} {self.subdirectory}"


@dataclass(frozen=True, kw_only=True)
class RuntimeSource:
    """The index's own files, put under an address (s3, https or file) and fetched when a job starts."""

    prefix: str

    def __str__(self) -> str:
        return f"runtime {self.prefix}"


CommittedSource = GitSource | SubmoduleSource
"""A source of which a wheel is built."""

CodeSource = GitSource | SubmoduleSource | RuntimeSource
CodeSources = Mapping[NormalizedName, CodeSource]


def kind_of(source: CodeSource) -> str:
    """What its lines in a lock call it: `git`, `submodule` or `runtime`."""
    return str(source).partition(" ")[0]


def committed(sources: CodeSources) -> dict[NormalizedName, CommittedSource]:
    """The sources of which wheels are built."""
    return {name: source for name, source in sources.items() if not isinstance(source, RuntimeSource)}


@dataclass(frozen=True, kw_only=True)
class LockedSource:
    """What a lock knows of a source: its kind, and the commit and tree that its wheel was built from.

    `kind` is `git`, `submodule` or `runtime`; what comes at run time was built by a publish, and has neither. No
    address is in it.
    """

    name: NormalizedName
    kind: str
    commit: str = ""
    tree: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.name, self.kind, self.commit, self.tree)))


@dataclass(frozen=True, kw_only=True)
class SourceWheel:
    """A wheel that was built from a commit: where it lies, what it is, and what it was built from."""

    path: Path
    version: Version
    sha256: str
    requires_python: SpecifierSet
    locked: LockedSource

    @property
    def name(self) -> NormalizedName:
        """The distribution's name."""
        return self.locked.name

    @property
    def listed(self) -> ListedFile:
        """The wheel as an index's page would list it."""
        return ListedFile(name=self.path.name, sha256=self.sha256, requires_python=self.requires_python)


def moved(locked: Iterable[LockedSource], commits: Mapping[NormalizedName, str]) -> str | None:
    """A sentence about the sources whose commit is not the locked one now; None where all are."""
    known = {one.name: one.commit for one in locked if one.commit}
    found = [
        f"{name} is at {commit[:12]} now, and was locked at {known[name][:12]}"
        if name in known
        else f"{name} has a source of its own now"
        for name, commit in sorted(commits.items())
        if known.get(name) != commit
    ]
    return "; ".join(found) or None
