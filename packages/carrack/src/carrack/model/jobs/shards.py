"""Which children of an array a retry runs again: indexes, as they are written in a job's environment.

Batch numbers an array's children from 0 without gaps, so that an array of the failed ones needs a map: its child i does
the work of shard `map[i]`. Jobs read it with `batch_params.shard`, which also names the two variables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


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
