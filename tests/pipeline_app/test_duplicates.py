"""Finding duplicates with the keys on disk."""

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_app import duplicates
from pipeline_app.checksums import checksums
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


@given(
    st.lists(
        st.tuples(
            st.text(max_size=3) | st.text(min_size=30, max_size=80),
            st.integers(-(2**63), 2**63 - 1),
            st.booleans(),
        )
    ),
    st.integers(0, 5),
)
def test_a_checksum_depends_on_the_values_alone(rows: list[tuple[str, int, bool]], cut: int) -> None:
    """Not on the other rows, nor on how columns are stored."""
    schema = pa.schema({"a": pa.string(), "b": pa.int64(), "c": pa.bool_()})

    def table(some: list[tuple[str, int, bool]]) -> pa.Table:
        return pa.Table.from_pylist([dict(zip("abc", row, strict=True)) for row in some], schema)

    together = checksums(table(rows).columns).tolist()
    assert together == [checksums(table([row]).columns)[0] for row in rows]
    assert together[cut:] == checksums(table(rows)[cut:].columns).tolist()


@pytest.mark.parametrize(
    "keys",
    [
        pa.array([f"K{number:09}" for number in range(20_000)]),
        pa.array(
            [f"https://example.com/a/long/way/to/what/differs/{number}/and/more" for number in range(20_000)]
        ),
        pa.array([f"{'a' * 99}{number:05}{'z' * 99}" for number in range(20_000)]),
        pa.array(range(20_000)),
        pa.array(range(20_000), pa.timestamp("us")),
        pa.array(range(20_000), pa.date32()),
    ],
)
def test_partitions_are_about_as_large(keys: pa.Array) -> None:
    """Keys that differ little are spread, so that no partition is all of them."""
    sizes = np.bincount(duplicates._partition([pa.chunked_array([keys])]), minlength=256)
    assert sizes.max() < 3 * len(keys) / 256
