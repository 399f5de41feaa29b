"""What git knows of the packages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, kw_only=True)
class FolderState:
    """A package's folder at HEAD: its tree id, its last commit and when that was made, and what is not committed."""

    tree: str
    commit: str
    epoch: int
    uncommitted: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TreeState:
    """The workspace at HEAD. A folder that HEAD does not have is not among `folders`.

    `uncommitted` are changed files outside the packages that change every build (the build constraints).
    """

    commit: str
    shallow: bool
    folders: Mapping[PurePosixPath, FolderState]
    uncommitted: tuple[str, ...] = ()
