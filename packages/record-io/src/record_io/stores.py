"""A folder of named files, on this machine or on S3: what inputs are read from, and outputs written to."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Final, Protocol

S3: Final = "s3://"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A file in a store: its path below the folder, always with `/`, its bytes, and when it changed (ns)."""

    name: str
    size: int
    changed: int


class Store(Protocol):
    """A folder and everything below it.

    A file is written whole or not at all: nobody ever sees a part of one. What S3 refuses is raised as
    AccessDeniedError or UnavailableError, a bucket or file that is not there as MissingInputError; what this machine
    refuses is an OSError.
    """

    @property
    def address(self) -> str:
        """Where it is, for people."""

    def holds(self, address: str) -> bool:
        """Tell whether an address is this folder's, or of something in it."""

    def files(self, below: str = "", *, without: tuple[str, ...] = ()) -> Iterator[Stored]:
        """Yield every file, or those below the folder `below`, in no order; none if there is no such folder.

        A folder that cannot be read is an error, unless its name begins with one of `without`: what is in such a
        folder is not asked for, and may be left out.
        """

    def file(self, name: str) -> Stored | None:
        """Return what is known of one file, or None if there is no such file."""

    def names(self) -> list[str]:
        """Return the names that stand in the folder itself, those of its folders among them."""

    def open(self, name: str) -> BufferedReader:
        """Open a file for reading."""

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes, or None if there is no such file."""

    def write(self, name: str, data: bytes) -> None:
        """Write a file, in place of one that has the name."""

    def take(self, name: str, file: Path) -> None:
        """Move a finished file of this machine here, in place of one that has the name."""

    def here(self, name: str, scratch: Path) -> Path:
        """Return a path on this machine with the file's bytes: the file itself, or a copy in `scratch`."""

    def remove(self, name: str) -> None:
        """Remove a file or a folder with all that is in it, if it is there."""


def store_at(folder: str | os.PathLike[str]) -> Store:
    """Return the store for a folder: `s3://bucket/prefix`, or a path of this machine."""
    address = os.fspath(folder)
    if address.startswith(S3):
        # Imported where it is asked for: Arrow's S3 client takes its time to load.
        from record_io.s3_store import S3Store

        return S3Store(address)
    from record_io.local_store import LocalStore

    return LocalStore(Path(address))


def file_at(address: str | os.PathLike[str]) -> tuple[Store, str]:
    """Return the store that a file is in, and its name there."""
    parent, _, name = os.fspath(address).rpartition("/")
    return store_at(parent or ("/" if os.fspath(address).startswith("/") else ".")), name
