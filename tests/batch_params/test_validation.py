"""A document against a model: strict, complete, and every problem at the place where it stands."""

import traceback
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, RootModel, field_validator, model_validator

from batch_params import ConfigError, Position, Problem, read_config

Refused = Callable[[type[BaseModel], str], list[str]]


class Colour(Enum):
    """An enumeration that JSON spells as a string."""

    RED = "red"


class Typed(BaseModel):
    """Types that JSON has no kind of its own for."""

    path: Path
    day: date
    moment: datetime
    wait: timedelta
    rate: Decimal
    colour: Colour
    id: UUID
    pair: tuple[int, str]
    unique: frozenset[int]
    by_number: dict[int, bool]
    share: float


class Rule(BaseModel):
    """A nested model."""

    column: str
    limit: int = Field(default=1, gt=0)


class Parameters(BaseModel):
    """The usual shapes of a job's parameters."""

    input_path: Path
    batch_size: int = Field(default=1000, gt=0)
    debug: bool = False
    rules: list[Rule] = []
    tables: dict[str, Rule] = {}
    by_number: dict[int, str] = {}
    size: int | list[int] | None = None

    @model_validator(mode="after")
    def _debugged_in_small_batches(self) -> "Parameters":
        if self.debug and self.batch_size > 10:
            raise ValueError("debug needs a\nbatch_size of 10 or less")
        return self


def test_strings_become_what_the_model_has() -> None:
    """Strictness concerns kinds: a JSON string still spells a path, date, duration, decimal, enum or UUID."""
    text = """{"path": "a/b", "day": "2026-11-24", "moment": "2026-11-24T01:02:03", "wait": "PT90S",
        "rate": "0.10", "colour": "red", "id": "12345678-1234-5678-1234-567812345678", "pair": [1, "x"],
        "unique": [1, 2], "by_number": {"7": true}, "share": 1}"""
    assert read_config(Typed, [], {"CONFIG_JSON": text}) == Typed(
        path=Path("a/b"),
        day=date(2026, 11, 24),
        moment=datetime(2026, 11, 24, 1, 2, 3),  # as written: without a time zone
        wait=timedelta(seconds=90),
        rate=Decimal("0.10"),
        colour=Colour.RED,
        id=UUID("12345678-1234-5678-1234-567812345678"),
        pair=(1, "x"),
        unique=frozenset({1, 2}),
        by_number={7: True},
        share=1.0,
    )


@pytest.mark.parametrize(
    ("member", "problem"),
    [
        ('"batch_size": "3"', "batch_size: must be a valid integer, not a string"),
        ('"batch_size": true', "batch_size: must be a valid integer, not a boolean"),
        (
            '"batch_size": 3.0',
            "batch_size: must be a valid integer, not a number with a fraction or an exponent",
        ),
        ('"batch_size": null', "batch_size: must be a valid integer, not null"),
        ('"debug": 1', "debug: must be a valid boolean, not an integer"),
        ('"debug": "true"', "debug: must be a valid boolean, not a string"),
        ('"rules": {"column": "a"}', "rules: must be a valid array, not an object"),
        ('"size": "3"', "size: must be a valid integer or must be a valid array, not a string"),
        ('"batch_size": 0', "batch_size: must be greater than 0"),
    ],
)
def test_a_wrong_value_says_what_is_expected_and_its_kind(
    refused: Refused, member: str, problem: str
) -> None:
    """Nothing is coerced; the line has the value's place, its key, what is expected and the kind found."""
    column = 23 + member.index(":")
    assert refused(Parameters, f'{{"input_path": "x", {member}}}') == [f"CONFIG_JSON:1:{column}: {problem}"]


def test_all_problems_come_at_once_in_the_order_of_the_text(refused: Refused) -> None:
    """Missing, unknown, wrong, duplicate and forbidden things of every depth are in one answer."""
    text = """{
  "batch_size": -1,
  "inptu_path": "x",
  "rules": [{"column": "a"}, {"colunm": "b", "limit": "7"}, 5],
  "tables": {"a.b": {"column": NaN}},
  "by_number": {"seven": "x"},
  "debug": true, "debug": false
}"""
    assert refused(Parameters, text) == [
        "CONFIG_JSON:1:1: input_path: missing required key",
        "CONFIG_JSON:2:17: batch_size: must be greater than 0",
        "CONFIG_JSON:3:3: inptu_path: unknown key; did you mean 'input_path'?",
        "CONFIG_JSON:4:30: rules[1].column: missing required key",
        "CONFIG_JSON:4:31: rules[1].colunm: unknown key; did you mean 'column'?",
        "CONFIG_JSON:4:55: rules[1].limit: must be a valid integer, not a string",
        "CONFIG_JSON:4:61: rules[2]: must be an object, not an integer",
        'CONFIG_JSON:5:32: tables["a.b"].column: NaN and infinite numbers are not JSON',
        "CONFIG_JSON:6:17: by_number.seven: must be a valid integer, unable to parse string as an integer"
        " (the key, not its value)",
        "CONFIG_JSON:7:18: debug: duplicate key; the first is on line 7",
    ]


