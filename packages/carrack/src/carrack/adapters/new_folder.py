"""The folder of a workspace that is new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from carrack.adapters.all_or_none import LOG, put_back, write_all
from carrack.errors import WorkspaceError

_KEPT = ".git"
"""An empty repository, or a clone of one, is an empty folder; in a linked work tree this is a file."""


@dataclass(frozen=True)
class NewFolder:
    """Implements `ports.NewFolder` at `path`."""

    path: Path

    def contents(self) -> tuple[str, ...]:
        """See `ports.NewFolder`. Raises WorkspaceError where a file is in the way of the folder."""
        try:
            if not self.path.exists() and not self.path.is_symlink():
                self._require_folder_above()
                return ()
            put_back(self.path)
            return tuple(sorted(entry.name for entry in self.path.iterdir() if _is_something(entry)))
        except OSError as error:
            raise self._impossible(error) from None

    def _require_folder_above(self) -> None:
        nearest = next(folder for folder in self.path.parents if folder.exists())
        next(nearest.iterdir(), None)

    def _impossible(self, error: OSError) -> WorkspaceError:
        return WorkspaceError(
            f"there can be no new folder here: {error.strerror}",
            address=str(self.path),
            untouched="everything; nothing was written",
            hint="carrack init with another FOLDER",
        )

    def write(self, texts: Mapping[PurePosixPath, str]) -> None:
        """See `ports.NewFolder`, and `all_or_none.write_all` for what it raises.

        Raises WorkspaceError where the folder cannot be made.
        """
        made = [folder for folder in (self.path, *self.path.parents) if not folder.exists()]
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._impossible(error) from None
        try:
            write_all(self.path, texts)
        except BaseException:
            with suppress(OSError):
                for folder in (*_folders(self.path, texts), *made):
                    if folder.is_dir() and not any(folder.iterdir()):
                        folder.rmdir()
            raise


def _is_something(entry: Path) -> bool:
    """Whether it is more than folders in folders: git does not see those, and a killed run leaves them."""
    if entry.is_dir() and not entry.is_symlink():
        return entry.name != _KEPT and any(map(_is_something, entry.iterdir()))
    return entry.name != _KEPT


def _folders(root: Path, texts: Mapping[PurePosixPath, str]) -> Iterator[Path]:
    """Every folder that the files and the log lie in, inner ones first; not the root."""
    inner = {folder for name in (*texts, LOG) for folder in name.parents if folder.parts}
    return (root / folder for folder in sorted(inner, key=lambda folder: len(folder.parts), reverse=True))
