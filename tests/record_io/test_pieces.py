"""Files that are cut in pieces."""

from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from record_io import Input, cut, find_inputs, read_records
from record_io.sources import open_source


def read_piece(piece: Input, at_once: int) -> bytes:
    """Read a piece to its end, so many bytes at a time."""
    found = b""
    with closing(open_source(piece)) as source:
        while block := source.read1(at_once):
            found += block
    return found


@settings(max_examples=200, deadline=None)
@given(
    data=st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\r\n", b"\n\n", "é".encode()])).map(b"".join),
    size=st.integers(1, 9),
    at_once=st.integers(1, 9),
)
def test_each_line_is_in_the_piece_that_it_begins_in(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, size: int, at_once: int
) -> None:
    """Together the pieces are the file, and between two of them a line ends."""
    folder = tmp_path_factory.mktemp("pieces")
    (folder / "x.jsonl").write_bytes(data)
    pieces = list(cut(find_inputs(folder), size))
    found = [read_piece(piece, at_once) for piece in pieces]
    assert b"".join(found) == data
    begins = 0
    for piece, text in zip(pieces, found, strict=True):
        assert not text or piece.start <= begins < (piece.stop or len(data) + 1)
        assert not text or begins == 0 or data[begins - 1 : begins] == b"\n"
        begins += len(text)


def test_what_cannot_be_cut_is_one_piece(tmp_path: Path) -> None:
    """Compressed files, and CSV, where a line break may stand inside a value."""
    for name in ("a.csv", "b.jsonl.gz", "c.ndjson"):
        (tmp_path / name).write_bytes(b"x" * 25)
    pieces = [(one.name, one.start, one.stop) for one in cut(find_inputs(tmp_path), 10)]
    assert pieces == [
        ("a.csv", 0, None),
        ("b.jsonl.gz", 0, None),
        ("c.ndjson", 0, 10),
        ("c.ndjson", 10, 20),
        ("c.ndjson", 20, 30),
    ]


def test_records_are_numbered_in_their_piece(tmp_path: Path) -> None:
    """`last` counts blank lines too, so that those of the next piece can follow; a byte order mark is passed over."""
    (tmp_path / "x.jsonl").write_bytes(b'\xef\xbb\xbf{"n": 1}\n\n\n{"n": 2}\n?\n\n')
    schema = pa.schema({"n": pa.int64()})
    found = [
        (piece.start, batch.numbers.to_pylist(), [reject.number for reject in batch.rejects], batch.last)
        for piece in cut(find_inputs(tmp_path), 12)
        for batch in read_records([piece], schema)
    ]
    assert found == [(0, [1], [], 1), (12, [3], [4], 4), (24, [], [], 1)]
