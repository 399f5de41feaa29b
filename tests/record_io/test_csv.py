"""CSV: what is a record, what is not, and where it stood."""

import csv
import io
import random
from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from record_io import Reject, UnreadableInputError

Read = Callable[..., tuple[list[dict[str, object]], list[int], list[Reject]]]


def placed(rejects: list[Reject]) -> list[tuple[int, str, str]]:
    """Return where each reject stood, the rule and the reason."""
    assert {reject.file for reject in rejects} <= {"x.csv"}
    return [(reject.number, reject.rule, reject.reason) for reject in rejects]


def test_values_are_text_and_nothing_is_guessed(read: Read) -> None:
    """Numbers, NA and spaces stay as they stand; only an empty value without quotes is null."""
    records, numbers, rejects = read(b'a,b\n007,NA\n,""\n nan ,1e3\n')
    assert records == [{"a": "007", "b": "NA"}, {"a": None, "b": ""}, {"a": " nan ", "b": "1e3"}]
    assert numbers == [2, 3, 4]
    assert not rejects


def test_columns_come_in_the_order_asked_for(read: Read) -> None:
    """Columns that are not asked for are not read, and one that the header lacks is null."""
    records, _, _ = read(b"b,c\n1,2\n")
    assert [list(record.items()) for record in records] == [[("a", None), ("b", "1")]]


def test_a_row_of_another_width_is_rejected_with_its_text_and_number(read: Read) -> None:
    """The others keep their numbers: blank lines do not count, values with line breaks count once."""
    data = b'a,b\n1,2\n1\n\n"x\ny",2\n1,2,3\n"p\nq"\n5,6\n'
    records, numbers, rejects = read(data)
    assert numbers == [2, 4, 7]
    assert [record["a"] for record in records] == ["1", "x\ny", "5"]
    assert placed(rejects) == [
        (3, "csv", "1 values where the header has 2"),
        (5, "csv", "3 values where the header has 2"),
        (6, "csv", "1 values where the header has 2"),
    ]
    assert [reject.record for reject in rejects] == ["1", "1,2,3", '"p\nq"']


@pytest.mark.parametrize("block_size", [32, 64, 1 << 20])
def test_numbers_do_not_depend_on_the_size_of_blocks(read: Read, block_size: int) -> None:
    """Whatever Arrow parses at once, each record and each reject has the number of its row."""
    widths = random.Random(7).choices([1, 2, 3], k=300)  # noqa: S311
    rows = [",".join([str(number)] * width) for number, width in enumerate(widths, start=2)]
    data = "\n".join(["a,b", *rows]).encode()
    records, numbers, rejects = read(data, block_size=block_size)
    assert [record["a"] for record in records] == [str(number) for number in numbers]
    assert [reject.record for reject in rejects] == [rows[reject.number - 2] for reject in rejects]
    assert sorted([*numbers, *(reject.number for reject in rejects)]) == list(range(2, 302))


def test_bytes_that_are_not_utf_8_reject_their_record_alone(read: Read) -> None:
    """Latin-1 in one value costs that record, even where the row has the wrong width as well."""
    records, numbers, rejects = read("a,b\n1,é\n".encode() + b"2,\xe9\n\xe9\n4,5\n")
    assert records == [{"a": "1", "b": "é"}, {"a": "4", "b": "5"}]
    assert numbers == [2, 5]
    assert sorted(placed(rejects)) == [
        (3, "utf-8", "a byte is not UTF-8"),
        (4, "csv", "1 values where the header has 2"),
    ]


def test_a_byte_order_mark_and_dos_line_ends_are_no_part_of_any_value(read: Read) -> None:
    """A file saved by a spreadsheet program reads like any other."""
    records, _, rejects = read(b"\xef\xbb\xbfa,b\r\n1,2\r\n")
    assert records == [{"a": "1", "b": "2"}]
    assert not rejects


@pytest.mark.parametrize("row", [b'2,"x\n', b'"2,x\n'])
def test_a_quote_that_is_never_closed_is_one_reject_and_not_one_long_value(read: Read, row: bytes) -> None:
    """The rest of the file is in the reject's record, so nothing disappears into a value that is accepted."""
    records, numbers, rejects = read(b"a,b\n1,1\n" + row + b"3,3\n4,4")
    assert records == [{"a": "1", "b": "1"}]
    assert numbers == [2]
    assert placed(rejects) == [(3, "csv", "a quoted value never ends")]
    assert r"3,3\n4,4" in repr(rejects[0].record)


def test_a_quote_that_is_closed_on_the_last_line_is_a_good_record(read: Read) -> None:
    """The control of the test above: a value that spans to the end of the file, and ends there."""
    records, _, rejects = read(b'a,b\n2,"x\n3,3\n4,4"')
    assert records == [{"a": "2", "b": "x\n3,3\n4,4"}]
    assert not rejects


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"a,b,a\n1,2,3\n", "x.csv: row 1: more than one column is called 'a'"),
        (b"a,\xff\n1,2\n", "x.csv: row 1: the header is not UTF-8"),
        (b'a,"b\n1,2\n', "x.csv: row 1: not a CSV header: unexpected end of data"),
    ],
)
def test_a_header_that_cannot_be_used_is_an_error(read: Read, data: bytes, sentence: str) -> None:
    """Without a header no row is a record, so the file is named instead."""
    with pytest.raises(UnreadableInputError) as raised:
        read(data)
    assert str(raised.value) == sentence


def test_a_record_longer_than_a_block_is_an_error_with_its_place(read: Read) -> None:
    """Memory stays bounded even if a quote swallows a whole file."""
    with pytest.raises(UnreadableInputError) as raised:
        read(b'a,b\n1,2\n3,4\n5,"' + b"x\n" * 200, block_size=64)
    assert str(raised.value).startswith("x.csv: cannot be read on after row ")


@pytest.mark.parametrize("data", [b"", b"\n\n", b"a,b", b"a,b\n", b"\xef\xbb\xbf"])
def test_a_file_without_rows_has_no_records(read: Read, data: bytes) -> None:
    """An empty file, and a header alone, are no error."""
    assert read(data) == ([], [], [])


def test_one_column_is_enough(read: Read) -> None:
    """A file with one column has records, and blank lines between them are nothing."""
    records, numbers, rejects = read(b"a\n1\n\n2\n", schema=pa.schema({"a": pa.string()}))
    assert (records, numbers, rejects) == ([{"a": "1"}, {"a": "2"}], [2, 3], [])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(*[st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=5)] * 2)))
def test_what_python_writes_is_read_back(read: Read, rows: list[tuple[str, str]]) -> None:
    """Any text survives: quotes, commas, line breaks, control characters, every script."""
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b"), *rows])
    records, numbers, rejects = read(file.getvalue().encode())
    assert [(record["a"], record["b"]) for record in records] == rows
    assert numbers == list(range(2, len(rows) + 2))
    assert not rejects
