"""Sources laid over one another: each key from the strongest that gives it, and what is wrong from where it stands."""

import json
from collections.abc import Mapping
from itertools import chain, combinations
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasChoices, BaseModel, Field
from tests.batch_params.unhurried import UNHURRIED

from batch_params import ConfigError, load_config, read_config

SOURCES = ("flag", "file", "variable", "environment")
"""The strongest first."""


class Inner(BaseModel):
    """An object that several sources give a part of."""

    a: int = 0
    b: int = 0


class Parameters(BaseModel):
    """Keys of every kind of merge."""

    size: int = 0
    inner: Inner = Inner()
    items: list[int] = []
    table: dict[str, int] = {}
    maybe: Inner | None = None
    named: int = Field(default=0, validation_alias=AliasChoices("first", "second"))
    amount: Annotated[float, Field(ge=0)] = 0


class Given:
    """One text for each source, and how a process gets them."""

    def __init__(self, folder: Path, texts: Mapping[str, Mapping[str, Any]]) -> None:
        """Write what is a file."""
        self.argv: list[str] = []
        self.environ: dict[str, str] = {}
        for key, value in texts.get("flag", {}).items():
            self.argv += [f"--{key}", json.dumps(value)]
        if "file" in texts:
            self.file = folder / "job.json"
            self.file.write_text(json.dumps(texts["file"]))
            self.argv += ["--param-json", str(self.file)]
        if "variable" in texts:
            self.environ["CONFIG_JSON"] = json.dumps(texts["variable"])
        for key, value in texts.get("environment", {}).items():
            self.environ[f"APP_{key.upper()}"] = json.dumps(value)

    def load(self) -> Parameters:
        """Load the parameters."""
        return read_config(Parameters, self.argv, self.environ, env_prefix="APP_")

    def explain(self, capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
        """Give the rows that `--explain` prints, without the heading."""
        argv = [*self.argv, "--explain"]
        with pytest.raises(SystemExit) as caught:
            load_config(Parameters, argv=argv, environ=self.environ, env_prefix="APP_")
        assert caught.value.code == 0
        return [line.split() for line in capsys.readouterr().out.splitlines()[1:]]


SUBSETS = [*chain.from_iterable(combinations(SOURCES, count) for count in range(1, 5))]


@pytest.mark.parametrize("subset", SUBSETS, ids="+".join)
def test_the_strongest_source_gives_the_value_and_explain_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], subset: tuple[str, ...]
) -> None:
    """For every set of sources: the value is the strongest's, and the others are shown beneath in their order."""
    given = Given(tmp_path, {source: {"size": 10 + SOURCES.index(source)} for source in subset})
    assert given.load().size == 10 + SOURCES.index(subset[0])
    labels = {
        "flag": "--size",
        "file": f"{tmp_path}/job.json:1:10",
        "variable": "CONFIG_JSON:1:10",
        "environment": "APP_SIZE",
    }
    expected = [[str(10 + SOURCES.index(source)), labels[source]] for source in subset] + [["0", "default"]]
    rows = given.explain(capsys)[: len(expected)]
    assert [row[1:] for row in rows] == expected
    assert [row[0] for row in rows] == ["size"] + ["shadowed"] * len(subset)


INNER = st.dictionaries(st.sampled_from("ab"), st.integers(0, 99))
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "size": st.integers(0, 99),
        "inner": INNER,
        "items": st.lists(st.integers(0, 9), max_size=2),
        "table": st.dictionaries(st.sampled_from("xyz"), st.integers(0, 99)),
        "maybe": st.none() | INNER,
    },
)


def merged(weaker: Any, stronger: Any) -> Any:
    """Say in the shortest way what merging is."""
    if isinstance(weaker, dict) and isinstance(stronger, dict):
        return weaker | {key: merged(weaker.get(key), value) for key, value in stronger.items()}
    return stronger


@UNHURRIED
@given(st.dictionaries(st.sampled_from(SOURCES), DOCUMENTS, min_size=1))
def test_objects_are_merged_and_everything_else_is_replaced(
    tmp_path_factory: pytest.TempPathFactory, texts: dict[str, dict[str, Any]]
) -> None:
    """Whatever the sources say, the parameters are the model of their merge."""
    folder = tmp_path_factory.getbasetemp()
    whole: Any = {}
    for source in reversed(SOURCES):
        whole = merged(whole, texts.get(source, {}))
    given = Given(folder, texts | {"variable": texts.get("variable", {})})
    assert given.load() == Parameters.model_validate(whole)


