"""Where the shards of an array job leave their work for the merge, and whether all of them have."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Final

from batch_params.shard import Shard
from record_io import UNFINISHED, Store

_DONE: Final = re.compile(rf"{re.escape(UNFINISHED)}/shard-(\d+)-of-(\d+)/done\.json")
_NAMED: Final = 10  # shards that an error names


class UnfinishedError(Exception):
    """The merge cannot begin: shards are not done, or did another job."""


def name_of(shard: Shard) -> str:
    """Return the name of a shard's folder among the unfinished."""
    return f"shard-{shard.index:05}-of-{shard.count:05}"


def folder_of(shard: Shard) -> str:
    """Return that folder's place in the output."""
    return f"{UNFINISHED}/{name_of(shard)}"


def shards_in(store: Store, is_ours: Callable[[Shard], bool]) -> list[Shard]:
    """Return the shards of an array job that have all done their work, in their order.

    Of several arrays it is the one that lacks least of what `is_ours`; only then is that asked.
    Raises UnfinishedError if there are none, or only a part of them; it names those that are missing.
    """
    done: dict[int, set[int]] = defaultdict(set)
    for file in store.files(UNFINISHED):
        if found := _DONE.fullmatch(file.name):
            done[int(found[2])].add(int(found[1]))
    if not done:
        raise UnfinishedError(f"{store.address}: no shard has done its work there; run the array job first")
    count = next(iter(done)) if len(done) == 1 else _best(done, is_ours)
    missing = sorted(set(range(count)) - done[count])
    if missing:
        named = ", ".join(map(str, missing[:_NAMED])) + (" and more" if len(missing) > _NAMED else "")
        raise UnfinishedError(
            f"{store.address}: {len(missing)} of {count} shards are not done: {named}; run them again"
        )
    return [Shard(index=index, count=count) for index in range(count)]


def _best(done: Mapping[int, set[int]], is_ours: Callable[[Shard], bool]) -> int:
    """Return the count that lacks least: a merge of any array of ours that is whole gives the same."""
    ours = {
        count: sum(is_ours(Shard(index=index, count=count)) for index in indexes)
        for count, indexes in done.items()
    }
    return min(done, key=lambda count: (not ours[count], count - ours[count], count))
