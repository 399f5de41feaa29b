"""Which share of the work is this process's: an array job's children, also those that run once more.

AWS Batch gives each child of an array job `AWS_BATCH_JOB_ARRAY_INDEX` (from 0) and `AWS_BATCH_JOB_ARRAY_SIZE` ("Job
environment variables" of its user guide). It cannot run the failed children alone again. Whoever submits them as a
new, smaller array says in `CARRACK_SHARD_COUNT` of how many shards they are, and in `CARRACK_SHARD_MAP` which ones:
child i has shard map[i]. The map is a JSON list, `[3, 7, 8, 9]`, or the same as ranges, `3,7-9`. An array has two
children or more, so that a single one that runs again is a plain job, with a map of one entry.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from batch_params.problems import ConfigError, Problem

INDEX: Final = "AWS_BATCH_JOB_ARRAY_INDEX"
SIZE: Final = "AWS_BATCH_JOB_ARRAY_SIZE"
MAP: Final = "CARRACK_SHARD_MAP"
COUNT: Final = "CARRACK_SHARD_COUNT"
_MOST: Final = 10_000  # children of an array job, says AWS Batch
_RANGE: Final = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shard:
    """Share `index`, counted from 0, of `count`; a job that is not an array has the whole: share 0 of 1."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"shard {self.index} of {self.count}"


def shard(environ: Mapping[str, str]) -> Shard:
    """Return this process's share. Raises ConfigError, exit code 78, where the variables contradict themselves."""
    child = Shard(index=_number(environ, INDEX, 0), count=_number(environ, SIZE, 1))
    if (INDEX in environ) != (SIZE in environ):
        _refuse(INDEX, f"comes with {SIZE}, and neither without the other")
    if child.index >= child.count:
        _refuse(INDEX, f"is {child.index}, and there are {child.count} children")
    if (MAP in environ) != (COUNT in environ):
        _refuse(MAP, f"comes with {COUNT}, and neither without the other")
    return _mapped(child, environ) if MAP in environ else child


def parse_map(text: str) -> tuple[int, ...]:
    """Read `3,7-9`, or the same as a JSON list. Raises ValueError for anything else, and for a shard named twice."""
    inner = text.strip()
    if inner.startswith("[") and inner.endswith("]"):
        inner = inner[1:-1]
    shards = tuple(shard for part in inner.split(",") for shard in _range(part.strip()))
    if len(set(shards)) < len(shards):
        raise ValueError("names a shard twice")
    return shards


def _range(part: str) -> range:
    found = _RANGE.fullmatch(part)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if first > last:
        raise ValueError("must be a JSON list of whole numbers, or ranges such as 3,7-9")
    return range(first, last + 1)


def _mapped(child: Shard, environ: Mapping[str, str]) -> Shard:
    count = _number(environ, COUNT, 1)
    try:
        shards = parse_map(environ[MAP])
    except ValueError as error:
        _refuse(MAP, str(error))
    if len(shards) != child.count:
        _refuse(MAP, f"names {len(shards)} shards for {child.count} children")
    if max(shards) >= count:
        _refuse(MAP, f"names shard {max(shards)}, and {COUNT} is {count}")
    return Shard(index=shards[child.index], count=count)


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name)
    if text is None:
        return default
    least = 0 if name == INDEX else 1
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and least <= int(text) <= _MOST):
        _refuse(name, f"must be a whole number from {least} to {_MOST}")
    return int(text)


def _refuse(name: str, message: str) -> NoReturn:
    raise ConfigError([Problem(source=name, message=message)])