def test_parts_of_an_object_come_from_several_sources(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each of its keys has its own origin; an array is one value."""
    given = Given(
        tmp_path,
        {
            "flag": {"inner.a": 1},
            "file": {"inner": {"a": 2, "b": 3}, "items": [1], "table": {"x": 1}},
            "variable": {"items": [2, 3], "table": {"x": 2, "y": 2}},
        },
    )
    assert given.load() == Parameters(inner=Inner(a=1, b=3), items=[1], table={"x": 1, "y": 2})
    rows = [
        row for row in given.explain(capsys) if not row[0].startswith(("size", "maybe", "first", "amount"))
    ]
    assert [row[:2] for row in rows if row[-1] != "default"] == [
        ["inner.a", "1"],
        ["shadowed", "2"],
        ["inner.b", "3"],
        ["items", "[1]"],
        ["shadowed", "[2,"],
        ["table.x", "1"],
        ["shadowed", "2"],
        ["table.y", "2"],
    ]


def test_null_replaces_an_object_and_is_replaced_by_one(tmp_path: Path) -> None:
    """Null is a value, not an absence."""
    assert Given(tmp_path, {"file": {"maybe": None}, "variable": {"maybe": {"a": 1}}}).load().maybe is None
    found = Given(tmp_path, {"file": {"maybe": {"a": 1}}, "variable": {"maybe": None}}).load()
    assert found.maybe == Inner(a=1)


@pytest.mark.parametrize(("upper", "lower"), [("first", "second"), ("second", "first")])
def test_the_names_of_one_key_are_one_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], upper: str, lower: str
) -> None:
    """Where sources use different aliases of a field, the stronger source still wins."""
    given = Given(tmp_path, {"file": {upper: 1}, "variable": {lower: 2}})
    assert given.load().named == 1
    rows = [row[:2] for row in given.explain(capsys) if row[0] in (upper, lower) or "CONFIG_JSON" in row[-1]]
    assert rows == [[upper, "1"], ["shadowed", "2"]]


def test_a_problem_is_told_of_the_source_that_gave_the_value(tmp_path: Path) -> None:
    """The strongest source first, each in the order of its text; a shadowed mistake is none."""
    given = Given(
        tmp_path,
        {
            "flag": {"inner.a": 1.5},
            "file": {"inner": {"a": "x", "b": "x"}, "sice": 1},
            "variable": {"size": "x", "inner": {"c": 1}},
            "environment": {"amount": -1},
        },
    )
    with pytest.raises(ConfigError) as caught:
        given.load()
    assert caught.value.exit_code == 78
    assert str(caught.value).splitlines() == [
        "--inner.a: inner.a: must be a valid integer, not a number with a fraction or an exponent",
        f"{given.file}:1:27: inner.b: must be a valid integer, not a string",
        f"{given.file}:1:33: sice: unknown key; did you mean 'size'?",
        "CONFIG_JSON:1:10: size: must be a valid integer, not a string",
        "CONFIG_JSON:1:25: inner.c: unknown key; the keys here are a, b",
        "APP_AMOUNT: amount: must be greater than or equal to 0",
    ]


class Required(BaseModel):
    """What is missing has a place only where an object lacks it."""

    deep: Inner
    name: str


def test_a_missing_key_is_told_of_the_strongest_object_that_lacks_it() -> None:
    """Flags and variables are no objects: where nothing else is given, all sources together lack the key."""
    with pytest.raises(ConfigError) as caught:
        read_config(Required, ["--deep.a", "1"], {"CONFIG_JSON": ' {"deep": {}}'})
    assert str(caught.value) == "CONFIG_JSON:1:2: name: missing required key"
    with pytest.raises(ConfigError) as caught:
        read_config(Required, ["--deep.a", "1"], {})
    assert str(caught.value) == "parameters: name: missing required key"
    assert caught.value.exit_code == 78


def test_duplicate_keys_and_nan_are_refused_in_every_source(tmp_path: Path) -> None:
    """A weaker source's text has to be right too, and a flag's JSON as strictly as a file's."""
    file = tmp_path / "job.json"
    file.write_text('{"size": 1, "size": 2}')
    argv = ["--param-json", str(file), "--items", "[NaN]"]
    with pytest.raises(ConfigError) as caught:
        read_config(Parameters, argv, {"CONFIG_JSON": '{"size": NaN}'})
    assert str(caught.value).splitlines() == [
        "--items:1:2: items[0]: NaN and infinite numbers are not JSON",
        f"{file}:1:13: size: duplicate key; the first is on line 1",
        "CONFIG_JSON:1:10: size: NaN and infinite numbers are not JSON",
    ]
