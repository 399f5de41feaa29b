"""`make bench-sources`: one app whose packages come from each source of code, a mix, and as guides do it, side by side.

Every round builds each image with an empty cache, changes a line of one package and builds it again, and starts jobs in
it. Base images come from --base and --with-git; without them stand-ins are made of this machine's Python and git.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tests.bench.images import theirs
from tests.bench.sources.jobs import Job, new_host
from tests.bench.sources.ways import GUIDE, INDEX, Way, ways
from tests.bench.sources.workshop import CHANGED, MARK, Workshop
from tests.carrack.aws_server import aws_server
from tests.docker.engine import Engine, import_base_image, started_engine
from tests.docker.git_host import serving_repositories
from tests.docker.git_image import add_git
from tests.docker.published import publish

from codeartifact_local.testing import local_codeartifact

PAGE = Path(__file__).parents[3] / "docs" / "choosing.md"
COLD = "build, nothing cached, s"
CHANGE = "a changed line, up to the image's build, s"
AGAIN = "that build, s"
BOTH = "**from a changed line to the image**, s"
SIZE = "image, MB"
NEW = "of that new after the change, MB"
START = "start of a job, s"
FIRST = "the same, the first on its host, s"
COUNT = f"import {CHANGED.replace('-', '_')} as it; print(open(it.__file__).read().count({MARK!r}))"
ROWS = (COLD, BOTH, CHANGE, AGAIN, SIZE, NEW, FIRST, START)
Figures = Mapping[tuple[str, str], Sequence[float]]
"""What was measured, by what it is and by the way."""


@dataclass(frozen=True)
class Size:
    """How much is done."""

    rounds: int
    starts: int


FULL, QUICK = Size(3, 5), Size(1, 1)


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
        before, _, rest = PAGE.read_text(encoding="utf-8").partition("<!-- bench-sources -->\n")
        _, _, after = rest.partition("<!-- end -->")
        PAGE.write_text(f"{before}<!-- bench-sources -->\n{table}\n<!-- end -->{after}", encoding="utf-8")


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


def measure(made: Workshop, size: Size) -> Figures:
    """Take the ways by turns, `size.rounds` times; all jobs write the same, where they can be done."""
    figures: dict[tuple[str, str], list[float]] = defaultdict(list)
    all_ways, outputs = ways(made), set()
    for round_ in range(1, size.rounds + 1):
        for way in all_ways:
            one = defaultdict(list, {what: [figure] for what, figure in built(made, way).items()})
            for what, job in started(made, way, size.starts):
                one[what].append(job.seconds)
                outputs.add((way.name == GUIDE, frozenset(job.outputs.items())))
            told = ", ".join(f"{what} {statistics.median(found):.2f}" for what, found in one.items())
            print(f"round {round_} of {size.rounds}, {way.name}: {told}", file=sys.stderr)
            for what, found in one.items():
                figures[what, way.name] += found
    # Code that is on PYTHONPATH and not installed has no version, so the guide's jobs end where they write theirs down.
    assert dict(outputs)[True] == frozenset(), "the guide's jobs are done now: compare them too"
    assert len(outputs) == 2, "the ways do not do the same job"
    return figures


def built(made: Workshop, way: Way) -> Mapping[str, float]:
    """Build an image with nothing cached, change a line of a package, and build it again."""
    way.lock()
    made.forget(way.image)
    cold = taken(way.build)
    before, layers = lines(made, way), layers_of(made.engine, way.image)
    change = taken(way.change)
    if way.name == GUIDE:  # the same command again has the clone of before in its cache
        way.build()
        assert lines(made, way) == before
    again = taken(way.rebuild)
    assert lines(made, way) > before
    size = int(made.engine.run("inspect", "--format", "{{.Size}}", way.image).stdout) / 1e6
    new = new_bytes(made.engine, way.image, layers) / 1e6
    return {COLD: cold, CHANGE: change, AGAIN: again, BOTH: change + again, SIZE: size, NEW: new}


def started(made: Workshop, way: Way, starts: int) -> Iterator[tuple[str, Job]]:
    """Start jobs: the first on a host, and another on the same host, which needs no network."""
    with new_host(made.engine, made.store) as host:
        host.run(way.image)
        host.run(way.image, network="none")
    for _ in range(starts):
        with new_host(made.engine, made.store) as host:
            yield FIRST, host.run(way.image)
            yield START, host.run(way.image)


def layers_of(engine: Engine, image: str) -> list[str]:
    """The digests of an image's layers."""
    found = engine.run("inspect", "--format", "{{json .RootFS.Layers}}", image).stdout
    return list(json.loads(found))


def new_bytes(engine: Engine, image: str, before: Sequence[str]) -> int:
    """What the layers hold that were not in the image before, which is what is pushed and pulled after a change."""
    new = len(set(layers_of(engine, image)) - set(before))
    form = "{{.Size}} {{.CreatedBy}}"
    told = engine.run("history", "--no-trunc", "--human=false", "--format", form, image).stdout
    steps = [line.partition(" ") for line in told.splitlines()]
    sizes = [int(size) for size, _, step in steps if step.startswith(("RUN ", "COPY "))]  # the newest first
    return sum(sizes[:new])


def lines(made: Workshop, way: Way) -> int:
    """How many changed lines the package has in the image, or where its jobs fetch it."""
    with new_host(made.engine, made.store) as host:
        return int(host.ask(*way.python, "-c", COUNT))


def taken(do: Callable[[], object]) -> float:
    """How long it takes, in s."""
    began = time.monotonic()
    do()
    return time.monotonic() - began


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
    return f"{figure:.{digits}f} ({figure / index:.2g})"


def _row(what: str, cells: Sequence[str]) -> str:
    return f"| {what} | {' | '.join(cells)} |" if what != "---" else f"|---|{'|'.join(cells)}|"


def footing(engine: Engine, size: Size) -> str:
    """Where, with what and when it was measured."""
    docker = engine.run("version", "--format", "{{.Server.Version}}").stdout.strip()
    git = subprocess.run(["git", "version"], capture_output=True, text=True, check=True).stdout.split()[2]
    versions = f"Docker {docker}, git {git}, Python {platform.python_version()}"
    return (
        f"{date.today()}, {os.cpu_count()} cores {platform.machine()}, {versions}; medians of {size.rounds} rounds "
        f"by turns, with {size.starts} starts in each; in brackets how many times the `{INDEX}` of the row."
    )


if __name__ == "__main__":
    main()
