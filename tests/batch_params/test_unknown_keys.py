"""Unknown keys: refused at every depth, unless the model itself says otherwise."""

from collections.abc import Callable
from typing import Annotated

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

from batch_params import read_config

Refused = Callable[[type[BaseModel], str], list[str]]


class Closed(BaseModel):
    """Says nothing about unknown keys; pydantic alone would ignore them."""

    size: int = 1


class Allowing(BaseModel):
    """Keeps unknown keys."""

    model_config = ConfigDict(extra="allow")
    size: int = 1
    inner: Closed = Closed()


class Ignoring(BaseModel):
    """Drops unknown keys."""

    model_config = ConfigDict(extra="ignore")
    size: int = 1


class Forbidding(BaseModel):
    """Refuses unknown keys by itself."""

    model_config = ConfigDict(extra="forbid")
    size: int = 1


class Typed(TypedDict, total=False):
    """A typed dictionary."""

    size: int


@dataclass
class Data:
    """A dataclass."""

    size: int = 1


@dataclass(config=ConfigDict(extra="ignore"))
class IgnoringData:
    """A dataclass that drops unknown keys."""

    size: int = 1


class Root(BaseModel):
    """One of each, and containers of them."""

    closed: Closed = Closed()
    many: list[Closed] = []
    named: dict[str, Closed] = {}
    allowing: Allowing = Allowing()
    ignoring: Ignoring = Ignoring()
    forbidding: Forbidding = Forbidding()
    typed: Typed = {}
    data: Data = Data()
    ignoring_data: IgnoringData = IgnoringData()
    either: Allowing | list[int] = []
    pair: Closed | Forbidding = Closed()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"debgu": 1}', "1:2: debgu: unknown key; the keys here are closed, many,"),
        ('{"Closde": {}}', "1:2: Closde: unknown key; did you mean 'closed'?"),
        ('{"closed": {"siez": 1}}', "1:13: closed.siez: unknown key; did you mean 'size'?"),
        ('{"many": [{}, {"siez": 1}]}', "1:16: many[1].siez: unknown key; did you mean 'size'?"),
        ('{"named": {"x y": {"siez": 1}}}', "1:20: named[\"x y\"].siez: unknown key; did you mean 'size'?"),
        (
            '{"allowing": {"inner": {"siez": 1}}}',
            "1:25: allowing.inner.siez: unknown key; did you mean 'size'?",
        ),
        ('{"forbidding": {"zzz": 1}}', "1:17: forbidding.zzz: unknown key; the keys here are size"),
        ('{"typed": {"siez": 1}}', "1:12: typed.siez: unknown key; did you mean 'size'?"),
        ('{"data": {"SIZE": 1}}', "1:11: data.SIZE: unknown key; did you mean 'size'?"),
    ],
)
def test_unknown_keys_are_refused_at_every_depth(refused: Refused, text: str, problem: str) -> None:
    """Whatever holds the key, it is named together with the nearest known one."""
    (line,) = refused(Root, text)
    assert line.startswith(f"CONFIG_JSON:{problem}")


def test_a_model_that_asks_for_leniency_gets_it() -> None:
    """`extra="allow"` keeps unknown keys and `extra="ignore"` drops them, beside models that do neither."""
    text = '{"allowing": {"x": 1}, "ignoring": {"x": 1}, "ignoring_data": {"x": 1}, "either": {"x": 1}}'
    root = read_config(Root, [], {"CONFIG_JSON": text})
    assert root.allowing.model_extra == {"x": 1}
    assert root.ignoring == Ignoring()
    assert root.ignoring_data == IgnoringData()
    assert isinstance(root.either, Allowing)
    assert root.either.model_extra == {"x": 1}


def test_leniency_in_one_model_hides_nothing_elsewhere(refused: Refused) -> None:
    """Beside forgiven keys, unknown keys and wrong values of other models are still all reported."""
    text = '{"ignoring": {"x": 1}, "closed": {"siez": 1, "size": "3"}, "forbidding": {"y": 1}}'
    assert [line.partition(": ")[2].partition(";")[0] for line in refused(Root, text)] == [
        "closed.siez: unknown key",
        "closed.size: must be a valid integer, not a string",
        "forbidding.y: unknown key",
    ]


def test_a_union_of_closed_models_is_closed_beside_lenient_ones(refused: Refused) -> None:
    """A forgiven key elsewhere does not let a union pick a member that would ignore one."""
    lines = refused(Root, '{"ignoring": {"x": 1}, "pair": {"size": 1, "x": 1}}')
    assert all(line.startswith("CONFIG_JSON:1:44: pair.x: unknown key") for line in lines)
    assert lines


class Aliased(BaseModel):
    """Keys that are not named like their fields."""

    size: int = Field(default=1, alias="batchSize")
    path: str = Field(default="", validation_alias=AliasChoices("inputPath", "source"))
    host: Annotated[str, Field(validation_alias=AliasPath("database", "host"))] = ""


def test_aliases_are_the_known_keys(refused: Refused) -> None:
    """Every alias is read and hinted; the Python name of an aliased field is an unknown key."""
    read = read_config(
        Aliased, [], {"CONFIG_JSON": '{"batchSize": 2, "source": "x", "database": {"host": "h"}}'}
    )
    assert (read.size, read.path, read.host) == (2, "x", "h")
    assert refused(Aliased, '{"batch_size": 2}') == [
        "CONFIG_JSON:1:2: batch_size: unknown key; did you mean 'batchSize'?"
    ]
    assert refused(Aliased, '{"sauce": 2}') == ["CONFIG_JSON:1:2: sauce: unknown key; did you mean 'source'?"]
    (line,) = refused(Aliased, '{"size": 2}')
    assert line.startswith("CONFIG_JSON:1:2: size: unknown key")
    assert "'size'" not in line


def test_a_field_that_may_be_named_either_way_is_known_both_ways(refused: Refused) -> None:
    """With `populate_by_name` the field's own name is read and hinted as well."""

    class Both(BaseModel, populate_by_name=True):
        size: int = Field(default=1, alias="batchNumber")

    assert read_config(Both, [], {"CONFIG_JSON": '{"size": 2}'}).size == 2
    assert refused(Both, '{"siez": 2}') == ["CONFIG_JSON:1:2: siez: unknown key; did you mean 'size'?"]
