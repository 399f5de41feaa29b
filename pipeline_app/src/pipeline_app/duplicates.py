"""Finding the records whose key an earlier record has, with the keys on disk.

Some keys are held in memory. Once there are more, they go to 256 partitions, chosen by their CRC-32, each with
its place among the records. Equal keys share a partition, so each partition can be decided alone, and only one
at a time is in memory. Arrow compares the keys themselves there, not their hashes: nothing could collide.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_PARTITIONS: Final = 256
_PENDING: Final = 1 << 18  # keys that are held before they are sorted into their partitions
_PLACE: Final = "place"


class Duplicates:
    """The keys of all records: add them, decide, then ask in the same order which of them were new.

    `key` names the columns of `schema` that make up the key; none of them may be null. Files are made in
    `folder`, of the keys only once there are too many to hold.
    """

    def __init__(self, folder: Path, schema: pa.Schema, key: Sequence[str]) -> None:
        self._key = list(key)
        # The columns are numbered, so that none has the name of the place that stands beside them.
        self._schema = pa.schema([(str(at), schema.field(name).type) for at, name in enumerate(key)])
        self._pending: list[pa.RecordBatch] = []
        self._held = 0  # keys in pending
        self._spilled = 0  # keys in the partitions
        self._paths = [folder / f"keys-{number:03}.arrow" for number in range(_PARTITIONS)]
        self._writers: list[pa.RecordBatchStreamWriter] = []
        self._marks = folder / "marks"
        self._asked = 0

    def add(self, records: pa.RecordBatch) -> None:
        """Take the keys of the next records."""
        columns = records.select(self._key).columns
        self._pending.append(pa.RecordBatch.from_arrays(columns, schema=self._schema))
        self._held += records.num_rows
        if self._held >= _PENDING:
            self._spill()

    def decide(self) -> Iterator[int]:
        """Decide partition after partition; yield for each how many of its records repeat an earlier key."""
        # One byte a record, on disk like the keys: true where the key was there before.
        marks = np.memmap(self._marks, np.bool_, "w+", shape=max(self._spilled + self._held, 1))
        for keys in self._partitions():
            repeated = _repeated(keys)
            marks[repeated] = True
            yield len(repeated)
        marks.flush()

    def are_first(self, count: int) -> pa.Array:
        """Return for the next `count` records, in the order of their adding, whether their key was new."""
        marks = np.fromfile(self._marks, np.bool_, count, offset=self._asked)
        self._asked += count
        return pa.array(~marks)

    def _partitions(self) -> Iterator[pa.Table]:
        """Yield the keys with their places, those that are equal in one table."""
        if not self._spilled:
            yield self._take_pending()
            return
        self._spill()
        for path, writer in zip(self._paths, self._writers, strict=True):
            writer.close()
            with pa.OSFile(str(path)) as file:
                yield pa.ipc.open_stream(file).read_all()

    def _spill(self) -> None:
        keys = self._take_pending()
        self._spilled += len(keys)
        partition = _partition(keys.columns[:-1])
        order = np.argsort(partition, kind="stable")
        bounds = np.searchsorted(partition, np.arange(_PARTITIONS + 1), sorter=order)
        keys = keys.take(pa.array(order))
        if not self._writers:
            self._writers = [pa.ipc.new_stream(path, keys.schema) for path in self._paths]
        for writer, (start, stop) in zip(self._writers, itertools.pairwise(bounds), strict=True):
            writer.write_table(keys.slice(start, stop - start))

    def _take_pending(self) -> pa.Table:
        keys = pa.Table.from_batches(self._pending, self._schema).combine_chunks()
        places = pa.arange(self._spilled, self._spilled + len(keys))
        self._pending, self._held = [], 0
        return keys.append_column(_PLACE, places)


def _partition(columns: Iterable[pa.ChunkedArray]) -> npt.NDArray[np.uint8]:
    """Return the number of each key's partition: the last byte of the CRC-32 of its values' text."""
    checksums: Iterable[int] = itertools.repeat(0)
    for column in columns:
        checksums = map(crc32, column.cast(pa.string()).cast(pa.binary()).to_pylist(), checksums)
    return np.fromiter(checksums, np.uint32).astype(np.uint8)


def _repeated(keys: pa.Table) -> npt.NDArray[np.int64]:
    """Return the places of the keys that are not the first of their kind."""
    columns = keys.column_names[:-1]
    first = keys.group_by(columns, use_threads=False).aggregate([(_PLACE, "min")])[f"{_PLACE}_min"]
    if len(first) == len(keys):
        return np.empty(0, np.int64)
    return np.setdiff1d(keys[_PLACE], first, assume_unique=True)
