"""What is measured, and in which order."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.bench.release.ways import (
    BOTH,
    BUILDS,
    COLD,
    FLOOR,
    PIP,
    PIP_UV,
    SAME,
    TWINE,
    UPLOADS,
    UV,
    UV_PUBLISH,
    WARM,
    WHEELS,
    Limits,
    Shop,
    Took,
)
from tests.bench.release.workspace import (
    CHAIN,
    FLIT,
    HATCHLING,
    MIXED,
    SETUPTOOLS,
    UV_BUILD,
    Shape,
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing to measure: a way, a workspace, and either what is built or how far the index is."""

    way: str
    shape: Shape
    kinds: str | None = None
    far: float = 0.0
    """Seconds that each request takes longer."""
    quota: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is done."""

    rounds: int
    packages: int
    """Of the workspaces in most tables."""
    growing: tuple[int, ...]
    """Packages of the workspaces that show the growth, fewest first."""
    backends: tuple[str, ...]
    far: tuple[float, ...]
    limits: Limits
    quota: float = 10.0
    """Publishes a second that the index takes where it has a quota, as the service does."""

    @property
    def main(self) -> Shape:
        """The workspace of most tables."""
        return Shape(packages=self.packages)

    @property
    def chain(self) -> Shape:
        """The worst case: each package waits for the one before."""
        return Shape(packages=self.packages, graph=CHAIN)

    @property
    def most(self) -> Shape:
        """The largest workspace."""
        return Shape(packages=self.growing[-1])

    def lines(self) -> Iterator[Line]:
        """Everything once; what finds nothing changed comes after what did it."""
        for backend in self.backends:
            for kinds in (WHEELS, BOTH):
                for way in BUILDS:
                    if not (way == FLOOR and backend == MIXED):
                        yield Line(way=way, shape=Shape(packages=self.packages, backend=backend), kinds=kinds)
        for packages in self.growing:
            shape = Shape(packages=packages)
            if packages != self.packages:
                yield from (Line(way=way, shape=shape, kinds=BOTH) for way in (PIP, UV, WARM, SAME))
                yield from (Line(way=way, shape=shape) for way in (TWINE, UV_PUBLISH, WARM, SAME))
        for far in self.far:
            yield from (Line(way=way, shape=self.main, far=far) for way in (*UPLOADS, COLD, WARM, SAME))
            yield from (Line(way=way, shape=self.chain, far=far) for way in (WARM, SAME))
        yield from (
            Line(way=way, shape=self.main, far=self.far[1], quota=True) for way in (TWINE, UV_PUBLISH, WARM)
        )
        yield Line(way=WARM, shape=self.most)
        yield Line(way=SAME, shape=self.most, far=self.far[1])


Figures = Mapping[Line, list[Took]]


FULL = Plan(
    rounds=3,
    packages=100,
    growing=(10, 100, 1000),
    backends=(HATCHLING, SETUPTOOLS, FLIT, UV_BUILD, MIXED),
    far=(0.0, 0.03, 0.15),
    limits=Limits(),
)
QUICK = Plan(
    rounds=1,
    packages=4,
    growing=(2, 4, 8),
    backends=(HATCHLING, UV_BUILD),
    far=(0.0, 0.01, 0.02),
    limits=Limits(loops=1, uv=4, uv_with_others=2),
)


def measure(shop: Shop, plan: Plan, rounds: int) -> Figures:
    """Do everything, `rounds` times by turns, after a build of each kind that makes the tools' own caches."""
    for backend in plan.backends:
        for way in (PIP, PIP_UV, UV, WARM):
            shop.build(way, Shape(packages=1, backend=backend), BOTH)
    figures: dict[Line, list[Took]] = defaultdict(list)
    for round_ in range(1, rounds + 1):
        for line in plan.lines():
            took = _one(shop, plan, line)
            figures[line].append(took)
            what = line.kinds or f"published, {line.far * 1000:.0f} ms away{', quota' if line.quota else ''}"
            said = took.failed or f"{took.seconds:.2f} s"
            shape = f"{line.shape.packages} {line.shape.backend}, {line.shape.graph}"
            print(f"round {round_} of {rounds}: {shape}, {what}, {line.way}: {said}", file=sys.stderr)
    return figures


def _one(shop: Shop, plan: Plan, line: Line) -> Took:
    if line.kinds:
        return shop.build(line.way, line.shape, line.kinds)
    shop.bench.way.seconds = line.far
    shop.bench.way.per_second = plan.quota if line.quota else None
    try:
        if line.way in UPLOADS:
            return shop.upload(line.way, line.shape)
        return shop.publish(line.way, line.shape, quota=line.quota)
    finally:
        shop.bench.way.seconds, shop.bench.way.per_second = 0.0, None
