"""JSON Lines: what is a record, what is not, and where it stood."""

import json
from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from record_io import Reject, UnreadableInputError

Read = Callable[..., tuple[list[dict[str, object]], list[int], list[Reject]]]

SCHEMA = pa.schema({"i": pa.int64(), "f": pa.float64(), "t": pa.bool_(), "s": pa.string()})


def test_values_have_the_type_they_have_in_json(read: Read) -> None:
    """Names that are left out or null are null, other names are passed over, an integer may be a float."""
    data = b'{"i": 1, "f": 2, "t": true, "s": "x", "other": {"i": 9}}\n\n  {"s": "", "i": null} \r\n'
    records, numbers, rejects = read(data, "x.jsonl", schema=SCHEMA)
    assert records == [{"i": 1, "f": 2.0, "t": True, "s": "x"}, {"i": None, "f": None, "t": None, "s": ""}]
    assert numbers == [1, 3]
    assert not rejects


@pytest.mark.parametrize(
    ("line", "rule", "reason"),
    [
        (b'{"i": 1.0}', "type", "i: 1.0 is not a whole number of 64 bits"),
        (b'{"i": "1"}', "type", 'i: "1" is not a whole number of 64 bits'),
        (b'{"i": true}', "type", "i: true is not a whole number of 64 bits"),
        (b'{"i": 9223372036854775808}', "type", "i: 9223372036854775808 is not a whole number of 64 bits"),
        (b'{"f": "1"}', "type", 'f: "1" is not a number'),
        (b'{"f": false}', "type", "f: false is not a number"),
        (b'{"t": 1}', "type", "t: 1 is not true or false"),
        (b'{"s": 1}', "type", "s: 1 is not a text"),
        (b'{"s": ["x"]}', "type", 's: ["x"] is not a text'),
        (rb'{"s": "\ud800"}', "type", r's: "\ud800" is not a text'),
        (b'{"s": "\xff"}', "utf-8", "a byte is not UTF-8"),
        (b'{"i": 1, "i": 1}', "json", "i: is named twice"),
        (b'{"i": 1}{"i": 2}', "json", "not JSON: Extra data: line 1 column 9 (char 8)"),
        (b'{"i": 1', "json", "not JSON: Expecting ',' delimiter: line 1 column 8 (char 7)"),
        (b'[{"i": 1}]', "json", "not a JSON object"),
        (b"1", "json", "not a JSON object"),
    ],
)
def test_a_line_that_is_no_record_is_rejected_alone(read: Read, line: bytes, rule: str, reason: str) -> None:
    """The lines around it are records with their own numbers; nothing is converted."""
    data = b'{"i": 1}\n' + line + b'\n{"i": 3}\n'
    records, numbers, rejects = read(data, "x.jsonl", schema=SCHEMA)
    assert [record["i"] for record in records] == numbers == [1, 3]
    (reject,) = rejects
    assert (reject.file, reject.number, reject.rule, reject.reason) == ("x.jsonl", 2, rule, reason)


def test_objects_are_lines_even_where_arrow_would_not_mind(read: Read) -> None:
    """One object over two lines, made up for by two objects on one, is three bad lines."""
    data = b'{"i":\n1}\n{"i": 2}{"i": 3}\n'
    records, _, rejects = read(data, "x.jsonl", schema=SCHEMA)
    assert not records
    assert [reject.number for reject in rejects] == [1, 2, 3]


@pytest.mark.parametrize("block_size", [16, 40, 1 << 20])
def test_numbers_do_not_depend_on_the_size_of_blocks(read: Read, block_size: int) -> None:
    """Lines keep their numbers whether their block was read at once or line by line."""
    lines = [b"x" if number % 10 == 0 else b'{"i": %d}' % number for number in range(1, 101)]
    records, numbers, rejects = read(b"\n".join(lines), "x.ndjson", schema=SCHEMA, block_size=block_size)
    assert [record["i"] for record in records] == numbers
    assert [reject.number for reject in rejects] == list(range(10, 101, 10))


def test_a_line_without_an_end_is_an_error(read: Read) -> None:
    """Memory stays bounded even if a file is one line."""
    with pytest.raises(UnreadableInputError) as raised:
        read(b'{"s": "' + b"x" * 1000, "x.jsonl", schema=SCHEMA, block_size=16)
    assert str(raised.value) == "x.jsonl: a line is longer than 256 bytes"


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "i": st.none() | st.integers(-(2**63), 2**63 - 1),
        "f": st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53),
        "t": st.none() | st.booleans(),
        "s": st.none() | st.text(st.characters(exclude_categories=["Cs", "Cn"])),
        "other": st.recursive(st.none() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=3)),
    },
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(VALUES), st.booleans())
def test_reading_at_once_and_line_by_line_agree(
    read: Read, objects: list[dict[str, object]], ascii_only: bool
) -> None:
    """A bad line in a block changes how the others are read, never what is read."""
    lines = [json.dumps(one, ensure_ascii=ascii_only) for one in objects]
    fast, _, none = read("\n".join(lines).encode(), "x.jsonl", schema=SCHEMA)
    slow, _, (bad,) = read("\n".join(["x", *lines]).encode(), "x.jsonl", schema=SCHEMA)
    assert fast == slow == [{name: one.get(name) for name in SCHEMA.names} for one in objects]
    assert not none
    assert bad.number == 1
