"""Compressed input, and input that breaks off."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from record_io import Reject, UnreadableInputError, find_inputs, read_records

Read = Callable[..., tuple[list[dict[str, object]], list[int], list[Reject]]]

CSV = b"a,b\n" + b"".join(b"%d,%d\n" % (number, number * 7919 % 104729) for number in range(20_000))
JSONL = b'{"a": "1"}\n' * 9


@pytest.mark.parametrize(("name", "data"), [("x.csv.gz", CSV), ("x.jsonl.gz", JSONL)])
def test_gzip_reads_like_plain(read: Read, name: str, data: bytes) -> None:
    """Compression changes nothing, also in several members one after the other (RFC 1952, 2.2)."""
    plain = read(data, name.removesuffix(".gz"))
    assert read(gzip.compress(data), name) == plain
    half = len(data) // 2
    assert read(gzip.compress(data[:half]) + gzip.compress(data[half:]), name) == plain


@pytest.mark.parametrize("name", ["x.csv.gz", "x.jsonl.gz"])
def test_a_gzip_stream_that_was_cut_is_an_error_with_its_place(read: Read, name: str) -> None:
    """The records before the cut do not pass for the whole file."""
    data = gzip.compress(CSV if name == "x.csv.gz" else JSONL)
    with pytest.raises(UnreadableInputError) as raised:
        read(data[:-9], name, block_size=1 << 16)
    assert str(raised.value).startswith(f"{name}: cannot be read on after ")
    assert "decompressed bytes: Compressed file ended before the end-of-stream marker" in str(raised.value)


def test_a_damaged_gzip_stream_is_an_error(read: Read) -> None:
    """One changed byte is noticed, by the checksum if by nothing else."""
    data = bytearray(gzip.compress(CSV))
    data[-8] ^= 1
    with pytest.raises(UnreadableInputError, match=r"^x.csv.gz: cannot be read on after [0-9,]+ decom"):
        read(bytes(data), "x.csv.gz")


def test_a_plain_file_that_is_called_gz_is_an_error(read: Read) -> None:
    """The name decides; a file that is not what it says is not guessed at."""
    with pytest.raises(UnreadableInputError, match="Not a gzipped file"):
        read(b"a,b\n1,2\n", "x.csv.gz")


def test_files_follow_one_another(tmp_path: Path) -> None:
    """A folder's files are read in order, each with its own name, header and numbers."""
    (tmp_path / "1.csv").write_bytes(b"b,a\n2,1\n")
    (tmp_path / "2.jsonl.gz").write_bytes(gzip.compress(b'{"a": "3"}'))
    schema = pa.schema({"a": pa.string()})
    batches = [batch for batch in read_records(find_inputs(tmp_path), schema) if batch.size]
    assert [(batch.file, batch.numbers.to_pylist(), batch.records.to_pylist()) for batch in batches] == [
        ("1.csv", [2], [{"a": "1"}]),
        ("2.jsonl.gz", [1], [{"a": "3"}]),
    ]
