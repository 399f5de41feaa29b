"""How the ways grow with the number of packages, as a picture: both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from tests.bench.release.plan import Figures, Plan
from tests.bench.release.tables import RELEASES, released
from tests.bench.release.ways import SAME, WARM
from tests.bench.release.workspace import Shape

_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 760, 420, 60, 20, 280, 50
_COLOURS = ("#b3433b", "#b97a1a", "#1f6f8b", "#5a8f3c")


def picture(figures: Figures, plan: Plan) -> str:
    """An SVG: a line for each way to build and publish, with a dot for each size."""
    ways = {list(RELEASES)[1]: "python -m build, twine", list(RELEASES)[3]: "uv build, uv publish"}
    ways |= {WARM: "carrack publish", SAME: "carrack publish, nothing changed"}
    lines = {
        name: [(size, released(figures, way, Shape(packages=size))) for size in plan.growing]
        for way, name in ways.items()
    }
    return "\n".join(_svg(lines, plan.growing))


def _svg(lines: Mapping[str, Sequence[tuple[int, float]]], sizes: Sequence[int]) -> Iterator[str]:
    values = [value for points in lines.values() for _, value in points]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))

    def across(size: float) -> float:
        share = math.log10(size / sizes[0]) / math.log10(sizes[-1] / sizes[0])
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def down(value: float) -> float:
        return _TOP + (high - math.log10(value)) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="13">'
    )
    yield "<title>Seconds to build and publish, by the number of packages</title>"
    yield f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>'
    for power in range(low, high + 1):
        at = down(10.0**power)
        yield f'<path d="M{_LEFT} {at:.1f}H{_WIDTH - _RIGHT}" stroke="#ddd"/>'
        yield f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g}</text>'
    for size in sizes:
        yield f'<path d="M{across(size):.1f} {_TOP}V{_HEIGHT - _BOTTOM}" stroke="#ddd"/>'
        yield f'<text x="{across(size):.1f}" y="{_HEIGHT - _BOTTOM + 20}" text-anchor="middle">{size:,}</text>'
    yield f'<text x="{_LEFT}" y="{_HEIGHT - 10}">packages (seconds upwards)</text>'
    for colour, (name, points) in zip(_COLOURS, lines.items(), strict=True):
        dots = [(across(size), down(value)) for size, value in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in dots)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in dots)
        x, y = dots[-1]
        yield f'<text x="{x + 10:.1f}" y="{y + 4:.1f}" fill="{colour}">{escape(name)}</text>'
    yield "</svg>\n"
