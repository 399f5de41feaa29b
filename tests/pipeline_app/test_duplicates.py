"""Finding duplicates with the keys on disk."""

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_app import duplicates
from pipeline_app.duplicates import Duplicates

DAYS = [dt.date(2020, 1, 1), dt.date(2020, 1, 2)]
KEYS = st.tuples(st.sampled_from(["", "a", "ab", "é"]), st.integers(-2, 2), st.sampled_from(DAYS))
SCHEMA = pa.schema({"place": pa.string(), "n": pa.int64(), "day": pa.date32()})


def first(folder: Path, batches: list[list[tuple[str, int, dt.date]]]) -> list[bool]:
    """Return which of the keys, in batches, are the first of their kind."""
    found = Duplicates(folder, SCHEMA, ["day", "place", "n"])
    for keys in batches:
        rows = [dict(zip(SCHEMA.names, key, strict=True)) for key in keys]
        found.add(pa.RecordBatch.from_pylist(rows, SCHEMA))
    repeated = sum(found.decide())
    answers = [answer for keys in batches for answer in found.are_first(len(keys)).to_pylist()]
    assert repeated == answers.count(False)
    return answers


def naive(batches: list[list[tuple[str, int, dt.date]]]) -> list[bool]:
    """Do the same with a set in memory."""
    seen: set[tuple[str, int, dt.date]] = set()
    return [not (key in seen or seen.add(key)) for keys in batches for key in keys]  # type: ignore[func-returns-value]


@pytest.mark.parametrize("partitions", ["by checksum", "all in one"])
@settings(max_examples=25, deadline=None)
@given(batches=st.lists(st.lists(KEYS, max_size=30), max_size=5))
def test_the_files_agree_with_a_set_in_memory(
    tmp_path_factory: pytest.TempPathFactory, partitions: str, batches: list[list[tuple[str, int, dt.date]]]
) -> None:
    """Also if all checksums collide: keys are compared themselves. Here they are spilled in tens."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "_PENDING", 10)
        if partitions == "all in one":
            patch.setattr(duplicates, "_partition", lambda columns: np.zeros(len(columns[0]), np.uint8))
        assert first(tmp_path_factory.mktemp("keys"), batches) == naive(batches)


def test_equal_values_share_a_partition() -> None:
    """The partition depends on nothing but the key's values, in this process and in any other."""
    columns = [pa.chunked_array([["x", "x", "y"]]), pa.chunked_array([[1, 1, 1]])]
    assert duplicates._partition(columns).tolist() == [59, 59, 122]
