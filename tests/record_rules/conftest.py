"""A rules file, loaded; and records checked against it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from record_io import Batch
from record_rules import Checker, Rules, load_rules


@pytest.fixture
def rules(tmp_path: Path) -> Callable[[str], Rules]:
    """Return a function that loads rules from the text of a file called rules.toml."""

    def load(text: str) -> Rules:
        (tmp_path / "rules.toml").write_text(text, encoding="utf-8")
        return load_rules(tmp_path / "rules.toml")

    return load


@pytest.fixture
def check(rules: Callable[[str], Rules]) -> Callable[[str, Mapping[str, Sequence[object]]], Batch]:
    """Return a function that checks columns against rules; text columns unless values say otherwise."""

    def checked(text: str, columns: Mapping[str, Sequence[object]]) -> Batch:
        checker = Checker(rules(text))
        arrays = [pa.array(values) for values in columns.values()]
        records = pa.record_batch(arrays, names=list(columns))
        batch = Batch(file="x", records=records, numbers=pa.arange(1, records.num_rows + 1))
        result = checker.check(batch)
        assert result.size == batch.size
        assert result.records.schema == checker.schema
        return result

    return checked
