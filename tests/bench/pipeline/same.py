"""See that all three made the same: `python same.py FOLDER` fails if they did not."""

import sys
from pathlib import Path

import pyarrow.parquet as pq

folder = Path(sys.argv[1])
for column in ("id", "name", "amount", "day"):
    ours, *others = (
        pq.read_table(folder / made, columns=[column])[column].combine_chunks()
        for made in ("out", "pyarrow.parquet", "polars.parquet")
    )
    assert len(ours) > 0
    assert all(ours.equals(other.cast(ours.type)) for other in others), column
rejects = [
    sum(1 for _ in (folder / made).open()) for made in ("out/_rejects.jsonl", "pyarrow.jsonl", "polars.jsonl")
]
assert rejects[0] > 0
assert len(set(rejects)) == 1, rejects
