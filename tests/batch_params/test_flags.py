"""A model's flags: nested, in kebab case, written in full; texts are read as their keys' types ask."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, Secret, SecretStr
from tests.batch_params.unhurried import UNHURRIED

from batch_params import ConfigError, read_config
from batch_params.command_line import parse_arguments
from batch_params.shape import Shape
from batch_params.sources.flags import flags_of


class Mode(Enum):
    """Listed values that are not all strings."""

    FAST = "fast"
    ONE = 1


class Cat(BaseModel):
    """One of two."""

    kind: Literal["cat"]
    claws: int = 10


class Dog(BaseModel):
    """The other."""

    kind: Literal["dog"]
    bark: bool = True


class Storage(BaseModel):
    """A nested model."""

    bucket_name: str = ""
    cache: bool = True
    token: SecretStr | None = None
    inner: "Storage | None" = None


class Parameters(BaseModel):
    """One of each."""

    input_path: Path = Path()
    batch_size: int = 1000
    ratio: float = 0.5
    rate: Decimal = Decimal(0)
    day: date | None = None
    limit: int | None = None
    debug: bool = False
    maybe: bool | None = None
    mode: Mode = Mode.FAST
    level: Literal["low", 1, 2] = 1
    name: str = ""
    either: int | str = 0
    tags: list[str] = []
    sizes: set[int] = set()
    pair: tuple[int, str] = (0, "")
    rules: list[Storage] = []
    labels: dict[str, int] = {}
    storage: Storage = Storage()
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    camelCase: int = 0  # noqa: N815
    aliased: int = Field(default=0, alias="batchNumber")
    token: SecretStr | None = None
    pin: Secret[int] | None = None
    tokens: list[SecretStr] = []
    anything: Any = None


def given_by(*argv: str) -> Parameters:
    """Load the parameters from flags alone."""
    return read_config(Parameters, ["--no-resolve", *argv], {})


def refused(*argv: str) -> list[str]:
    """Give what a user sees of a wrong command line; the code is 64."""
    with pytest.raises(ConfigError) as caught:
        given_by(*argv)
    assert caught.value.exit_code == 64
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("argv", "key", "value"),
    [
        (["--input-path", "a/b"], "input_path", Path("a/b")),
        (["--input-path=a=b"], "input_path", Path("a=b")),
        (["--batch-size", "-3"], "batch_size", -3),
        (["--ratio", "1"], "ratio", 1.0),
        (["--ratio=-1e3"], "ratio", -1000.0),
        (["--rate", "0.12345678901234567890123"], "rate", Decimal("0.12345678901234567890123")),
        (["--day", "2026-11-24"], "day", date(2026, 11, 24)),
        (["--limit", "null"], "limit", None),
        (["--debug"], "debug", True),
        (["--debug=false"], "debug", False),
        (["--debug", "false"], "debug", False),
        (["--debug=YES"], "debug", True),
        (["--no-debug"], "debug", False),
        (["--no-maybe"], "maybe", False),
        (["--mode", "fast"], "mode", Mode.FAST),
        (["--mode", "1"], "mode", Mode.ONE),
        (["--level", "low"], "level", "low"),
        (["--level", "2"], "level", 2),
        (["--name", "3"], "name", "3"),
        (["--name", "null"], "name", "null"),
        (["--name="], "name", ""),
        (["--name", "--x"], "name", "--x"),
        (["--either", "3"], "either", "3"),
        (["--tags", "a"], "tags", ["a"]),
        (["--tags", "a", "--tags=b"], "tags", ["a", "b"]),
        (["--tags", '["a", "b"]'], "tags", ["a", "b"]),
        (["--sizes", "1", "--sizes", "2"], "sizes", {1, 2}),
        (["--pair", '[1, "x"]'], "pair", (1, "x")),
        (["--pair", "1", "--pair", "2"], "pair", (1, "2")),
        (["--rules", '{"bucket_name": "b"}'], "rules", [Storage(bucket_name="b")]),
        (["--labels", '{"a": 1}'], "labels", {"a": 1}),
        (["--storage.bucket-name", "b"], "storage", Storage(bucket_name="b")),
        (["--storage.no-cache"], "storage", Storage(cache=False)),
        (["--storage", '{"cache": false}'], "storage", Storage(cache=False)),
        (["--pet.kind", "cat", "--pet.claws", "3"], "pet", Cat(kind="cat", claws=3)),
        (["--camel-case", "3"], "camelCase", 3),
        (["--batch-number", "3"], "aliased", 3),
        (["--token", "ssm://x"], "token", SecretStr("ssm://x")),
        (
            ["--tokens", "ssm://x", "--tokens", "secretsmanager://y#z"],
            "tokens",
            ["ssm://x", "secretsmanager://y#z"],
        ),
        (["--anything", '{"a": [1]}'], "anything", {"a": [1]}),
        (["--anything", "text"], "anything", "text"),
    ],
)
def test_a_text_becomes_what_its_key_asks_for(argv: Sequence[str], key: str, value: object) -> None:
    """Strings stay what they are, everything else is JSON, booleans are switches too, lists are repeated flags."""
    found = getattr(given_by(*argv), key)
    if key == "tokens":
        found = [each.get_secret_value() for each in found]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (
            ["--batch-size", "3.7"],
            "--batch-size: batch_size: must be a valid integer, not a number with a fraction or",
        ),
        (
            ["--batch-size", "3.0"],
            "--batch-size: batch_size: must be a valid integer, not a number with a fraction or",
        ),
        (
            ["--batch-size", "1e3"],
            "--batch-size: batch_size: must be a valid integer, not a number with a fraction or",
        ),
        (["--batch-size", "true"], "--batch-size: batch_size: must be a valid integer, not a boolean"),
        (["--batch-size", "many"], "--batch-size: batch_size: must be a valid integer"),
        (["--batch-size="], "--batch-size: batch_size: must be a valid integer"),
        (["--batch-size", "007"], "--batch-size: batch_size: must be a valid integer"),
        (["--batch-size", " 1_000"], "--batch-size: batch_size: must be a valid integer"),
        (["--ratio", "nan"], "--ratio: ratio: must be a valid number"),
        (["--ratio", "1e999"], "--ratio: ratio: NaN and infinite numbers are not JSON"),
        (["--ratio", str(2**53 + 1)], "--ratio: ratio: is an integer that a float cannot hold exactly"),
        (
            ["--day", "24.11.2026"],
            "--day: day: must be a valid date in the format YYYY-MM-DD, invalid character in year",
        ),
        (["--debug=2"], "--debug: debug: must be a valid boolean, not an integer"),
        (["--mode", "slow"], "--mode: mode: must be 'fast' or 1"),
        (["--sizes", "1", "--sizes", "x"], "--sizes: sizes[1]: must be a valid integer"),
        (["--sizes", "[1, 2"], "--sizes:1:6: sizes: invalid JSON: expected ',' or ']', but the text ends"),
        (["--labels", "a=1"], "--labels:1:1: labels: invalid JSON: expecting value"),
        (["--labels", '{"a": "x"}'], "--labels:1:7: labels.a: must be a valid integer, not a string"),
        (["--labels", '{"a": 1, "a": 2}'], "--labels:1:10: labels.a: duplicate key; the first is on line 1"),
        (
            ["--storage", '{"bukcet_name": 1}'],
            "--storage:1:2: storage.bukcet_name: unknown key; did you mean 'bucket_",
        ),
        (["--name", "\udcff"], "--name: name: is not UTF-8"),
    ],
)
def test_a_text_that_is_something_else_is_refused(argv: Sequence[str], line: str) -> None:
    """Nothing is rounded, cut or guessed; the flag, the key and what is expected are named."""
    (found,) = refused(*argv)
    assert found.startswith(line)


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["--batch_size", "3"], "unknown flag --batch_size; did you mean --batch-size?"),
        (["--batch", "3"], "unknown flag --batch; did you mean --batch-size?"),
        (["--bucket-name", "b"], "unknown flag --bucket-name; did you mean --storage.bucket-name?"),
        (["--no-name"], "unknown flag --no-name; did you mean --name?"),
        (["--batch-size"], "--batch-size needs a value; --batch-size=VALUE if it begins like a flag"),
        (["--name", "--debug"], "--name needs a value; --name=VALUE if it begins like a flag"),
        (["--no-debug=true"], "--no-debug takes no value"),
        (["--explain=1"], "--explain takes no value"),
        (["--name", "a", "--name", "a"], "--name: given 2 times; give it once"),
        (["--debug", "--no-debug"], "--debug and --no-debug: given 2 times; give it once"),
        (
            ["--storage", "{}", "--storage.cache"],
            "--storage.cache: is a part of what --storage gives already",
        ),
        (
            ["--name", "Ref::name"],
            "--name: the job was submitted without a parameter to put in place of this reference",
        ),
        (
            ["--debug", "Ref::debug"],
            "--debug: the job was submitted without a parameter to put in place of this reference",
        ),
        (["--debug", "2"], "an argument that belongs to no flag; --help lists the flags and the keys"),
    ],
)
def test_a_wrong_command_line_is_refused(argv: Sequence[str], line: str) -> None:
    """Flags are written in full, given once, and have their values; AWS Batch's unfilled references are no values."""
    assert refused(*argv) == [f"command line: {line}"]


