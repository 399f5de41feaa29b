"""Repositories and their upstreams as a picture: boxes in columns, each left of what it takes from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

BOX_WIDTH, BOX_HEIGHT = 160, 44
_GAP_X, _GAP_Y, _MARGIN = 56, 20, 8

Graph = Mapping[str, Sequence[str]]
"""The names that each name takes from, in their order; what is named there may be no key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """One name, and where its box's upper left corner is."""

    name: str
    x: int
    y: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """What is drawn; lengths are pixels of an SVG of this size."""

    width: int
    height: int
    boxes: list[Box]
    lines: list[str]
    """The ``d`` of a path for each arrow."""


def draw(graph: Graph) -> Picture:
    """Return the picture of `graph`; an arrow leads from each name to each that it takes from.

    A name stands in the first column that is right of all that take from it; arrows that close a circle lead back.
    """
    layout = _Layout(graph)
    rows = max(map(len, layout.columns), default=0)
    return Picture(
        width=2 * _MARGIN + len(layout.columns) * (BOX_WIDTH + _GAP_X) - _GAP_X,
        height=2 * _MARGIN + rows * (BOX_HEIGHT + _GAP_Y) - _GAP_Y,
        boxes=[
            Box(name=name, x=x, y=y - BOX_HEIGHT // 2)
            for name in layout.names
            for x, y in [layout.place(name)]
        ],
        lines=[_curve(*map(layout.place, stops)) for stops in layout.routes],
    )


@dataclass(frozen=True)
class _Bend:
    """Where an arrow that is longer than a column crosses one."""

    start: str
    end: str
    column: int


_Stop = str | _Bend


class _Layout:
    """Which column, and which row of it, everything is in."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    @cached_property
    def names(self) -> list[str]:
        return list(dict.fromkeys(name for key, others in self._graph.items() for name in (key, *others)))

    @cached_property
    def _column(self) -> dict[str, int]:
        column = dict.fromkeys(self.names, 0)

        def visit(name: str, above: tuple[str, ...]) -> None:
            for other in self._graph.get(name, ()):
                if other not in above and other != name and column[other] <= column[name]:
                    column[other] = column[name] + 1
                    visit(other, (*above, name))

        for name in self.names:
            visit(name, ())
        return column

    @cached_property
    def routes(self) -> list[list[_Stop]]:
        return [self._route(name, other) for name, others in self._graph.items() for other in others]

    def _route(self, start: str, end: str) -> list[_Stop]:
        between = range(self._column[start] + 1, self._column[end])
        return [start, *(_Bend(start, end, column) for column in between), end]

    @cached_property
    def columns(self) -> list[list[_Stop]]:
        """What stands in each column, from the top; near what leads there, so that few arrows cross."""
        found: list[list[_Stop]] = [[] for _ in range(1 + max(self._column.values(), default=-1))]
        for name in self.names:
            found[self._column[name]].append(name)
        for bend in self._bends():
            found[bend.column].append(bend)
        row: dict[_Stop, int] = {}
        for column in found:
            column.sort(key=lambda stop: self._pull(stop, row))
            row |= {stop: number for number, stop in enumerate(column)}
        return found

    def _bends(self) -> Iterator[_Bend]:
        return (stop for route in self.routes for stop in route if isinstance(stop, _Bend))

    def _pull(self, stop: _Stop, row: Mapping[_Stop, int]) -> float:
        rows = [
            row[one] for route in self.routes for one, next in pairwise(route) if next == stop and one in row
        ]
        return sum(rows) / len(rows) if rows else 0.0

    @cached_property
    def _places(self) -> dict[_Stop, tuple[int, int]]:
        most = max(map(len, self.columns), default=0)
        return {
            stop: (
                _MARGIN + column * (BOX_WIDTH + _GAP_X),
                _MARGIN + BOX_HEIGHT // 2 + (2 * row + most - len(stops)) * (BOX_HEIGHT + _GAP_Y) // 2,
            )
            for column, stops in enumerate(self.columns)
            for row, stop in enumerate(stops)
        }

    def place(self, stop: _Stop) -> tuple[int, int]:
        """Return where the left edge of a stop is, and its middle."""
        return self._places[stop]


def _curve(start: tuple[int, int], *others: tuple[int, int]) -> str:
    x, y = start[0] + BOX_WIDTH, start[1]
    drawn = f"M{x} {y}"
    for left, middle in others:
        bend = abs(left - x) // 2 or _GAP_X
        drawn += f" C{x + bend} {y} {left - bend} {middle} {left} {middle}"
        x, y = left + BOX_WIDTH, middle
        if (left, middle) != others[-1]:
            drawn += f" H{x}"
    return drawn
