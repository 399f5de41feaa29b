"""Receipts on disk, one file an index, one JSON object a line. Only a cache: the index can tell it all again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Annotated, Literal

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from carrack.adapters.whole_lines import append
from carrack.model.index import Index
from carrack.model.published import File
from carrack.model.receipt import SCHEMA, Entry
from carrack.ports import Report


@dataclass
class ReceiptJournal:
    """Implements `ports.Journal` in a folder, normally `.carrack/receipts` of the workspace.

    Where that cannot be read or written (another user's checkout, a full disk), `report` is told once, and the verbs
    go on without it.
    """

    folder: Path
    report: Report = field(default_factory=Report)
    _told: bool = False
    _appending: Lock = field(default_factory=Lock, repr=False)

    def read(self, index: Index) -> tuple[Entry, ...]:
        """See `ports.Journal`. Lines that cannot be read are left out: the index knows better anyway."""
        try:
            lines = self._path(index).read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return ()
        except OSError as error:
            self._tell(error)
            return ()
        return tuple(entry for line in lines if (entry := _entry(line)) is not None)

    def append(self, index: Index, *entries: Entry) -> None:
        """See `ports.Journal`."""
        if not entries:
            return
        try:
            with self._appending:
                self._append(self._path(index), entries)
        except OSError as error:
            self._tell(error)

    def _append(self, path: Path, entries: Iterable[Entry]) -> None:
        if not path.parent.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / ".gitignore").write_text("*\n", encoding="utf-8")  # a cache is nothing to commit
        with path.open("a+b") as journal:
            append(journal, *map(_line, entries))

    def _tell(self, error: OSError) -> None:
        if not self._told:
            self._told = True
            self.report.note(
                f"{self.folder}: {error.strerror}; the receipts there are only a cache, so never mind"
            )

    def _path(self, index: Index) -> Path:
        return self.folder / f"{index.owner}.{index.region}.{index.domain}.{index.repository}.jsonl"


class _Line(BaseModel):
    """One line of the file."""

    model_config = ConfigDict(strict=True)

    schema_number: Literal[1] = Field(alias="schema")
    name: str
    version: str
    file: str
    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
    size: int
    commit: Annotated[str, StringConstraints(pattern="^[0-9a-f]{40,64}$")] | None
    constraints: Annotated[str, StringConstraints(pattern="^sha256:[0-9a-f]{64}$")] | None = None


def _line(entry: Entry) -> str:
    line = _Line(
        schema=SCHEMA,
        name=entry.name,
        version=str(entry.version),
        file=entry.file.name,
        sha256=entry.file.sha256,
        size=entry.file.size,
        commit=entry.commit,
        constraints=entry.constraints,
    )
    return line.model_dump_json(by_alias=True)


def _entry(text: str) -> Entry | None:
    try:
        line = _Line.model_validate_json(text)
        return Entry(
            name=canonicalize_name(line.name),
            version=Version(line.version),
            file=File(name=line.file, sha256=line.sha256, size=line.size),
            commit=line.commit,
            constraints=line.constraints,
        )
    except (ValidationError, InvalidVersion):
        return None
