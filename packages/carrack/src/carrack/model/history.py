"""What git knows of the packages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

Place = tuple[str, PurePosixPath]
"""A commit, and a folder in it, relative to the workspace."""


@dataclass(frozen=True, kw_only=True)
class TreeState:
    """The workspace at HEAD.

    `trees` has the git tree id of each folder asked for; a folder that HEAD does not have is missing. `uncommitted`
    are files under those paths that differ from HEAD or are not tracked, relative to the workspace.
    """

    commit: str
    shallow: bool
    trees: Mapping[PurePosixPath, str]
    uncommitted: tuple[PurePosixPath, ...] = ()
    apart: tuple[PurePosixPath, ...] = ()
    """What is not of a package at the root (`Workspace.apart`)."""

    def uncommitted_under(self, path: PurePosixPath) -> tuple[PurePosixPath, ...]:
        """The uncommitted files at or below `path`."""
        files = self._uncommitted_by_folder.get(path, ())
        return tuple(file for file in files if path.parts or not is_below(file, self.apart))

    @cached_property
    def _uncommitted_by_folder(self) -> Mapping[PurePosixPath, Sequence[PurePosixPath]]:
        found: dict[PurePosixPath, list[PurePosixPath]] = {}
        for file in self.uncommitted:
            for place in (file, *file.parents):
                found.setdefault(place, []).append(file)
        return found


def is_below(file: PurePosixPath, folders: Iterable[PurePosixPath]) -> bool:
    """Whether `file` is one of `folders`, or in one of them."""
    return any(file == folder or folder in file.parents for folder in folders)
