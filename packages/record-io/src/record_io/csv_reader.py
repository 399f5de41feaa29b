"""CSV (RFC 4180: comma, double quotes, UTF-8, a header) as batches of text columns."""

import csv
import functools
import io
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from record_io.batches import Batch
from record_io.csv_rows import Rows
from record_io.errors import RecordIOError, UnreadableInputError
from record_io.inputs import Input
from record_io.sources import open_source
from record_io.streams import MARK, TextStream


def read_csv(file: Input, columns: Sequence[str], *, block_size: int) -> Iterator[Batch]:
    """Yield the file's records, about `block_size` bytes at a time, with `columns` as text, in that order.

    An empty value without quotes is null, and so is a column that the header does not have. Rows that are
    wider or narrower than the header, hold bytes that are not UTF-8 in one of `columns`, or begin a quoted
    value that never ends become rejects. A file without a byte has no records.
    Raises UnreadableInputError for a header that cannot be used, and for a record longer than a block.
    """
    with TextStream(file, open_source(file)) as stream:
        header = _header(file, stream.peek(block_size).decode(errors="ignore"))
        if not header:
            return
        schema = pa.schema([(name, pa.string()) for name in columns])
        rows = Rows(file.name, schema, width=len(header))
        stream.append(f"\n{rows.fence}\n".encode())
        for batch in rows.batches(_parsed(file, stream, schema, rows, block_size)):
            yield _without_marked(batch) if stream.damaged else batch


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


def _parsed(
    file: Input, stream: TextStream, schema: pa.Schema, rows: Rows, block_size: int
) -> Iterator[pa.RecordBatch]:
    """Yield what Arrow reads; the rows that are wider or narrower than the header go to `rows.skip`."""
    try:
        with _reader(stream, schema, rows, block_size) as reader:
            yield from reader
    except pa.ArrowInvalid as error:
        raise UnreadableInputError(
            f"{file.name}: cannot be read on after row {rows.last}: a record is longer than "
            f"{block_size:,} bytes, or a quoted value in it never ends"
        ) from error


@contextmanager
def _reader(
    stream: TextStream, schema: pa.Schema, rows: Rows, block_size: int
) -> Iterator[pa_csv.CSVStreamingReader]:
    reader = pa_csv.open_csv(
        stream,
        # Only the serial reader numbers the rows that it skips.
        pa_csv.ReadOptions(block_size=block_size, use_threads=False),
        pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=rows.skip),
        pa_csv.ConvertOptions(
            check_utf8=False,  # the stream has done so
            column_types=schema,
            include_columns=schema.names,
            include_missing_columns=True,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    try:
        yield reader
    finally:
        # Arrow reads ahead in a thread of its own, which must be through with our stream before we close it.
        stream.stop()
        with suppress(pa.ArrowInvalid, RecordIOError):
            deque(reader, maxlen=0)


def _without_marked(batch: Batch) -> Batch:
    """Return the batch with the records that hold bytes which were not UTF-8 among its rejects."""
    marked = (pc.match_substring(column, MARK).fill_null(False) for column in batch.records.columns)
    return batch.reject(functools.reduce(pc.or_, marked), rule="utf-8", reason="a byte is not UTF-8")
