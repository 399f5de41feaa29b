"""Rules over records: who passes, who does not, and why."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from record_io import Batch, Reject
from record_rules import Checker, Rules

Check = Callable[[str, Mapping[str, Sequence[object]]], Batch]

KEY = 'key = ["k"]\ncolumns.k.type = "string"\n'


@pytest.mark.parametrize(
    ("rule", "good", "bad", "reason"),
    [
        ('type = "string"', "", None, "x: no value where one is required"),
        ('type = "int"', "7", "7.0", "x: '7.0' is not a whole number of 64 bits"),
        ('type = "float"', "7.5", "n/a", "x: 'n/a' is not a finite number"),
        ('type = "bool"', "TRUE", "1", "x: '1' is not true or false"),
        ('type = "date"', "2020-02-29", "2021-02-29", "x: '2021-02-29' is not a date"),
        (
            'type = "date"\nformat = "%d.%m.%Y"',
            "29.02.2020",
            "2020-02-29",
            "x: '2020-02-29' is not a date of the form %d.%m.%Y",
        ),
        (
            'type = "timestamp"',
            "2020-02-29 12:00",
            "2020-02-29 12:00Z",
            "x: '2020-02-29 12:00Z' is not a date and time without a zone",
        ),
        ('type = "int"\nmin = 3', "3", "2", "x: '2' is less than 3"),
        ('type = "float"\nmax = 90', "90.0", "90.1", "x: '90.1' is more than 90.0"),
        (
            'type = "date"\nmin = 2020-01-01',
            "2020-01-01",
            "2019-12-31",
            "x: '2019-12-31' is less than 2020-01-01",
        ),
        ('type = "string"\npattern = "a|bc"', "bc", "abc", "x: 'abc' does not match a|bc"),
        ('type = "string"\npattern = "a.c"', "abc", "abc\n", r"x: 'abc\n' does not match a.c"),
        ('type = "string"\nallowed = ["u", "v"]', "v", "V", "x: 'V' is not one of u, v"),
        ('type = "int"\nallowed = [1, 2]', "01", "3", "x: '3' is not one of 1, 2"),
        ('type = "string"\nmax_length = 2', "éé", "ééé", "x: 'ééé' is longer than 2 characters"),
    ],
)
def test_a_rule_tells_good_from_bad(check: Check, rule: str, good: str, bad: str | None, reason: str) -> None:
    """Each rule passes a value at its limit, rejects one beyond, and says so with value and limit."""
    batch = check(f"{KEY}[columns.x]\n{rule}", {"k": ["1", "2"], "x": [good, bad]})
    assert batch.numbers.to_pylist() == [1]
    (reject,) = batch.rejects
    assert (reject.file, reject.number, reject.column, reject.reason) == ("x", 2, "x", reason)
    assert reject.record == {"k": "2", "x": bad}


@pytest.mark.parametrize(
    "rule",
    [
        'type = "int"\nmin = 3\nmax = 4\nallowed = [3]',
        'type = "string"\npattern = "x"\nallowed = ["x"]\nmax_length = 1',
    ],
)
def test_a_value_that_is_not_required_may_be_missing(check: Check, rule: str) -> None:
    """A missing value is null and breaks no other rule."""
    batch = check(
        f"{KEY}[columns.x]\nrequired = false\n{rule}", {"k": ["1"], "x": pa.array([None], pa.string())}
    )
    assert batch.records.to_pylist() == [{"k": "1", "x": None}]


def test_good_records_have_the_types_of_the_rules(check: Check) -> None:
    """Text becomes values, and columns that are required cannot be null."""
    text = f'{KEY}[columns.n]\ntype = "int"\n[columns.d]\ntype = "date"\nrequired = false'
    batch = check(text, {"k": ["1"], "n": ["007"], "d": ["2020-02-29"]})
    assert batch.records.to_pylist() == [{"k": "1", "n": 7, "d": dt.date(2020, 2, 29)}]
    assert [field.nullable for field in batch.records.schema] == [False, False, True]


def test_the_first_broken_rule_is_named(check: Check) -> None:
    """Columns in the order of the file, and of each column its presence, then its type, then its limits."""
    text = f'{KEY}[columns.a]\ntype = "int"\nmin = 1\n[columns.b]\ntype = "int"'
    batch = check(text, {"k": ["1", "2", "3", None], "a": ["0", "x", "1", "0"], "b": ["x", "x", "x", "x"]})
    named = [(reject.number, reject.column, reject.rule) for reject in batch.rejects]
    assert named == [(1, "a", "min"), (2, "a", "type"), (3, "b", "type"), (4, "k", "required")]


def test_rejects_of_the_reader_are_kept_in_their_place(rules: Callable[[str], Rules]) -> None:
    """Malformed records and those that break a rule come in the order of the file."""
    malformed = Reject(file="x", number=2, rule="csv", reason="why", record="?")
    records = pa.record_batch({"k": pa.array(["1", None, None], pa.string())})
    batch = Batch(file="x", records=records, numbers=pa.array([1, 3, 4]), rejects=(malformed,))
    checked = Checker(rules(KEY)).check(batch)
    assert [(reject.number, reject.rule) for reject in checked.rejects] == [
        (2, "csv"),
        (3, "required"),
        (4, "required"),
    ]


def test_json_is_read_in_the_types_that_it_has(rules: Callable[[str], Rules]) -> None:
    """Dates are text in JSON; everything else is asked for as itself."""
    columns = [f'[columns.{kind}]\ntype = "{kind}"' for kind in ("int", "float", "bool", "date", "timestamp")]
    checker = Checker(rules("\n".join([KEY, *columns])))
    assert [str(one) for one in checker.reading.types] == [
        "string",
        "int64",
        "double",
        "bool",
        "string",
        "string",
    ]
    assert [str(one) for one in checker.schema.types[-2:]] == ["date32[day]", "timestamp[us]"]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.none() | st.integers(-5, 5).map(str) | st.sampled_from(["x", "", "1.0"])))
def test_the_columns_and_plain_python_agree(check: Check, values: list[str | None]) -> None:
    """For each record the verdict is what a loop over single values would say."""
    ids = [str(number) for number in range(len(values))]
    text = f'{KEY}[columns.x]\ntype = "int"\nrequired = false\nmin = -3\nmax = 3'
    batch = check(text, {"k": pa.array(ids, pa.string()), "x": pa.array(values, pa.string())})

    def good(value: str | None) -> bool:
        return value is None or (value.lstrip("-").isdigit() and -3 <= int(value) <= 3)

    expected = [(id_, value and int(value)) for id_, value in zip(ids, values, strict=True) if good(value)]
    assert [(record["k"], record["x"]) for record in batch.records.to_pylist()] == expected
