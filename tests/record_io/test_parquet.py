"""Part files and their row groups."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from record_io import PartWriter

SCHEMA = pa.schema([pa.field("n", pa.int64(), nullable=False)])


def write(folder: Path, sizes: list[int], batch_size: int, groups: int) -> PartWriter:
    """Write consecutive numbers in batches of the given sizes."""
    numbers = iter(range(sum(sizes)))
    with PartWriter(folder, SCHEMA, batch_size=batch_size, groups=groups) as parts:
        for size in sizes:
            parts.write(pa.record_batch([[next(numbers) for _ in range(size)]], schema=SCHEMA))
    return parts


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=8), st.integers(1, 12), st.integers(1, 4))
def test_row_groups_are_exact_whatever_the_batches(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], batch_size: int, groups: int
) -> None:
    """All row groups have `batch_size` rows and all files `groups` groups, but the last; order is kept."""
    folder = tmp_path_factory.mktemp("parts")
    parts = write(folder, sizes, batch_size, groups)
    files = [pq.ParquetFile(folder / part.name) for part in parts.parts]
    found = [[file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] for file in files]
    whole, rest = divmod(sum(sizes), batch_size)
    expected = [batch_size] * whole + [rest] * bool(rest or not whole)
    assert found == [expected[at : at + groups] for at in range(0, len(expected), groups)]
    values = [value for file in files for value in file.read()["n"].to_pylist()]
    assert values == list(range(sum(sizes)))
    assert [part.records for part in parts.parts] == [file.metadata.num_rows for file in files]
    assert parts.records == sum(sizes)


def test_no_records_give_one_file_with_the_schema(tmp_path: Path) -> None:
    """Whoever reads the output finds the columns even if there is nothing in them."""
    parts = write(tmp_path, [], 10, 10)
    assert [(part.name, part.records) for part in parts.parts] == [("part-00000.parquet", 0)]
    assert pq.read_schema(tmp_path / "part-00000.parquet") == SCHEMA


def test_columns_whose_values_repeat_have_a_dictionary(tmp_path: Path) -> None:
    """Others have none, which would hold every value once more."""
    records = pa.record_batch({"id": [f"K{n}" for n in range(100)], "kind": ["a", "b"] * 50})
    with PartWriter(tmp_path, records.schema, batch_size=100) as parts:
        parts.write(records)
    group = pq.ParquetFile(tmp_path / "part-00000.parquet").metadata.row_group(0)
    assert [group.column(at).has_dictionary_page for at in range(2)] == [False, True]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=8))
def test_the_batches_do_not_show_in_the_file(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    """However records come, they make the same bytes."""
    folder, whole = tmp_path_factory.mktemp("parts"), tmp_path_factory.mktemp("whole")
    write(folder, sizes, 20, 2)
    parts = write(whole, [sum(sizes)], 20, 2).parts
    assert [(folder / part.name).read_bytes() for part in parts] == [
        (whole / part.name).read_bytes() for part in parts
    ]


def fail(parts: PartWriter) -> None:
    """Write one record, and raise."""
    with parts:
        parts.write(pa.record_batch([[1]], schema=SCHEMA))
        raise KeyError


def test_an_error_ends_the_writing_where_it_is(tmp_path: Path) -> None:
    """What is pending is not written as if it were complete."""
    parts = PartWriter(tmp_path, SCHEMA, batch_size=10)
    with pytest.raises(KeyError):
        fail(parts)
    assert parts.parts == []
