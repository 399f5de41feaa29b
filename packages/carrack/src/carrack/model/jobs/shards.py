"""Which children of an array a retry runs again: indexes, as they are written in a job's environment.

Batch numbers an array's children from 0 without gaps, so that an array of the failed ones needs a map: its child i does
the work of shard `map[i]`. Jobs read ranges and a JSON list alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

MAP, COUNT = "CARRACK_SHARD_MAP", "CARRACK_SHARD_COUNT"
"""The variables that say which shards a retry has, and how many there are in the first array."""

_RANGE = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")


def format_ranges(indexes: Iterable[int]) -> str:
    """Write indexes in their order, runs shortened: `3,7-9`. Two in a row are written as two."""
    return ",".join(_written(first, last) for first, last in _runs(indexes))


def _written(first: int, last: int) -> str:
    if last == first:
        return str(first)
    return f"{first},{last}" if last == first + 1 else f"{first}-{last}"


def _runs(indexes: Iterable[int]) -> Iterator[tuple[int, int]]:
    first = last = None
    for index in indexes:
        if first is not None and last is not None:
            if index == last + 1:
                last = index
                continue
            yield first, last
        first = last = index
    if first is not None and last is not None:
        yield first, last


def parse_ranges(text: str) -> tuple[int, ...]:
    """Read `3,7-9`, or the same as a JSON list. Raises ValueError for anything else, and for an index said twice."""
    inner = text.strip()
    if inner.startswith("[") and inner.endswith("]"):
        inner = inner[1:-1]
    indexes = tuple(index for part in inner.split(",") for index in _range(part.strip()))
    if len(set(indexes)) < len(indexes):
        raise ValueError(f"{text!r} names an index twice")
    return indexes


def _range(part: str) -> range:
    found = _RANGE.fullmatch(part)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if first > last:
        raise ValueError(f"{part!r} is neither an index nor a range of them, such as 3,7-9")
    return range(first, last + 1)


def compose(shards: Sequence[int], children: Iterable[int]) -> tuple[int, ...]:
    """The shards of an array's children, where `shards` is the array's own map; of none, the children themselves.

    Raises ValueError for a child that the map does not have.
    """
    wanted = tuple(children)
    if not shards:
        return wanted
    if missing := [child for child in wanted if child >= len(shards)]:
        raise ValueError(f"it has {len(shards)} shards, and no child {missing[0]}")
    return tuple(shards[child] for child in wanted)
