"""Records to work on: `python generate.py FOLDER ROWS FILES` writes CSV files of orders.

Two in a hundred repeat the key of an earlier record, of any file, and one in a thousand breaks a rule.
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

RULES = """
key = ["id"]
columns.id = { type = "string", pattern = "K[0-9]{9}" }
columns.name = { type = "string", max_length = 20 }
columns.amount = { type = "float", min = 0 }
columns.day = { type = "date", min = 2024-01-01, max = 2024-12-31 }
"""


def main(folder: Path, rows: int, files: int) -> None:
    """Write the files, one after the other, and the rules that they are to meet."""
    chance = np.random.default_rng(7)
    (folder / "in").mkdir(parents=True)
    (folder / "rules.toml").write_text(RULES)
    for number, some in enumerate(np.array_split(np.arange(rows), files)):
        repeats = chance.random(len(some)) < 0.02
        keys = np.where(repeats, chance.integers(0, some + 1), some)
        ids = pc.binary_join_element_wise("K", pc.utf8_lpad(pa.array(keys).cast(pa.string()), 9, "0"), "")
        table = pa.table(
            {
                "id": ids,
                "name": pc.binary_join_element_wise("name", pa.array(some % 977).cast(pa.string()), " "),
                "amount": chance.integers(-1000, 1_000_000, len(some)) / 100,
                "day": pa.array(np.datetime64("2024-01-01") + some % 366).cast(pa.date32()),
            }
        )
        pa_csv.write_csv(table, folder / "in" / f"{number:03}.csv", pa_csv.WriteOptions(quoting_style="none"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