@pytest.mark.parametrize(
    ("argv", "key"),
    [
        (["--token", "hunter2"], "token"),
        (["--pin", "47114711"], "pin"),
        (["--storage.token=hunter2"], "storage.token"),
        (["--storage", '{"token": "hunter2"}'], "storage.token"),
        (["--rules", '[{"token": "hunter2"}]'], "rules[0].token"),
        (["--tokens", "ssm://x", "--tokens", "hunter2"], "tokens"),
        (["--tokens", '["hunter2"]'], "tokens"),
    ],
)
def test_a_secret_on_the_command_line_is_refused(argv: Sequence[str], key: str) -> None:
    """Other people see command lines: only references are taken, and what was given is not repeated."""
    (line,) = refused(*argv)
    assert f": {key}" in line
    assert "is a secret, and everybody on the machine can read a command line" in line
    assert "hunter2" not in line
    assert "4711" not in line


class Clashing(BaseModel):
    """Keys whose flags are taken, or spelt alike."""

    help: str = ""
    explain: bool = False
    debug: bool = False
    no_debug: str = ""
    a_b: int = 0
    aB: int = 0  # noqa: N815
    odd: int = Field(default=0, alias="x=y")


def test_a_flag_means_one_thing() -> None:
    """Own flags go before keys', keys before opposites, the first key before the second; an odd key has none."""
    flags = flags_of(Shape.of(Clashing))
    assert {name: flag.path for name, flag in flags.items()} == {
        "--debug": ("debug",),
        "--no-debug": ("no_debug",),
        "--no-explain": ("explain",),
        "--a-b": ("a_b",),
    }


