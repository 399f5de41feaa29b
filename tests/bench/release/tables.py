"""What was measured, as tables."""

from __future__ import annotations

import datetime
import os
import platform
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from importlib.metadata import version

from tests.bench.release.plan import Figures, Line, Plan
from tests.bench.release.ways import (
    BOTH,
    BUILDS,
    COLD,
    FLOOR,
    PINS,
    PIP,
    PIP_UV,
    SAME,
    TWINE,
    TWINE_EACH,
    UV,
    UV_PUBLISH,
    WARM,
    WHEELS,
)
from tests.bench.release.workspace import MIXED, Shape
from tests.clients.environments import pinned

RELEASES = {
    f"{PIP}, {TWINE_EACH}": (PIP, TWINE_EACH),
    f"{PIP}, {TWINE}": (PIP, TWINE),
    f"{PIP_UV}, {TWINE}": (PIP_UV, TWINE),
    f"{UV}, {UV_PUBLISH}": (UV, UV_PUBLISH),
}
"""Ways to release that are a way to build and a way to upload."""
_BY_UV = f"{UV}, {UV_PUBLISH}"


def seconds(figures: Figures, line: Line) -> float:
    """The median, for all packages."""
    return statistics.median(one.seconds for one in figures[line])


def released(figures: Figures, way: str, shape: Shape, far: float = 0.0) -> float:
    """Seconds to build and publish: Carrack's own, or those of a way to build and a way to upload together."""
    if way in RELEASES:
        built, uploaded = RELEASES[way]
        return seconds(figures, Line(way=built, shape=shape, kinds=BOTH)) + seconds(
            figures, Line(way=uploaded, shape=shape, far=far)
        )
    return seconds(figures, Line(way=way, shape=shape, far=far))


def builds(figures: Figures, plan: Plan) -> str:
    """A row for each backend and kind of file."""
    ratios = {
        f"{PIP} / carrack": (PIP, WARM),
        f"{UV} / carrack": (UV, WARM),
        "carrack / hooks in one process": (WARM, FLOOR),
    }
    rows = [_head("seconds", [*BUILDS, *ratios])]
    for backend in plan.backends:
        for kinds in (WHEELS, BOTH):
            shape = Shape(packages=plan.packages, backend=backend)

            def took(way: str, kinds: str = kinds, shape: Shape = shape) -> float | None:
                if way == FLOOR and shape.backend == MIXED:
                    return None
                return seconds(figures, Line(way=way, shape=shape, kinds=kinds))

            cells = [_seconds(took(way)) for way in BUILDS]
            cells += [_times(took(theirs), took(ours)) for theirs, ours in ratios.values()]
            rows.append(_row(f"{backend}, {kinds}", cells))
    memory = [_megabytes(figures, Line(way=way, shape=plan.main, kinds=BOTH)) for way in BUILDS]
    rows.append(_row(f"peak memory, MB ({plan.main.backend}, {BOTH})", [*memory, *["" for _ in ratios]]))
    return "\n".join(rows)


def releases(figures: Figures, plan: Plan) -> str:
    """A row for each distance of the index."""
    ways = [*RELEASES, COLD, WARM, SAME]
    theirs = [*list(RELEASES)[1:2], _BY_UV]
    rows = [_head("seconds", [*ways, *(f"{way} / carrack" for way in theirs)])]
    for far in plan.far:
        took = {way: released(figures, way, plan.main, far) for way in ways}
        cells = [_seconds(took[way]) for way in ways]
        rows.append(
            _row(f"{far * 1000:.0f} ms a request", [*cells, *(_times(took[w], took[WARM]) for w in theirs)])
        )
    for far in plan.far:
        ours = {way: released(figures, way, plan.chain, far) for way in (WARM, SAME)}
        cells = ["" for _ in (*RELEASES, COLD)] + [_seconds(ours[WARM]), _seconds(ours[SAME])]
        times = [_times(released(figures, way, plan.main, far), ours[WARM]) for way in theirs]
        rows.append(_row(f"a chain, {far * 1000:.0f} ms a request", [*cells, *times]))
    return "\n".join([*rows, "", *_quota(figures, plan)])


def _quota(figures: Figures, plan: Plan) -> Iterator[str]:
    yield f"With {plan.quota:.0f} uploads a second, and {plan.far[1] * 1000:.0f} ms a request, seconds to upload:"
    yield ""
    for way in (TWINE, UV_PUBLISH, WARM):
        line = Line(way=way, shape=plan.main, far=plan.far[1], quota=True)
        failed = [one.failed for one in figures[line] if one.failed]
        what = f"{way}, build included" if way == WARM else way
        yield f"- {what}: {failed[0] if failed else _seconds(seconds(figures, line))}"


def growth(figures: Figures, plan: Plan) -> str:
    """A row for each size of workspace."""
    ways = [f"{PIP}, {TWINE}", _BY_UV, WARM, SAME]
    rows = [_head("packages", [*ways, "peak memory of carrack, MB"])]
    for packages in plan.growing:
        shape = Shape(packages=packages)
        cells = [_seconds(released(figures, way, shape)) for way in ways]
        rows.append(_row(f"{packages:,}", [*cells, _megabytes(figures, Line(way=WARM, shape=shape))]))
    far = Line(way=SAME, shape=plan.most, far=plan.far[1])
    said = f"Nothing changed, {plan.most.packages:,} packages, {far.far * 1000:.0f} ms a request"
    return "\n".join([*rows, "", f"{said}: {_seconds(seconds(figures, far))} s."])


def footing(rounds: int) -> str:
    """Where, with what and when it was measured."""
    today = datetime.datetime.now(datetime.UTC).date()
    git = subprocess.run(["git", "version"], capture_output=True, text=True, check=True).stdout.split()[2]
    tools = ("build", "twine", "uv", "hatchling", "setuptools", "flit-core", "uv-build")
    versions = ", ".join(f"{tool} {pinned(tool, PINS / 'release.txt')}" for tool in tools)
    many = f"medians of {rounds} rounds by turns" if rounds > 1 else "one round"
    return (
        f"`make bench`, {today}, {os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}, "
        f"git {git}, {versions}, carrack {version('carrack')}; {many}."
    )


def _megabytes(figures: Figures, line: Line) -> str:
    return f"{statistics.median(one.ran.megabytes for one in figures[line] if one.ran):,.0f}"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:,.{0 if value >= 100 else 1 if value >= 10 else 2}f}"


def _times(theirs: float | None, ours: float | None) -> str:
    if theirs is None or ours is None:
        return ""
    return f"{theirs / ours:.{0 if theirs / ours >= 20 else 1}f}"


def _head(first: str, cells: Sequence[str]) -> str:
    return f"{_row(first, cells)}\n|---|{'---:|' * len(cells)}"


def _row(first: str, cells: Sequence[str]) -> str:
    return f"| {first} | {' | '.join(cells)} |"
