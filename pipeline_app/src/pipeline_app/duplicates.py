"""Finding the records whose key an earlier record has, with the keys on disk.

Some keys are held in memory. Once there are more, they go to 256 partitions, chosen by a checksum, each with its
place among the records. Equal keys share a partition, so each partition can be decided alone, and only a few are in
memory at a time. Arrow compares the keys themselves there, not their checksums: nothing could collide.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline_app.checksums import checksums

_PARTITIONS: Final = 256
_PENDING: Final = 1 << 18  # keys that are held before they are sorted into their partitions
_AT_ONCE: Final = 2  # partitions in memory, each with a thread that decides it
_PLACE: Final = "place"

_Partition = Callable[[], pa.Table]
"""Gives the keys, with their places."""


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
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            for repeated in threads.map(_repeated, self._partitions()):
                marks[repeated] = True
                yield len(repeated)
        marks.flush()

    def are_first(self, count: int) -> pa.Array:
        """Return for the next `count` records, in the order of their adding, whether their key was new."""
        marks = np.fromfile(self._marks, np.bool_, count, offset=self._asked)
        self._asked += count
        return pa.array(~marks)

    def _partitions(self) -> Sequence[_Partition]:
        """Return where the keys are, those that are equal in one place."""
        if not self._spilled:
            return [self._take_pending]
        self._spill()
        for writer in self._writers:
            writer.close()
        return [partial(_read, path) for path in self._paths]

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


def _partition(columns: Sequence[pa.ChunkedArray]) -> npt.NDArray[np.uint8]:
    """Return the number of each key's partition."""
    return (checksums(columns) >> np.uint32(24)).astype(np.uint8)


def _read(path: Path) -> pa.Table:
    with pa.OSFile(bytes(path)) as file:
        return pa.ipc.open_stream(file).read_all()


def _repeated(partition: _Partition) -> npt.NDArray[np.int64]:
    """Return the places of the keys in a partition that are not the first of their kind; places ascend in it."""
    keys = partition()
    numbers = _numbered(keys.columns[:-1])
    known = np.maximum.accumulate(numbers)
    again = numbers[1:] <= known[:-1]
    repeated: npt.NDArray[np.int64] = keys[_PLACE].to_numpy()[1:][again]
    return repeated


def _numbered(columns: Iterable[pa.ChunkedArray]) -> npt.NDArray[np.int64]:
    """Return a number for each key, the same for equal ones; new ones get the next, as Arrow's dictionaries do it."""
    numbers = np.zeros(0, np.int64)
    for at, column in enumerate(columns):
        encoded = column.combine_chunks().dictionary_encode()
        own = encoded.indices.to_numpy().astype(np.int64)
        # Two numbers below 2**31 make one below 2**62.
        pairs = (
            own if at == 0 else pa.array(numbers * len(encoded.dictionary) + own).dictionary_encode().indices
        )
        numbers = np.asarray(pairs, np.int64)
    return numbers
