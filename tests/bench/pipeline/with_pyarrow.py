"""The same work as somebody would write it with pyarrow: `python with_pyarrow.py FOLDER`."""

import datetime as dt
import functools
import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

folder = Path(sys.argv[1])
types = {"id": pa.string(), "name": pa.string(), "amount": pa.float64(), "day": pa.date32()}
options = pa_csv.ConvertOptions(column_types=types)
files = sorted((folder / "in").glob("*.csv"))
records = pa.concat_tables(pa_csv.read_csv(file, convert_options=options) for file in files)
checks = [
    pc.match_substring_regex(records["id"], "^K[0-9]{9}$"),
    pc.less_equal(pc.utf8_length(records["name"]), 20),
    pc.greater_equal(records["amount"], 0),
    pc.greater_equal(records["day"], pa.scalar(dt.date(2024, 1, 1))),
    pc.less_equal(records["day"], pa.scalar(dt.date(2024, 12, 31))),
]
good = functools.reduce(pc.and_, checks)
with (folder / "pyarrow.jsonl").open("w") as rejects:
    for record in records.filter(pc.invert(good)).to_pylist():
        rejects.write(json.dumps(record, default=str) + "\n")
records = records.filter(good)
places = records.select(["id"]).append_column("place", pa.array(np.arange(len(records))))
firsts = places.group_by("id").aggregate([("place", "min")])["place_min"]
pq.write_table(records.take(pa.array(np.sort(firsts))), folder / "pyarrow.parquet", row_group_size=50_000)
