"""One file of records, written and read back."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from record_io import Reject, find_inputs, read_records

TEXT = pa.schema({"a": pa.string(), "b": pa.string()})


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., tuple[list[dict[str, object]], list[int], list[Reject]]]:
    """Return a function that writes a file and gives its records, their numbers, and its rejects."""

    def read_back(
        data: bytes, name: str = "x.csv", *, schema: pa.Schema = TEXT, block_size: int = 1 << 20
    ) -> tuple[list[dict[str, object]], list[int], list[Reject]]:
        (tmp_path / name).write_bytes(data)
        batches = list(read_records(find_inputs(tmp_path / name), schema, block_size=block_size))
        assert all(batch.records.schema.names == schema.names for batch in batches)
        return (
            [record for batch in batches for record in batch.records.to_pylist()],
            [number for batch in batches for number in batch.numbers.to_pylist()],
            [reject for batch in batches for reject in batch.rejects],
        )

    return read_back
