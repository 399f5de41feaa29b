"""Which files are read, in which order, and as what: decided by their names alone."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from io import BufferedReader
from pathlib import PurePosixPath
from typing import Final, Literal

from record_io.errors import MissingInputError
from record_io.stores import Store, Stored, file_at, store_at

Format = Literal["csv", "jsonl"]

FORMATS: Final[dict[str, Format]] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_PASSED_OVER: Final = (".", "_")
_ENDINGS: Final = f"{', '.join(FORMATS)}, or one of these and .gz"


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """One file of records; with `stop`, the lines of it that begin at the byte `start` or later, and before `stop`.

    `name` is its path below the folder that was searched, always with `/`; `changed` is the time of its last
    change in nanoseconds.
    """

    store: Store = field(repr=False)
    name: str
    format: Format
    gzip: bool
    size: int
    changed: int
    start: int = 0
    stop: int | None = None

    def open(self) -> BufferedReader:
        """Open the file, at its first byte."""
        return self.store.open(self.name)


def find_inputs(where: str | os.PathLike[str]) -> list[Input]:
    """Return the file at `where`, or every file of records below it, sorted by name; `s3://…` or a path here.

    The order is that of the names' code points, so it is the same on every machine. Names that begin with
    `.` or `_` are passed over, and so are files with other endings and folders that are symbolic links.
    Raises MissingInputError if that leaves nothing to read, and OSError for a folder that cannot be looked into.
    """
    address = os.fspath(where)
    store, found = _found(address)
    candidates = [_input(store, one) for one in found if not _hidden(one.name)]
    inputs = sorted((one for one in candidates if one), key=lambda one: one.name)
    if not inputs:
        raise MissingInputError(f"{address}: nothing to read; names of record files end in {_ENDINGS}")
    return inputs


def cut(inputs: Iterable[Input], size: int) -> Iterator[Input]:
    """Yield the inputs, those that can be cut in pieces of about `size` bytes.

    These are JSON Lines files that are not compressed: no line break stands inside a JSON string, so that every one
    ends a record. Whether one in a CSV file does, only all bytes before it could tell.
    """
    for one in inputs:
        if one.gzip or one.format == "csv" or one.size <= size:
            yield one
        else:
            for start in range(0, one.size, size):
                yield replace(one, start=start, stop=start + size)


def _found(address: str) -> tuple[Store, list[Stored]]:
    """Return the files at an address that is a file or a folder, with the store that they are in."""
    parent, name = file_at(address)
    if name and (one := parent.file(name)):
        return parent, [one]
    folder = store_at(address)
    try:
        folder.names()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingInputError(f"{address}: there is no such file or folder") from error
    return folder, list(folder.files(without=_PASSED_OVER))


def _hidden(name: str) -> bool:
    return any(part.startswith(_PASSED_OVER) for part in name.split("/"))


def _input(store: Store, file: Stored) -> Input | None:
    """Return the file as an input, or None if its ending says that it holds no records."""
    plain = file.name.lower().removesuffix(".gz")
    format = FORMATS.get(PurePosixPath(plain).suffix)
    if format is None:
        return None
    return Input(
        store=store,
        name=file.name,
        format=format,
        gzip=plain != file.name.lower(),
        size=file.size,
        changed=file.changed,
    )
