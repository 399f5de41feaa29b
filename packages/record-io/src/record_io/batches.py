"""What a reader yields: records in columns, where each came from, and those that are not records at all."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True, kw_only=True, slots=True)
class Reject:
    """One record that is not accepted, with everything that is needed to find and mend it.

    `number` counts from 1: the line in a JSON Lines file; the row in a CSV file, where the header is row 1,
    blank lines are not counted and a value with line breaks is still one row.
    `record` is the raw text where no values could be told apart, else the values by column.
    """

    file: str
    number: int
    column: str | None = None
    rule: str
    reason: str
    record: str | Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Consecutive records of one file, in the file's order.

    `numbers` (int64, one per record) places `records` in the file, in the sense of `Reject.number`; of a piece of a
    file, in the piece. `rejects` are the malformed records that stood among them. `last` is the number up to which
    the file is read: lines without a record count too.
    """

    file: str
    records: pa.RecordBatch
    numbers: pa.Array
    rejects: tuple[Reject, ...] = ()
    last: int = 0

    @property
    def size(self) -> int:
        """How many records were read, well-formed or not."""
        return int(self.records.num_rows) + len(self.rejects)

    def reject(self, bad: pa.Array, *, rule: str, reason: str) -> "Batch":
        """Return the batch with the records where `bad` (boolean, no nulls) is true moved to its rejects."""
        numbers, records = self.numbers.filter(bad).to_pylist(), self.records.filter(bad).to_pylist()
        rejects = (
            Reject(file=self.file, number=number, rule=rule, reason=reason, record=record)
            for number, record in zip(numbers, records, strict=True)
        )
        good = pc.invert(bad)
        return replace(
            self,
            records=self.records.filter(good),
            numbers=self.numbers.filter(good),
            rejects=(*self.rejects, *rejects),
        )
