"""`make bench-sources`: one app whose packages come from each source of code, a mix, and as guides do it, side by side.

Every round builds each image with an empty cache, changes a line of one package and builds it again, and starts jobs in
it. Base images come from --base and --with-git; without them stand-ins are made of this machine's Python and git.
"""

from __future__ import annotations

import argparse
import logging
import os
import platform
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

from tests.bench.images import theirs
from tests.bench.pages import write
from tests.bench.sources.rounds import (
    AGAIN,
    BOTH,
    CHANGE,
    COLD,
    FIRST,
    NEW,
    SIZE,
    START,
    Figures,
    Size,
    measure,
)
from tests.bench.sources.ways import INDEX
from tests.bench.sources.workshop import Workshop
from tests.carrack.aws_server import aws_server
from tests.docker.engine import Engine, import_base_image, started_engine
from tests.docker.git_host import serving_repositories
from tests.docker.git_image import add_git
from tests.docker.published import publish

from codeartifact_local.testing import local_codeartifact

ROWS = (COLD, BOTH, CHANGE, AGAIN, SIZE, NEW, START, FIRST)
FULL, QUICK = Size(rounds=3, starts=5), Size(rounds=1, starts=1)


def main() -> None:
    """Measure, print the table, and write it to docs/choosing.md where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="see that it works; the figures mean little")
    parser.add_argument("--write", action="store_true", help="write the table to docs/choosing.md")
    parser.add_argument("--base", metavar="IMAGE", help="the base of the images, such as python:3.13-slim")
    parser.add_argument(
        "--with-git", metavar="IMAGE", help="what git sources are built in, such as python:3.13"
    )
    chosen = parser.parse_args()
    size = QUICK if chosen.quick else FULL
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # what answers for S3 tells of every request
    with workshop(chosen.base, chosen.with_git) as made:
        figures = measure(made, size)
        table = "\n".join([*render(figures), "", footing(made.engine, size)])
    print(table)
    if chosen.write:
        write("bench-sources", table)


@contextmanager
def workshop(base: str | None, with_git: str | None) -> Iterator[Workshop]:
    """An engine, an index, a git host and a bucket, all on this machine, and the published workspace."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        engine = stack.enter_context(started_engine())
        slim = base or import_base_image(engine, scratch / "slim.tar", tag="slim:latest")
        index = stack.enter_context(local_codeartifact(scratch / "index"))
        former = theirs.make_repositories(scratch / "git")
        yield Workshop(
            engine=engine,
            published=publish(index.environ(), scratch),
            index=index.environ(),
            host=stack.enter_context(serving_repositories(former)),
            former=former,
            store=stack.enter_context(aws_server()),
            base=slim,
            base_with_git=with_git or add_git(engine, scratch / "git-image", slim, tag="with-git:latest"),
        )


def render(figures: Figures) -> Iterator[str]:
    """Return the table: medians, and how many times the one of `index` that is."""
    ways = list(dict.fromkeys(way for _, way in figures))
    medians = {key: statistics.median(values) for key, values in figures.items()}
    yield _row("", ways)
    yield _row("---", ["---:"] * len(ways))
    for what in ROWS:
        yield _row(what, [_cell(what, medians[what, way], medians[what, INDEX]) for way in ways])


def _cell(what: str, figure: float, index: float) -> str:
    digits = 0 if what == SIZE else 2 if what in (FIRST, START) else 1
    times = figure / index
    return f"{figure:.{digits}f} ({times:.{1 if times < 10 else 0}f})"


def _row(what: str, cells: Sequence[str]) -> str:
    return f"| {what} | {' | '.join(cells)} |" if what != "---" else f"|---|{'|'.join(cells)}|"


def footing(engine: Engine, size: Size) -> str:
    """Where, with what and when it was measured."""
    docker = engine.run("version", "--format", "{{.Server.Version}}").stdout.strip()
    git = subprocess.run(["git", "version"], capture_output=True, text=True, check=True).stdout.split()[2]
    versions = f"Docker {docker}, git {git}, Python {platform.python_version()}"
    return (
        f"{date.today()}, {os.cpu_count()} cores {platform.machine()}, {versions}; medians of {size.rounds} rounds "
        f"by turns, with {size.starts} starts in each; in brackets how many times the figure of `{INDEX}`."
    )


if __name__ == "__main__":
    main()
