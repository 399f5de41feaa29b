"""`make bench-pipeline`: the job beside a plain pyarrow script and polars, and as 1, 2, 4 and 8 shards."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path

from tests.bench.pages import write
from tests.bench.ran import Ran, ran
from tests.clients.environments import pinned, scripts_of

HERE = Path(__file__).parent
PINS = HERE.parent / "requirements"


@dataclass(frozen=True)
class Size:
    """How much is done."""

    rows: int
    files: int
    rounds: int
    shards: tuple[int, ...]


FULL, QUICK = Size(10_000_000, 16, 3, (1, 2, 4, 8)), Size(20_000, 4, 1, (1, 2))


def main() -> None:
    """Measure, print the tables, and write them to docs/performance.md where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="see that it works; the figures mean nothing")
    parser.add_argument("--write", action="store_true", help="write the tables to docs/performance.md")
    chosen = parser.parse_args()
    size = QUICK if chosen.quick else FULL
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "data"
        ran([sys.executable, HERE / "generate.py", folder, size.rows, size.files])
        tables = f"{beside(folder, size)}\n\n{shared_out(folder, size)}\n\n{footing(size)}"
    print(tables)
    if chosen.write:
        write("bench-pipeline", tables)


def beside(folder: Path, size: Size) -> str:
    """Run the three by turns, see that they made the same, and return the table."""
    peers = scripts_of("pipeline", PINS) / "python"
    works: dict[str, Callable[[], Ran]] = {
        "pipeline_app": lambda: job(folder),
        "pyarrow": lambda: ran([peers, HERE / "with_pyarrow.py", folder]),
        "polars": lambda: ran([peers, HERE / "with_polars.py", folder]),
    }
    found: dict[str, list[Ran]] = defaultdict(list)
    for _ in range(size.rounds):
        for name, work in works.items():
            found[name].append(work())
    ran([sys.executable, HERE / "same.py", folder])
    return comparison(found, size)


def comparison(found: Mapping[str, Sequence[Ran]], size: Size) -> str:
    """Return the table of medians, and ours against the better of the others."""
    rows = [
        f"| | {' | '.join(found)} | pipeline_app / better of the others |",
        "|---|" + "---:|" * (len(found) + 1),
    ]
    figures: dict[str, Callable[[Ran], float]] = {
        "seconds": lambda it: it.seconds,
        "CPU seconds": lambda it: it.cpu,
        "records/s": lambda it: size.rows / it.seconds,
        "peak memory, MB": lambda it: it.megabytes,
    }
    for what, figure in figures.items():
        ours, *others = (statistics.median(map(figure, runs)) for runs in found.values())
        shown = " | ".join(f"{value:,.{0 if value > 100 else 1}f}" for value in (ours, *others))
        rows.append(f"| {what} | {shown} | {ours / (max if '/s' in what else min)(others):.2f} |")
    return "\n".join(rows)


@dataclass(frozen=True, kw_only=True)
class Array:
    """What an array job took: its slowest child, and the job that merges or, without children, does it all."""

    slowest: float
    last: float
    megabytes: float

    @property
    def together(self) -> float:
        """The seconds with a machine for each child."""
        return self.slowest + self.last


def shared_out(folder: Path, size: Size) -> str:
    """Run the job as an array of each size by turns, and return the table: of each size the median run."""
    found: dict[int, list[Array]] = defaultdict(list)
    for _ in range(size.rounds):
        for count in size.shards:
            found[count].append(array(folder, count))
    rows = [
        "| shards | slowest shard, s | merge, s | together, s | records/s | most memory, MB |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for count, arrays in found.items():
        one = sorted(arrays, key=lambda it: it.together)[len(arrays) // 2]
        parts = f"{one.slowest:.1f} | {one.last:.1f}" if count > 1 else "- | -"
        rate = size.rows / one.together
        rows.append(f"| {count} | {parts} | {one.together:.1f} | {rate:,.0f} | {one.megabytes:,.0f} |")
    return "\n".join(rows)


def array(folder: Path, count: int) -> Array:
    """Run the job as so many shards, one after the other, each alone on this machine, and the merge."""
    children = [job(folder, fresh=not index, shard=(index, count)) for index in range(count) if count > 1]
    last = job(folder, fresh=not children, mode="merge" if children else "run")
    return Array(
        slowest=max((child.seconds for child in children), default=0.0),
        last=last.seconds,
        megabytes=max(one.megabytes for one in (*children, last)),
    )


def job(folder: Path, *, fresh: bool = True, mode: str = "run", shard: tuple[int, int] | None = None) -> Ran:
    """Run the job, or a part of it, as a process."""
    output = folder / "out"
    if fresh:
        shutil.rmtree(output, ignore_errors=True)
    given = {
        "input_path": folder / "in",
        "output_path": output,
        "rules_path": folder / "rules.toml",
        "mode": mode,
    }
    environ = {**os.environ, "CONFIG_JSON": json.dumps(given, default=str)}
    if shard:
        index, count = map(str, shard)
        environ |= {"AWS_BATCH_JOB_ARRAY_INDEX": index, "AWS_BATCH_JOB_ARRAY_SIZE": count}
    return ran([sys.executable, "-m", "pipeline_app"], environ)


def footing(size: Size) -> str:
    """Return what the figures are of."""
    today = datetime.datetime.now(datetime.UTC).date()
    machine = f"{os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}"
    peers = f"pyarrow {installed('pyarrow')}, polars {pinned('polars', PINS / 'pipeline.txt')}"
    rounds = f"medians of {size.rounds} rounds by turns" if size.rounds > 1 else "one round"
    return f"{size.rows:,} records in {size.files} CSV files. {today}, {machine}, {peers}; {rounds}."


if __name__ == "__main__":
    main()
