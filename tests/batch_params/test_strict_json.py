"""The JSON reader: the standard library's values, a place for each of them, and no leniency."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.batch_params.unhurried import UNHURRIED

from batch_params.problems import KeyPath, Position
from batch_params.strict_json import MAX_DEPTH, InvalidJsonError, parse

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)
LAYOUTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"indent": st.sampled_from([None, 0, 3]), "ensure_ascii": st.booleans()}
)


def paths(value: Any, path: KeyPath = ()) -> list[tuple[KeyPath, Any]]:
    """List every path in a JSON value with what stands there."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(path, value), *(found for step, part in steps for found in paths(part, (*path, step)))]


def offset(text: str, position: Position) -> int:
    """Find a position's offset in the text by walking its lines."""
    lines = text.split("\n")
    return sum(len(line) + 1 for line in lines[: position.line - 1]) + position.column - 1


@UNHURRIED
@given(VALUES, LAYOUTS)
def test_values_are_those_of_the_standard_library(value: Any, layout: dict[str, Any]) -> None:
    """A document without duplicate keys reads as json.loads reads it, to the very type of each number."""
    text = json.dumps(value, **layout)
    parsed = parse(text)
    assert repr(parsed.value) == repr(json.loads(text))
    assert parsed.faults == ()


@UNHURRIED
@given(VALUES, LAYOUTS)
def test_places_point_at_keys_and_values(value: Any, layout: dict[str, Any]) -> None:
    """Decoding the text from a recorded place gives back exactly the key, or the value, of that path."""
    text = json.dumps(value, **layout)
    parsed, decoder = parse(text), json.JSONDecoder()
    found = paths(value)
    assert parsed.places.keys() == {path for path, _ in found}
    for path, expected in found:
        place = parsed.places[path]
        assert decoder.raw_decode(text, offset(text, place.value))[0] == expected
        if path and isinstance(path[-1], str):
            assert decoder.raw_decode(text, offset(text, place.key))[0] == path[-1]
        else:
            assert place.key == place.value


@UNHURRIED
@given(st.text(alphabet='{}[]":,0123456789.eE+-truefalsn \n\\u"NaI') | st.text())
def test_what_the_standard_library_refuses_is_refused(text: str) -> None:
    """Any text is read as json.loads reads it, or refused where that refuses or has half a character."""
    try:
        expected = json.loads(text)
        json.dumps(expected, ensure_ascii=False).encode()
    except ValueError:
        with pytest.raises(InvalidJsonError):
            parse(text)
        return
    assert repr(parse(text).value) == repr(expected)


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("", 1, 1, "expecting value, but the text ends"),
        ("{", 1, 2, "expected a key in double quotes, but the text ends"),
        ("{'a': 1}", 1, 2, "expected a key in double quotes"),
        ('{"a" 1}', 1, 6, "expected ':' after the key"),
        ('{"a": }', 1, 7, "expecting value"),
        ('{\n "a": 1\n "b": 2}', 3, 2, "expected ',' or '}'"),
        ('{"a": 1,\n}', 2, 1, "trailing comma before '}'"),
        ("[1, 2,]", 1, 7, "trailing comma before ']'"),
        ("[1, 2", 1, 6, "expected ',' or ']', but the text ends"),
        ("{} {}", 1, 4, "text after the end of the JSON value"),
        ('["a\nb"]', 1, 4, "invalid control character at"),
        ('["é', 1, 2, "unterminated string starting at"),
        ("[True]", 1, 2, "expecting value"),
        ("[01]", 1, 3, "expected ',' or ']'"),
        ("[" + "9" * 5000 + "]", 1, 2, "number with too many digits"),
    ],
)
def test_invalid_json_says_where_and_what(text: str, line: int, column: int, message: str) -> None:
    """The first place where a text stops being JSON is named, in lines and characters counted from 1."""
    with pytest.raises(InvalidJsonError) as refusal:
        parse(text)
    assert (refusal.value.position, str(refusal.value)) == (Position(line=line, column=column), message)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_numbers_that_are_not_finite_are_faults(number: str) -> None:
    """NaN and the infinities, spelt out or by overflow, are no JSON numbers (RFC 8259, section 6)."""
    (fault,) = parse(f'{{"a": [0, {number}]}}').faults
    assert (fault.key, fault.position) == (("a", 1), Position(line=1, column=11))


def test_a_duplicate_key_is_a_fault_at_its_second_place() -> None:
    """The last value stands; the fault is at the second key and names the first one's line."""
    parsed = parse('{"a": {"k": 1,\n "b": 2,\n "k": 3}}')
    (fault,) = parsed.faults
    assert (fault.key, fault.position) == (("a", "k"), Position(line=3, column=2))
    assert fault.message == "duplicate key; the first is on line 1"
    assert parsed.value == {"a": {"k": 3, "b": 2}}


def test_keys_that_differ_only_in_their_escapes_are_duplicates() -> None:
    r"""`"a"` and `"\u0061"` are the same key."""
    assert len(parse(r'{"a": 1, "\u0061": 2}').faults) == 1


def test_half_a_surrogate_pair_is_refused_and_a_whole_one_is_read() -> None:
    """An unpaired surrogate is no character, and pydantic's parser refuses it; a pair is one character."""
    with pytest.raises(InvalidJsonError, match="half of a surrogate pair"):
        parse(r'["\ud83d"]')
    assert parse(r'["\ud83d\ude00"]').value == ["\U0001f600"]


def test_nesting_is_limited_before_the_interpreter_is() -> None:
    """A document as deep as the limit is read; one level more is an error and no RecursionError."""
    deepest = "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)
    assert parse(deepest).faults == ()
    with pytest.raises(InvalidJsonError, match="nested deeper than 100 levels"):
        parse("[" * 100_000)
