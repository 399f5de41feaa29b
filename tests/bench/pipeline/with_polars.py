"""The same work as somebody would write it with polars: `python with_polars.py FOLDER`."""

import datetime as dt
import sys
from pathlib import Path

import polars as pl

folder = Path(sys.argv[1])
first, last = dt.date(2024, 1, 1), dt.date(2024, 12, 31)
records = (
    pl.scan_csv(folder / "in" / "*.csv", infer_schema=False)
    .with_columns(
        value=pl.col("amount").cast(pl.Float64, strict=False),
        date=pl.col("day").str.to_date("%Y-%m-%d", strict=False),
    )
    .with_columns(
        good=(
            pl.col("id").str.contains("^K[0-9]{9}$")
            & (pl.col("name").str.len_chars() <= 20)
            & (pl.col("value") >= 0)
            & pl.col("date").is_between(first, last)
        ).fill_null(value=False)
    )
    .collect()
)
records.filter(~pl.col("good")).select("id", "name", "amount", "day").write_ndjson(folder / "polars.jsonl")
(
    records.filter("good")
    .select("id", "name", amount="value", day="date")
    .unique("id", keep="first", maintain_order=True)
    .write_parquet(folder / "polars.parquet", compression="snappy", row_group_size=50_000)
)
