"""`--schema`: JSON Schema that other tools take, and that agrees with what is read."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr
from tests.batch_params.unhurried import UNHURRIED

from batch_params import ConfigError, load_config, read_config
from batch_params.exported import exported
from batch_params.shape import Shape


class Open(BaseModel):
    """Takes unknown keys."""

    model_config = ConfigDict(extra="allow")
    default: int = 0


class Inner(BaseModel):
    """Refuses them, and has keys that are called like the schema's own words."""

    properties: int = 0
    required: bool = False
    token: SecretStr = SecretStr("hunter2")


class Parameters(BaseModel):
    """What is exported."""

    size: int
    inner: Inner = Inner()
    many: list[Inner] = []
    open: Open = Open()
    named: int = Field(default=0, validation_alias=AliasChoices("first", "second"))


SCHEMA: dict[str, Any] = json.loads(exported(Shape.of(Parameters), "APP_"))


def test_the_schema_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    """It is valid by the dialect that it names, and `--schema` prints it, whatever else is wrong."""
    Draft202012Validator.check_schema(SCHEMA)
    with pytest.raises(SystemExit) as caught:
        load_config(Parameters, argv=["--schema"], environ={"APP_X": "1"}, env_prefix="APP_")
    assert caught.value.code == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA


def test_it_says_which_flag_and_variable_give_a_key() -> None:
    """By dotted key; without a prefix there are no variables."""
    assert SCHEMA["x-sources"]["inner.token"] == {"flag": "--inner.token", "env": "APP_INNER__TOKEN"}
    without = json.loads(exported(Shape.of(Parameters), None))
    assert without["x-sources"]["size"] == {"flag": "--size"}


def test_no_secret_default_is_exported() -> None:
    """Neither the secret nor its mask, which an editor would offer as a value."""
    assert "hunter2" not in json.dumps(SCHEMA)
    assert "default" not in SCHEMA["$defs"]["Inner"]["properties"]["token"]


KEYS = st.sampled_from(
    ["size", "inner", "many", "open", "first", "second", "properties", "required", "token", "x"]
)
JSON = st.recursive(
    st.integers(0, 3) | st.booleans() | st.just("x"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@UNHURRIED
@given(st.dictionaries(KEYS, JSON).map(lambda document: document | {"size": 1}))
def test_what_it_takes_is_read_and_what_it_refuses_is_not(document: dict[str, Any]) -> None:
    """The schema and this package agree about every document."""
    try:
        read_config(Parameters, ["--no-resolve"], {"CONFIG_JSON": json.dumps(document)})
        is_read = True
    except ConfigError:
        is_read = False
    assert Draft202012Validator(SCHEMA).is_valid(document) == is_read
