"""`--help`: the sources, and every key in the JSON's own terms."""

from collections.abc import Callable
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, Secret, SecretBytes, SecretStr

from batch_params import load_config
from batch_params.help_text import program_name


class Mode(Enum):
    """Two ways."""

    FAST = "fast"
    SAFE = "safe"


class Database(BaseModel):
    """Where results go."""

    host: str = Field(description="its\n    address")
    password: SecretStr = SecretStr("hunter2")


class Node(BaseModel):
    """A model that holds itself."""

    name: str = ""
    children: list["Node"] = []


class Parameters(BaseModel):
    """Copy records.

    From one place to another.
    """

    input_path: Path = Field(description="folder of records")
    batch_size: int = 1000
    day: date | None = None
    mode: Mode = Mode.FAST
    level: Literal[1, 2] = 1
    database: Database
    spare: Database = Database(host="h")
    plain: Database = {"host": "h", "password": "hunter2"}  # type: ignore[assignment]
    pin: Secret[int] = Secret(4711)
    key: SecretBytes = b"hunter2"  # type: ignore[assignment]
    tables: dict[str, Database] = {}
    tree: list[Node] = []
    stamp: float = Field(default_factory=float)
    hook: Callable[[], None] | None = None
    anything: Any = None


def shown(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Give the help's table, one row a key, with its white space collapsed."""
    with pytest.raises(SystemExit) as exit_:
        load_config(Parameters, argv=["--help"], environ={})
    assert exit_.value.code == 0
    out, err = capsys.readouterr()
    assert err == ""
    rows = out.partition("Keys, in JSON's types:\n")[2].partition("\n\n")[0].splitlines()
    return {row.split()[0]: " ".join(row.split()[1:]) for row in rows}


def test_help_lists_every_key_with_type_default_and_description(capsys: pytest.CaptureFixture[str]) -> None:
    """Nested keys are dotted, items are marked, and a model that holds itself is shown once."""
    assert shown(capsys) == {
        "input_path": "string (path) required folder of records",
        "batch_size": "integer default 1000",
        "day": "string (date) or null default null",
        "mode": '"fast" or "safe" default "fast" Two ways.',
        "level": "1 or 2 default 1",
        "database": "object required Where results go.",
        "database.host": "string required its address",
        "database.password": "string (password) default **********",
        "spare": "object default ********** Where results go.",
        "spare.host": "string required its address",
        "spare.password": "string (password) default **********",
        "plain": "object default ********** Where results go.",
        "plain.host": "string required its address",
        "plain.password": "string (password) default **********",
        "pin": "integer default **********",
        "key": "string (password) default **********",
        "tables": "object default {}",
        "tables.*.host": "string required its address",
        "tables.*.password": "string (password) default **********",
        "tree": "array of object default []",
        "tree[].name": 'string default ""',
        "tree[].children": "array of object default []",
        "stamp": "number optional",
        "hook": "any or null default null",
        "anything": "any default null",
    }


def test_help_shows_sources_and_never_a_secret_default(capsys: pytest.CaptureFixture[str]) -> None:
    """The model's description and both sources are there; secrets written into the model are not."""
    with pytest.raises(SystemExit):
        load_config(Parameters, argv=["-h"], environ={})
    out = capsys.readouterr().out
    assert out.startswith("usage: ")
    for part in (
        "Copy records.\n\nFrom one place to another.\n",
        "--param-json FILE",
        "--param_json",
        "CONFIG_JSON",
    ):
        assert part in out
    assert "hunter2" not in out
    assert "4711" not in out


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/usr/bin/job", "job"),
        ("job.py", "job.py"),
        ("site-packages/pipeline_app/__main__.py", "python -m pipeline_app"),
    ],
)
def test_the_program_is_named_as_a_person_calls_it(path: str, name: str) -> None:
    """A package that is run by `python -m` is shown so, on every Python."""
    assert program_name(path) == name
