"""`make bench`: workspaces built and published by `python -m build` and twine, by uv, and by Carrack, side by side.

Every round runs each way once, by turns; figures are medians. `--write` writes docs/benchmarks.md's tables and picture.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.bench.pages import DOCS, write
from tests.bench.release.index import started
from tests.bench.release.picture import picture
from tests.bench.release.plan import FULL, QUICK, measure
from tests.bench.release.tables import builds, footing, growth, releases
from tests.bench.release.ways import PINS, Shop


def main() -> None:
    """Measure, print the tables, and write them where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="see that it works; the figures mean nothing")
    parser.add_argument("--write", action="store_true", help="write the tables to docs/benchmarks.md")
    parser.add_argument("--rounds", type=int, help="how many times each way is run")
    chosen = parser.parse_args()
    plan = QUICK if chosen.quick else FULL
    rounds = chosen.rounds or plan.rounds
    with tempfile.TemporaryDirectory() as scratch, started(Path(scratch), PINS / "release.txt") as bench:
        shop = Shop(bench=bench, scratch=Path(scratch), limits=plan.limits)
        figures = measure(shop, plan, rounds)
    tables = {
        "bench-builds": builds(figures, plan),
        "bench-releases": releases(figures, plan),
        "bench-growth": growth(figures, plan),
        "bench-footing": footing(rounds),
    }
    for name, table in tables.items():
        print(table, end="\n\n")
        if chosen.write:
            write(name, table)
    if chosen.write:
        (DOCS / "growth.svg").write_text(picture(figures, plan), encoding="utf-8")


if __name__ == "__main__":
    main()