def test_problems_are_values_for_programs(tmp_path: Path) -> None:
    """Source, position, key and message are fields; a program need not take the line apart."""
    file = tmp_path / "job.json"
    file.write_text('{"input_path": "x",\n "rules": [{"column": 1}]}')
    with pytest.raises(ConfigError) as refusal:
        read_config(Parameters, ["--param-json", str(file)], {})
    assert refusal.value.problems == (
        Problem(
            source=str(file),
            position=Position(line=2, column=23),
            key=("rules", 0, "column"),
            message="must be a valid string, not an integer",
        ),
    )


def test_a_duplicate_key_alone_is_refused(refused: Refused) -> None:
    """A document that would validate is still refused for saying something twice."""
    text = '{"input_path": "a", "input_path": "b"}'
    assert refused(Parameters, text) == [
        "CONFIG_JSON:1:21: input_path: duplicate key; the first is on line 1"
    ]


def test_a_models_own_check_is_reported_at_the_object(refused: Refused) -> None:
    """A model validator has no key: the object's place stands for it, and its message becomes one line."""
    text = '\n{"input_path": "x", "debug": true}'
    assert refused(Parameters, text) == [r"CONFIG_JSON:2:1: debug needs a\nbatch_size of 10 or less"]


def test_an_invalid_default_is_reported_by_its_key(refused: Refused) -> None:
    """Where a model validates its defaults, the absent key is named at the place of the object."""

    class Defaulted(BaseModel, validate_default=True):
        size: int = Field(default="x")  # type: ignore[assignment]

    assert refused(Defaulted, "{}") == ["CONFIG_JSON:1:1: size: must be a valid integer"]


class Cat(BaseModel):
    """One of two kinds."""

    kind: Literal["cat"]
    claws: int = 10


class Dog(BaseModel):
    """The other."""

    kind: Literal["dog"]
    bark: bool = True


class Zoo(BaseModel):
    """Unions, with and without a discriminator."""

    tagged: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    either: Cat | Dog | None = None


def test_a_member_of_a_union_is_named(refused: Refused) -> None:
    """Where an object may be one of several models, the line says as which one it was read."""
    assert refused(Zoo, '{"tagged": {"kind": "cat", "clawz": 1}}') == [
        "CONFIG_JSON:1:28: tagged.clawz: unknown key; did you mean 'claws'? (read as cat)"
    ]
    assert refused(Zoo, '{"either": {"kind": "cat", "bark": true}}') == [
        "CONFIG_JSON:1:21: either.kind: must be 'dog' (read as Dog)",
        "CONFIG_JSON:1:28: either.bark: unknown key (read as Cat)",
    ]


def test_a_wrong_tag_is_not_repeated(refused: Refused) -> None:
    """The tags that exist are listed; the one that was given is an input value and is not shown."""
    assert refused(Zoo, '{"tagged": {"kind": "hunter2"}}') == [
        "CONFIG_JSON:1:12: tagged: 'kind' must be one of 'cat', 'dog'"
    ]
    assert refused(Zoo, '{"tagged": {}}') == [
        "CONFIG_JSON:1:12: tagged: must have the key 'kind', which tells the kinds apart"
    ]


def test_a_bug_in_a_model_stays_a_bug() -> None:
    """A validator that crashes is not the parameters' fault: its exception passes through."""

    class Buggy(BaseModel):
        size: int

        @field_validator("size")
        @classmethod
        def _crash(cls, value: int) -> int:
            raise ZeroDivisionError(value)

    with pytest.raises(ZeroDivisionError):
        read_config(Buggy, [], {"CONFIG_JSON": '{"size": 1}'})


def test_a_root_model_over_an_object_is_a_model_too(refused: Refused) -> None:
    """A dictionary as the root is validated like any other value."""
    table = RootModel[dict[str, int]]
    assert read_config(table, [], {"CONFIG_JSON": '{"a": 1}'}).root == {"a": 1}
    assert refused(table, '{"a": "1"}') == ["CONFIG_JSON:1:7: a: must be a valid integer, not a string"]


def test_the_error_carries_no_other_exception() -> None:
    """Pydantic's exception holds the input: it is neither cause nor context of the one that is raised."""
    text = '{"input_path": ["hunter2"]}'
    with pytest.raises(ConfigError) as refusal:
        read_config(Parameters, [], {"CONFIG_JSON": text})
    assert (refusal.value.__cause__, refusal.value.__context__) == (None, None)
    assert "hunter2" not in "".join(traceback.format_exception(refusal.value))
