"""What is measured of each way, by turns: two builds, what a change is made of, and starts of jobs."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.sources.jobs import Job, new_host
from tests.bench.sources.ways import GUIDE, Way, ways
from tests.bench.sources.workshop import CHANGED, MARK, Workshop
from tests.docker.engine import Engine

COLD = "build, nothing cached, s"
BOTH = "**from a changed line to the image**, s"
CHANGE = "of that up to the image's build, s"
AGAIN = "of that the build, s"
SIZE = "image, MB"
NEW = "of that new after the change, MB"
START = "start of a job, s"
FIRST = "start of the first job on a host, s"
COUNT = f"import {CHANGED.replace('-', '_')} as it; print(open(it.__file__).read().count({MARK!r}))"
Figures = Mapping[tuple[str, str], Sequence[float]]
"""What was measured, by what it is and by the way."""


@dataclass(frozen=True)
class Size:
    """How much is done."""

    rounds: int
    starts: int


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
    sizes = [
        int(size) for size, _, step in steps if step.startswith(("RUN ", "COPY ", "WORKDIR "))
    ]  # the newest first
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
