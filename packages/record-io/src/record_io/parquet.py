"""Parquet part files whose row groups have an exact size."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One finished file, with its number of records."""

    name: str
    records: int


class PartWriter:
    """Writes records to `part-00000.parquet`, `part-00001.parquet`, … in `folder`, in the order given.

    Every row group has exactly `batch_size` rows and every file `groups` row groups; the last of each may be
    smaller. A file has dictionaries for the columns whose values repeat in its first row group. Holds less than one row
    group beside what `write` was given. Without records it writes one file
    that has the schema. A context manager: `parts` is complete after it was left without an error.
    """

    def __init__(self, folder: Path, schema: pa.Schema, *, batch_size: int, groups: int = 20) -> None:
        self.parts: list[Part] = []
        self._folder = folder
        self._schema = schema
        self._batch_size = batch_size
        self._groups = groups
        self._pending: list[pa.RecordBatch] = []
        self._held = 0  # records in pending
        self._file: pq.ParquetWriter | None = None
        self._written = 0  # records in the open file

    def write(self, records: pa.RecordBatch) -> None:
        """Add records of the writer's schema."""
        self._pending.append(records)
        self._held += records.num_rows
        if self._held >= self._batch_size:
            self._write_whole_groups()

    @property
    def records(self) -> int:
        """How many records all finished parts hold."""
        return sum(part.records for part in self.parts)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and (self._held or not (self._file or self.parts)):
            self._row_group(pa.Table.from_batches(self._pending, self._schema).combine_chunks())
        self._finish_part()

    def _write_whole_groups(self) -> None:
        # In one piece, since how it is cut would show in the file's pages.
        table = pa.Table.from_batches(self._pending, self._schema).combine_chunks()
        whole = self._held - self._held % self._batch_size
        for offset in range(0, whole, self._batch_size):
            self._row_group(table.slice(offset, self._batch_size))
        self._pending = table.slice(whole).to_batches()
        self._held -= whole

    def _row_group(self, table: pa.Table) -> None:
        if self._file is None:
            self._file = pq.ParquetWriter(
                self._folder / self._name(), self._schema, use_dictionary=_repetitive(table)
            )
        self._file.write_table(table, row_group_size=self._batch_size)
        self._written += len(table)
        if self._written == self._groups * self._batch_size:
            self._finish_part()

    def _finish_part(self) -> None:
        if self._file is not None:
            self._file.close()
            self.parts.append(Part(name=self._name(), records=self._written))
            self._file, self._written = None, 0

    def _name(self) -> str:
        return f"part-{len(self.parts):05}.parquet"


def _repetitive(table: pa.Table) -> list[str]:
    """Return the columns that a dictionary makes smaller: for one of other values only it costs time and space."""
    return [name for name in table.column_names if 2 * pc.count_distinct(table[name]).as_py() <= len(table)]
