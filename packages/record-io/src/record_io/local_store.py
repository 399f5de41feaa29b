"""A folder of this machine."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from record_io.stores import S3, Stored


@dataclass(frozen=True)
class LocalStore:
    """Files get their names by rename, which is atomic (POSIX), when their bytes are on the disk."""

    path: Path

    @property
    def address(self) -> str:
        """The path as it was given."""
        return str(self.path)

    def holds(self, address: str) -> bool:
        """Follow symbolic links."""
        return not address.startswith(S3) and Path(address).resolve().is_relative_to(self.path.resolve())

    def files(self, below: str = "", *, without: tuple[str, ...] = ()) -> Iterator[Stored]:
        """Yield every file; folders that are symbolic links are passed over."""
        top = os.fspath(self.path / below)

        def refuse(error: OSError) -> None:
            if error.filename != top or not isinstance(error, FileNotFoundError | NotADirectoryError):
                raise error

        for parent, folders, names in os.walk(top, onerror=refuse):
            folders[:] = [name for name in folders if not name.startswith(without)]
            yield from (_stored(self.path, Path(parent, name)) for name in names)

    def file(self, name: str) -> Stored | None:
        """Return what is known of a file, or of a pipe."""
        path = self.path / name
        return _stored(self.path, path) if path.exists() and not path.is_dir() else None

    def names(self) -> list[str]:
        """Return the names of files and folders."""
        return os.listdir(self.path)

    def open(self, name: str) -> BufferedReader:
        """Open a file."""
        return (self.path / name).open("rb")

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes, if it is there."""
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, data: bytes) -> None:
        """Write beside the file, under a hidden name, then rename."""
        new = (self.path / name).with_name(f".{Path(name).name}.new")
        new.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(data)
        self.take(name, new)

    def take(self, name: str, file: Path) -> None:
        """Rename a file that lies on the same file system."""
        _sync(file)
        os.replace(file, self.path / name)
        _sync((self.path / name).parent)

    def here(self, name: str, scratch: Path) -> Path:
        """Return the file itself."""
        return self.path / name

    def remove(self, name: str) -> None:
        """Remove a file or a folder."""
        path = self.path / name
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _stored(folder: Path, path: Path) -> Stored:
    found = path.stat() if path.exists() else path.lstat()  # a link to nowhere is found when it is opened
    name = path.relative_to(folder).as_posix()
    return Stored(name=name, size=found.st_size, changed=found.st_mtime_ns)


def _sync(path: Path) -> None:
    """Wait until the file, or the folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
