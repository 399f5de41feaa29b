"""From text to values: exactly, or not at all."""

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from record_rules.parsing import parse

MOMENT = dt.datetime(2020, 2, 29, 1, 2, 3, 400000)
TYPES = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "date": pa.date32()}
TYPES["timestamp"] = pa.timestamp("us")

CASES: list[tuple[str, str, object]] = [
    ("int", "0", 0),
    ("int", "-0012", -12),
    ("int", "9223372036854775807", 2**63 - 1),
    ("int", "-9223372036854775808", -(2**63)),
    ("int", "9223372036854775808", None),
    ("int", "1" * 40, None),
    ("int", "0x1F", None),
    ("int", "0XFF", None),
    ("int", "+1", None),
    ("int", "1.0", None),
    ("int", "1e3", None),
    ("int", " 1", None),
    ("int", "1_000", None),
    ("int", "", None),
    ("int", "\u0661", None),
    ("float", "-1.5e3", -1500.0),
    ("float", ".5", 0.5),
    ("float", "5.", 5.0),
    ("float", "nan", None),
    ("float", "-inf", None),
    ("float", "1e999", None),
    ("float", "1,5", None),
    ("float", "1 ", None),
    ("float", "0x1p3", None),
    ("bool", "true", True),
    ("bool", "False", False),
    ("bool", "1", None),
    ("bool", "yes", None),
    ("date", "2020-02-29", dt.date(2020, 2, 29)),
    ("date", "2019-02-29", None),
    ("date", "2020-2-29", None),
    ("date", "29-02-2020", None),
    ("date", "2020-02-29T00:00:00", None),
    ("timestamp", "2020-02-29T01:02:03.4", MOMENT),
    ("timestamp", "2020-02-29 01:02:03.400000", MOMENT),
    ("timestamp", "2020-02-29", dt.datetime(2020, 2, 29)),
    ("timestamp", "2020-02-29T01:02:03Z", None),
    ("timestamp", "2020-02-29T01:02:03+01:00", None),
    ("timestamp", "2020-02-29T24:00:00", None),
    ("timestamp", "2020-02-29T01:02:03.1234567", None),
]


@pytest.mark.parametrize(("kind", "text", "value"), CASES)
def test_a_text_has_one_value_or_none(kind: str, text: str, value: object) -> None:
    """What is not written as the type is written is no value of it."""
    assert parse(pa.array([text, None]), TYPES[kind]).to_pylist() == [value, None]


@pytest.mark.parametrize("kind", TYPES)
@given(data=st.data())
def test_a_value_does_not_depend_on_its_neighbours(kind: str, data: st.DataObject) -> None:
    """A column that Arrow casts at once and one that it does not give each text the same value."""
    cases = [(text, value) for each, text, value in CASES if each == kind]
    column = data.draw(st.lists(st.sampled_from(cases)))
    texts = pa.array([text for text, _ in column], pa.string())
    assert parse(texts, TYPES[kind]).to_pylist() == [value for _, value in column]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("29/02/2020", dt.date(2020, 2, 29)),
        ("30/02/2020", None),
        ("1/2/2020", None),
        ("2020-02-29", None),
        ("29/02/2020 ", None),
        ("", None),
    ],
)
def test_a_format_is_kept_to_the_letter(text: str, value: object) -> None:
    """Days that do not exist and digits that are left out are not made up for, unlike strptime does."""
    assert parse(pa.array([text]), pa.date32(), "%d/%m/%Y").to_pylist() == [value]


def test_a_timestamp_may_have_a_format() -> None:
    """Parts of the time that the format does not have are zero."""
    parsed = parse(pa.array(["29.02.20 13:45"]), pa.timestamp("us"), "%d.%m.%y %H:%M")
    assert parsed.to_pylist() == [dt.datetime(2020, 2, 29, 13, 45)]


def test_typed_values_stay_unless_they_are_not_finite() -> None:
    """JSON Lines gives typed columns; NaN and infinity are no JSON."""
    assert parse(pa.array([1, None]), pa.int64()).to_pylist() == [1, None]
    assert parse(pa.array([1.5, float("nan"), float("inf")]), pa.float64()).to_pylist() == [1.5, None, None]