def test_a_model_that_holds_itself_has_flags_for_one_level() -> None:
    """Flags do not go on for ever."""
    assert "--storage.inner" in flags_of(Shape.of(Parameters))
    assert "--storage.inner.cache" not in flags_of(Shape.of(Parameters))


WORDS = st.sampled_from(
    ["--name", "--debug", "--no-debug", "--sizes", "--token", "--storage", "--help", "--param-json"]
)


@UNHURRIED
@given(st.lists(WORDS | st.text() | st.builds("{}={}".format, WORDS, st.text())))
def test_no_command_line_raises_anything(argv: list[str]) -> None:
    """Whatever is given is read or refused as usage, without a crash."""
    flags = flags_of(Shape.of(Parameters))
    assert all(problem.exit_code == 64 for problem in parse_arguments(argv, flags).problems)


@UNHURRIED
@given(st.sampled_from([*flags_of(Shape.of(Parameters))]), st.text(st.characters()))
def test_no_value_raises_anything_but_config_error(name: str, text: str) -> None:
    """Whatever text any flag is given, it is read or refused, in printable lines, and no secret is among them."""
    try:
        read_config(Parameters, [f"{name}={text}", "--no-resolve"], {})
    except ConfigError as error:
        assert all(str(problem).isprintable() for problem in error.problems)  # noqa: PT017
        assert error.exit_code in (64, 78)  # noqa: PT017
