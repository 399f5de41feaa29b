"""Checked records on disk, until it is known which of them are duplicates."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa


class RowSpill:
    """Record batches in one Arrow IPC stream, compressed with LZ4: written once, then read in that order."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        self._writer = pa.ipc.new_stream(path, schema, options=pa.ipc.IpcWriteOptions(compression="lz4"))

    def write(self, records: pa.RecordBatch) -> None:
        """Add records."""
        self._writer.write_batch(records)

    def read(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches, once all are written."""
        with pa.OSFile(str(self._path)) as file:
            yield from pa.ipc.open_stream(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
