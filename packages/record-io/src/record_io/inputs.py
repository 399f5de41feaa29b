"""Which files are read, in which order, and as what: decided by their names alone."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from record_io.errors import MissingInputError

Format = Literal["csv", "jsonl"]

FORMATS: Final[dict[str, Format]] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_PASSED_OVER: Final = (".", "_")
_ENDINGS: Final = f"{', '.join(FORMATS)}, or one of these and .gz"


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """One file of records; `name` is its path below the folder that was searched, always with `/`."""

    path: Path
    name: str
    format: Format
    gzip: bool


def find_inputs(path: Path) -> list[Input]:
    """Return the file at `path`, or every file of records below the folder `path`, sorted by name.

    The order is that of the names' code points, so it is the same on every machine. Names that begin with
    `.` or `_` are passed over, and so are files with other endings and folders that are symbolic links.
    Raises MissingInputError if that leaves nothing to read.
    """
    if path.is_dir():
        candidates = [_input(file, file.relative_to(path).as_posix()) for file in _files(path)]
    elif path.exists():
        candidates = [_input(path, path.name)]
    else:
        raise MissingInputError(f"{path}: there is no such file or folder")
    inputs = sorted((one for one in candidates if one), key=lambda one: one.name)
    if not inputs:
        raise MissingInputError(f"{path}: nothing to read; names of record files end in {_ENDINGS}")
    return inputs


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(_PASSED_OVER)]
        yield from (Path(parent, name) for name in files if not name.startswith(_PASSED_OVER))


def _input(path: Path, name: str) -> Input | None:
    """Return the file as an input, or None if its ending says that it holds no records."""
    plain = name.lower().removesuffix(".gz")
    format = FORMATS.get(Path(plain).suffix)
    return Input(path=path, name=name, format=format, gzip=plain != name.lower()) if format else None
