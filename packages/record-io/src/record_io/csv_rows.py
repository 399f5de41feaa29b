"""The rows of a CSV file as Arrow reads them, with their numbers, and with those that it leaves out."""

import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from record_io.batches import Batch, Reject

_OPEN_QUOTE: Final = "a quoted value never ends"


class Rows:
    """Arrow's rows, numbered.

    Arrow hands over the rows whose width is wrong (misfits) through a callback, ahead of the batch in which
    they stood, and with their numbers; from these follow the numbers of all the others.

    Arrow also takes a quote that is never closed as the start of one value that reaches to the end of the
    file. So a fence, one column too wide, is to be put after the last row. If it does not come back as a
    misfit of its own, an open quote has swallowed it, and the record that did so is rejected.
    """

    def __init__(self, file: str, schema: pa.Schema, *, width: int) -> None:
        self.fence = uuid.uuid4().hex + "," * width
        self._file = file
        self._none = pa.RecordBatch.from_pylist([], schema)
        self._fence_seen = False
        self._next = 2  # the header is row 1
        self._misfits: deque[pa_csv.InvalidRow] = deque()

    @property
    def last(self) -> int:
        """The number of the last row that was read."""
        return self._next - 1

    def skip(self, row: pa_csv.InvalidRow) -> str:
        """Take a misfit: Arrow's `invalid_row_handler`."""
        self._misfits.append(row)
        return "skip"

    def batches(self, parsed: Iterable[pa.RecordBatch]) -> Iterator[Batch]:
        """Yield what Arrow reads, one batch behind it: only the end says whether the last record is whole."""
        previous = self._batch(self._none)
        for records in parsed:
            yield previous
            previous = self._batch(records)
        rest = self._batch(self._none)
        yield previous if self._fence_seen else self._without_last(previous)
        yield rest

    def _batch(self, records: pa.RecordBatch) -> Batch:
        numbers = self._numbers(records.num_rows)
        rejects = tuple(self._passed())
        return Batch(file=self._file, records=records, numbers=numbers, rejects=rejects, last=self.last)

    def _numbers(self, count: int) -> pa.Array:
        """Return the numbers of the next `count` records: consecutive, but for the misfits among them."""
        numbers = pa.arange(self._next, self._next + count + len(self._misfits))
        misfits = pa.array([row.number for row in self._misfits], pa.int64())
        numbers = numbers.filter(pc.invert(pc.is_in(numbers, misfits))).slice(0, count)
        self._next = numbers[-1].as_py() + 1 if count else self._next
        return numbers

    def _passed(self) -> Iterator[Reject]:
        """Yield the misfits that stood before the next record, as rejects."""
        while self._misfits and self._misfits[0].number <= self._next:
            row = self._misfits.popleft()
            self._next = max(self._next, row.number + 1)
            self._fence_seen = self._fence_seen or self.fence in row.text
            if row.text != self.fence:
                yield self._reject(row)

    def _reject(self, row: pa_csv.InvalidRow) -> Reject:
        if self.fence in row.text:
            reason = _OPEN_QUOTE
        else:
            reason = f"{row.actual_columns} values where the header has {row.expected_columns}"
        text = self._unfenced(row.text)
        return Reject(file=self._file, number=row.number, rule="csv", reason=reason, record=text)

    def _without_last(self, batch: Batch) -> Batch:
        """Return the batch with its last record, which has swallowed the fence, among its rejects."""
        before = batch.records.num_rows - 1
        (values,) = batch.records.slice(before).to_pylist()
        record = {name: value and self._unfenced(value) for name, value in values.items()}
        number = batch.numbers[before].as_py()
        reject = Reject(file=self._file, number=number, rule="csv", reason=_OPEN_QUOTE, record=record)
        return replace(
            batch,
            records=batch.records.slice(0, before),
            numbers=batch.numbers.slice(0, before),
            rejects=(*batch.rejects, reject),
        )

    def _unfenced(self, text: str) -> str:
        return text.partition(f"\n{self.fence}")[0]
