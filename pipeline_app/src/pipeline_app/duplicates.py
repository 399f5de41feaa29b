"""Finding the records whose key an earlier record has, with the keys on disk.

Each key goes to one of 256 partitions, chosen by its CRC-32, together with its place among the records. Equal
keys share a partition, so each partition can be decided alone, and only one at a time is in memory. Arrow
compares the keys themselves there, not their hashes: there is nothing that could collide.
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
    """The keys of all records, in `folder`: add them, decide, then ask in the same order which are first.

    `key` names the columns of `schema` that make up the key; none of them may be null.
    """

    def __init__(self, folder: Path, schema: pa.Schema, key: Sequence[str]) -> None:
        self._key = list(key)
        # The columns are numbered, so that none has the name of the place that stands beside them.
        self._schema = pa.schema([(str(at), schema.field(name).type) for at, name in enumerate(key)])
        spilled = self._schema.append(pa.field(_PLACE, pa.int64()))
        self._paths = [folder / f"keys-{number:03}.arrow" for number in range(_PARTITIONS)]
        self._writers = [pa.ipc.new_stream(path, spilled) for path in self._paths]
        self._pending: list[pa.RecordBatch] = []
        self._held = 0  # keys in pending
        self._spilled = 0  # keys in the partitions
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
        self._spill()
        # One byte a record, on disk like the keys: true where the key was there before.
        marks = np.memmap(self._marks, np.bool_, "w+", shape=max(self._spilled, 1))
        for path, writer in zip(self._paths, self._writers, strict=True):
            writer.close()
            repeated = _repeated(path)
            marks[repeated] = True
            yield len(repeated)
        marks.flush()

    def are_first(self, count: int) -> pa.Array:
        """Return for the next `count` records, in the order of their adding, whether their key was new."""
        marks = np.fromfile(self._marks, np.bool_, count, offset=self._asked)
        self._asked += count
        return pa.array(~marks)

    def _spill(self) -> None:
        keys = pa.Table.from_batches(self._pending, self._schema).combine_chunks()
        partition = _partition(keys.columns)
        order = np.argsort(partition, kind="stable")
        bounds = np.searchsorted(partition, np.arange(_PARTITIONS + 1), sorter=order)
        places = pa.arange(self._spilled, self._spilled + len(keys))
        keys = keys.append_column(_PLACE, places).take(pa.array(order))
        for writer, (start, stop) in zip(self._writers, itertools.pairwise(bounds), strict=True):
            writer.write_table(keys.slice(start, stop - start))
        self._spilled += self._held
        self._pending, self._held = [], 0


def _partition(columns: Iterable[pa.ChunkedArray]) -> npt.NDArray[np.uint8]:
    """Return the number of each key's partition: the last byte of the CRC-32 of its values' text."""
    checksums: Iterable[int] = itertools.repeat(0)
    for column in columns:
        checksums = map(crc32, column.cast(pa.string()).cast(pa.binary()).to_pylist(), checksums)
    return np.fromiter(checksums, np.uint32).astype(np.uint8)


def _repeated(path: Path) -> npt.NDArray[np.int64]:
    """Return the places of the keys in one partition that are not the first of their kind."""
    with pa.OSFile(str(path)) as file:
        keys = pa.ipc.open_stream(file).read_all()
    columns = keys.column_names[:-1]
    first = keys.group_by(columns, use_threads=False).aggregate([(_PLACE, "min")])[f"{_PLACE}_min"]
    if len(first) == len(keys):
        return np.empty(0, np.int64)
    return np.setdiff1d(keys[_PLACE], first, assume_unique=True)
