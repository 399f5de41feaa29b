"""JSON Lines (one object a line, UTF-8) as batches of typed columns."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pa_json

from record_io.batches import Batch, Reject
from record_io.errors import UnreadableInputError
from record_io.inputs import Input
from record_io.json_line import LineError, parse_line
from record_io.sources import open_source
from record_io.streams import MARK, TextStream

_LONGEST: Final = 16  # blocks a line may be long


def read_jsonl(file: Input, schema: pa.Schema, *, block_size: int) -> Iterator[Batch]:
    """Yield the file's records, about `block_size` bytes at a time, with the columns of `schema`.

    Its types may be string, int64, float64 and bool; a value must have that type in JSON (an integer may
    stand for a float), or be null, or be left out. Other names are passed over. A line that is not one object
    in UTF-8, names a column twice, or has a value of another type becomes a reject; blank lines are nothing.
    Raises UnreadableInputError for a line longer than 16 blocks.
    """
    number = 1
    with TextStream(file, open_source(file)) as stream:
        for block in _blocks(file, stream, block_size):
            lines = pc.split_pattern(pa.array([block], pa.string()), "\n").flatten()
            batch = _batch(file, lines, pa.arange(number, number + len(lines)), schema)
            number += len(lines)
            yield replace(batch, last=number - 1)


def _blocks(file: Input, stream: TextStream, size: int) -> Iterator[bytes]:
    """Yield the stream in blocks of whole lines, without the last line break of each."""
    rest = b""
    while block := stream.read(size):
        lines, newline, tail = block.rpartition(b"\n")
        if newline:
            yield rest + lines
            rest = b""
        rest += tail
        if len(rest) > _LONGEST * size:
            raise UnreadableInputError(f"{file.name}: a line is longer than {_LONGEST * size:,} bytes")
    if rest:
        yield rest


def _batch(file: Input, lines: pa.Array, numbers: pa.Array, schema: pa.Schema) -> Batch:
    lines = pc.ascii_trim_whitespace(lines)
    filled = pc.not_equal(lines, "")
    lines, numbers = lines.filter(filled), numbers.filter(filled)
    records = _parse(lines, schema)
    if records is None:
        return _parse_each(file, lines, numbers, schema)
    return Batch(file=file.name, records=records, numbers=numbers)


def _parse(lines: pa.Array, schema: pa.Schema) -> pa.RecordBatch | None:
    """Return the records of all lines at once, or None unless every line is one good object.

    Arrow does not care about lines. But no line break may stand inside a JSON string, and between two objects
    inside of another value stands a comma: so if all lines begin with `{` and end with `}`, and are as many
    as the objects read from them, then each is one object.
    """
    objects = pc.and_(pc.starts_with(lines, "{"), pc.ends_with(lines, "}"))
    if pc.any(pc.invert(objects)).as_py() or pc.any(pc.match_substring(lines, MARK)).as_py():
        return None
    text = pc.binary_join(pa.ListArray.from_arrays([0, len(lines)], lines), "\n")[0].as_buffer()
    try:
        table = pa_json.read_json(
            pa.BufferReader(text),
            pa_json.ReadOptions(use_threads=False, block_size=text.size + 1),
            pa_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
        )
    except pa.ArrowInvalid:
        return None
    return table.combine_chunks().to_batches()[0] if len(table) == len(lines) else None


def _parse_each(file: Input, lines: pa.Array, numbers: pa.Array, schema: pa.Schema) -> Batch:
    """Return the records line by line, with a reject for each line that is not one."""
    good: dict[int, dict[str, object]] = {}
    rejects = []
    for line, number in zip(lines.to_pylist(), numbers.to_pylist(), strict=True):
        try:
            good[number] = parse_line(line, schema)
        except LineError as error:
            rejects.append(_reject(file, number, line, error))
    return Batch(
        file=file.name,
        records=pa.RecordBatch.from_pylist(list(good.values()), schema),
        numbers=pa.array(list(good), pa.int64()),
        rejects=tuple(rejects),
    )


def _reject(file: Input, number: int, line: str, error: LineError) -> Reject:
    return Reject(
        file=file.name, number=number, column=error.column, rule=error.rule, reason=error.reason, record=line
    )
