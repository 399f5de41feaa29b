"""A job over small files: its input, its rules, its output."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline_app.job import run
from pipeline_app.parameters import Parameters
from pipeline_app.summary import Summary

RULES = """
key = ["id"]

[columns.id]
type = "string"

[columns.n]
type = "int"
min = 0
"""


@pytest.fixture
def parameters(tmp_path: Path) -> Callable[..., Parameters]:
    """Return a function that writes input files and rules, and gives the parameters of a job over them."""

    def prepared(files: Mapping[str, str], *, rules: str = RULES, batch_size: int = 2) -> Parameters:
        for name, text in files.items():
            (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "in" / name).write_text(text, encoding="utf-8")
        (tmp_path / "rules.toml").write_text(rules, encoding="utf-8")
        return Parameters(
            input_path=str(tmp_path / "in"),
            output_path=str(tmp_path / "out"),
            rules_path=str(tmp_path / "rules.toml"),
            batch_size=batch_size,
        )

    return prepared


@pytest.fixture
def job(parameters: Callable[..., Parameters]) -> Callable[..., Summary]:
    """Return a function that writes input files and runs the job over them."""
    return lambda files, **options: run(parameters(files, **options))


@pytest.fixture
def written(tmp_path: Path) -> Callable[[], list[dict[str, object]]]:
    """Return a function that gives the records of all Parquet files of the output, in order."""

    def records() -> list[dict[str, object]]:
        parts = sorted((tmp_path / "out").glob("*.parquet"))
        return [record for part in parts for record in pq.read_table(part).to_pylist()]

    return records


@pytest.fixture
def rejects(tmp_path: Path) -> Callable[[], list[dict[str, object]]]:
    """Return a function that gives the lines of the rejects file."""

    def lines() -> list[dict[str, object]]:
        text = (tmp_path / "out/_rejects.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    return lines
