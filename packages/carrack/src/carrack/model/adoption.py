"""A former repository as it is, before it comes under `packages/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from carrack.model.diagnosis import Verdict


@dataclass(frozen=True, kw_only=True)
class SourceTag:
    """A tag: the commit that it is on in the end, None where it is on something else; and whether HEAD leads there."""

    name: str
    commit: str | None
    annotated: bool = False
    signed: bool = False
    reachable: bool = True


@dataclass(frozen=True, kw_only=True)
class Submodule:
    """A submodule at HEAD; `name` and `url` are None where .gitmodules does not know it."""

    path: str
    commit: str
    name: str | None = None
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Found:
    """Something in some version of a file: what, the first commit that has it, the file, and the line."""

    what: str
    commit: str
    path: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.commit[:12]} {self.path}{f':{self.line}' if self.line else ''}  {self.what}"


@dataclass(frozen=True, kw_only=True)
class Refs:
    """What a repository offers: HEAD's commit and branch (None where HEAD is detached), and the rest."""

    head: str
    branch: str | None
    branches: Mapping[str, str] = field(default_factory=dict)
    pull_requests: int = 0
    replaced: int = 0
    tags: int = 0


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file of HEAD's tree: git's mode, its object, and its path below the folder that comes."""

    mode: str
    object: str
    path: str


@dataclass(frozen=True, kw_only=True)
class HistoryFacts:
    """Counts over the commits that come: those that HEAD or a tag leads to."""

    commits: int
    merges: int
    octopuses: int
    roots: int
    numbered: int
    """How many messages have a `#123` in them."""
    packed: int
    """Bytes of the pack that git sends."""


@dataclass(frozen=True, kw_only=True)
class FormerPackage:
    """What the files of packaging say, read without running any of them; None is what they do not say plainly."""

    form: str
    versioning: str
    name: str | None = None
    version: str | None = None
    requires_python: SpecifierSet | None = None
    requires: tuple[Requirement, ...] = ()
    unread: tuple[str, ...] = ()
    """What could not be read, a sentence each."""
    is_distribution: bool = True
    """Whether there is anything that a wheel could be built by."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Everything that a plan looks at. `address` has no credentials; `subdir` is the folder that comes, or `.`."""

    address: str
    subdir: PurePosixPath
    refs: Refs
    tags: tuple[SourceTag, ...]
    entries: tuple[Entry, ...]
    history: HistoryFacts
    package: FormerPackage
    unmerged: tuple[str, ...] = ()
    """Branches with commits that neither HEAD nor a tag leads to."""
    submodules: tuple[Submodule, ...] = ()
    macros: tuple[str, ...] = ()
    """Lines of its .gitattributes that git takes at a root only."""
    lfs_patterns: tuple[str, ...] = ()
    lfs_pointers: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[Found, ...] = ()
    big: tuple[Found, ...] = ()
    is_workspace: bool = False


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of a plan: what was looked at, what is so, its details, and what to do. A failure stops the import."""

    topic: str
    verdict: Verdict
    said: str
    details: tuple[str, ...] = ()
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where in the workspace it comes: the distribution's name, and its folder, relative to the workspace."""

    name: NormalizedName
    path: PurePosixPath
