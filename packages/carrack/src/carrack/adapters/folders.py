"""A package's folder on disk as names and texts."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from carrack.adapters.projects import read_package
from carrack.model.conversion.folder import Changes, Folder
from carrack.model.workspace import Package

_LARGEST = 2_000_000
"""Bytes; what is larger is data, whatever it is called."""


class DiskFolders:
    """Implements `ports.Folders`."""

    def read(self, path: Path) -> Folder:
        """See `ports.Folders`."""
        return read_folder(path)

    def change(self, path: Path, changes: Changes) -> None:
        """See `ports.Folders`."""
        for name, text in changes.items():
            file = path / name
            if text is None:
                file.unlink()
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(text.encode())

    def package(self, root: Path, path: PurePosixPath) -> Package:
        """See `ports.Folders`."""
        return read_package(root, path)


def read_folder(path: Path) -> Folder:
    """Every file below `path`; those that are UTF-8 with their text. Links are names alone."""
    names, texts = set(), {}
    for file in sorted(path.rglob("*")):
        name = file.relative_to(path).as_posix()
        if file.is_dir() or name.startswith(".git/"):
            continue
        names.add(name)
        if not file.is_symlink() and file.stat().st_size <= _LARGEST:
            try:
                texts[name] = file.read_bytes().decode()
            except UnicodeDecodeError:
                continue
    return Folder(names=frozenset(names), texts=texts)
