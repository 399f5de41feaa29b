"""CSV (RFC 4180: comma, double quotes, UTF-8, a header) as batches of text columns."""

import csv
import functools
import io
import uuid
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from record_io.batches import Batch, Reject
from record_io.errors import UnreadableInputError
from record_io.inputs import Input
from record_io.streams import MARK, TextStream

NOT_UTF8: Final = "a byte is not UTF-8"
OPEN_QUOTE: Final = "a quoted value never ends"


def read_csv(file: Input, columns: Sequence[str], *, block_size: int) -> Iterator[Batch]:
    """Yield the file's records, about `block_size` bytes at a time, with `columns` as text, in that order.

    An empty value without quotes is null, and so is a column that the header does not have. Rows that are
    wider or narrower than the header, hold bytes that are not UTF-8 in one of `columns`, or begin a quoted
    value that never ends become rejects. A file without a byte has no records.
    Raises UnreadableInputError for a header that cannot be used, and for a record longer than a block.
    """
    with TextStream(file) as stream:
        header = _header(file, stream.peek(block_size).decode(errors="ignore"))
        if header:
            yield from _Rows(file, stream, header).batches(columns, block_size)


def _header(file: Input, text: str) -> list[str]:
    """Return the names in the first row that is not blank, or nothing for an empty file."""
    try:
        header = next(filter(None, csv.reader(io.StringIO(text, newline=""), strict=True)), [])
    except csv.Error as error:
        raise UnreadableInputError(f"{file.name}: row 1: not a CSV header: {error}") from error
    for name in header:
        if header.count(name) > 1:
            raise UnreadableInputError(f"{file.name}: row 1: more than one column is called {name!r}")
    if MARK in "".join(header):
        raise UnreadableInputError(f"{file.name}: row 1: the header is not UTF-8")
    return header


class _Rows:
    """Arrow's rows, numbered.

    Arrow hands over the rows whose width is wrong (misfits) through a callback, ahead of the batch in which
    they stood, and with their numbers; from these follow the numbers of all the others.

    Arrow also takes a quote that is never closed as the start of one value that reaches to the end of the
    file. So a fence, one column too wide, is put after the last row. If it does not come back as a misfit of
    its own, an open quote has swallowed it, and the record that did so is rejected.
    """

    def __init__(self, file: Input, stream: TextStream, header: Sequence[str]) -> None:
        self._file = file
        self._stream = stream
        self._fence = uuid.uuid4().hex + "," * len(header)
        self._fence_seen = False
        self._next = 2  # the header is row 1
        self._misfits: deque[pa_csv.InvalidRow] = deque()
        stream.append(f"\n{self._fence}\n".encode())

    def batches(self, columns: Sequence[str], block_size: int) -> Iterator[Batch]:
        """Yield what Arrow reads, one batch behind it: only the end says whether the last record is whole."""
        empty = pa.RecordBatch.from_pylist([], pa.schema([(name, pa.string()) for name in columns]))
        last = self._batch(empty)
        for records in self._records(columns, block_size):
            yield last
            last = self._batch(records)
        rest = self._batch(empty)
        yield last if self._fence_seen else self._without_last(last)
        yield rest

    def _records(self, columns: Sequence[str], block_size: int) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._reader(columns, block_size)
        except pa.ArrowInvalid as error:
            raise UnreadableInputError(
                f"{self._file.name}: cannot be read on after row {self._next - 1}: a record is longer than "
                f"{block_size:,} bytes, or a quoted value in it never ends"
            ) from error

    def _reader(self, columns: Sequence[str], block_size: int) -> pa_csv.CSVStreamingReader:
        return pa_csv.open_csv(
            self._stream,
            # Only the serial reader numbers the misfits.
            read_options=pa_csv.ReadOptions(block_size=block_size, use_threads=False),
            parse_options=pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=self._skip),
            convert_options=pa_csv.ConvertOptions(
                check_utf8=False,  # the stream has done so
                column_types={name: pa.string() for name in columns},
                include_columns=list(columns),
                include_missing_columns=True,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )

    def _skip(self, row: pa_csv.InvalidRow) -> str:
        self._misfits.append(row)
        return "skip"

    def _batch(self, records: pa.RecordBatch) -> Batch:
        numbers = self._numbers(records.num_rows)
        batch = Batch(file=self._file.name, records=records, numbers=numbers, rejects=tuple(self._passed()))
        return _without_marked(batch) if self._stream.damaged else batch

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
            self._fence_seen = self._fence_seen or self._fence in row.text
            if row.text != self._fence:
                yield self._reject(row)

    def _reject(self, row: pa_csv.InvalidRow) -> Reject:
        if self._fence in row.text:
            reason = OPEN_QUOTE
        else:
            reason = f"{row.actual_columns} values where the header has {row.expected_columns}"
        text = self._unfenced(row.text)
        return Reject(file=self._file.name, number=row.number, rule="csv", reason=reason, record=text)

    def _without_last(self, batch: Batch) -> Batch:
        """Return the batch with its last record, which has swallowed the fence, among its rejects."""
        before = batch.records.num_rows - 1
        (values,) = batch.records.slice(before).to_pylist()
        reject = Reject(
            file=batch.file,
            number=batch.numbers[before].as_py(),
            rule="csv",
            reason=OPEN_QUOTE,
            record={name: value and self._unfenced(value) for name, value in values.items()},
        )
        return replace(
            batch,
            records=batch.records.slice(0, before),
            numbers=batch.numbers.slice(0, before),
            rejects=(*batch.rejects, reject),
        )

    def _unfenced(self, text: str) -> str:
        return text.partition(f"\n{self._fence}")[0]


def _without_marked(batch: Batch) -> Batch:
    """Return the batch without the records that hold bytes which were not UTF-8."""
    marked = (pc.match_substring(column, MARK).fill_null(False) for column in batch.records.columns)
    return batch.reject(functools.reduce(pc.or_, marked), rule="utf-8", reason=NOT_UTF8)
