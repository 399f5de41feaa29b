"""Bytes of files: written under a temporary name, synced, then renamed to their SHA-256."""

import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True, kw_only=True)
class Digests:
    """Size in bytes and hashes (lower-case hexadecimal) of one file."""

    size: int
    md5: str
    sha1: str
    sha256: str
    sha512: str


class Incoming:
    """A file that is being written; nobody can read it under its final name yet."""

    def __init__(self, path: Path, file: BinaryIO, *, durable: bool) -> None:
        self.path = path
        self.size = 0
        self._file = file
        self._durable = durable
        self._hashes = {
            name: hashlib.new(name, usedforsecurity=False) for name in ("md5", "sha1", "sha256", "sha512")
        }

    def write(self, data: bytes) -> None:
        """Append `data`, so that a reader of `path` sees it at once."""
        self._file.write(data)
        self.size += len(data)
        for value in self._hashes.values():
            value.update(data)

    def digests(self) -> Digests:
        """Return size and hashes of what was written so far."""
        return Digests(size=self.size, **{name: value.hexdigest() for name, value in self._hashes.items()})

    def sync(self) -> None:
        """Return when all that was written is on the disk, unless durability is not wanted."""
        if self._durable:
            os.fsync(self._file.fileno())


class Blobs:
    """The files of one data folder."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self._durable = durable
        self._kept = folder / "assets"
        self._incoming = folder / "incoming"
        self._kept.mkdir(exist_ok=True)
        self._incoming.mkdir(exist_ok=True)
        for left_behind in self._incoming.iterdir():
            left_behind.unlink()
        self._sync_folder(folder)

    def path(self, sha256: str) -> Path:
        """Return where the file with this hash is kept."""
        return self._kept / sha256[:2] / sha256

    def size(self, sha256: str) -> int | None:
        """Return how long the file with this hash is, or None where it is missing."""
        try:
            return self.path(sha256).stat().st_size
        except FileNotFoundError:
            return None

    @contextmanager
    def incoming(self) -> Iterator[Incoming]:
        """Give a new file to write; unless it was kept, it is gone when the block ends."""
        path = self._incoming / uuid.uuid4().hex
        try:
            with path.open("wb", buffering=0) as file:
                yield Incoming(path, file, durable=self._durable)
        finally:
            path.unlink(missing_ok=True)

    def keep(self, incoming: Incoming, sha256: str) -> None:
        """Give a synced file its final name, and return when that name is on the disk."""
        target = self.path(sha256)
        if not target.parent.exists():
            target.parent.mkdir()
            self._sync_folder(self._kept)
        os.replace(incoming.path, target)
        self._sync_folder(target.parent)

    def every(self) -> set[str]:
        """Return the hashes of all files that are kept."""
        return {file.name for folder in self._kept.iterdir() for file in folder.iterdir()}

    def discard(self, sha256: str) -> None:
        """Remove the file with this hash."""
        self.path(sha256).unlink(missing_ok=True)

    def _sync_folder(self, folder: Path) -> None:
        if not self._durable or os.name == "nt":  # Windows cannot sync a folder
            return
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
