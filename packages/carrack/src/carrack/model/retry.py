"""One retry policy for every request that writes."""

from __future__ import annotations

from collections.abc import Iterator

RETRIED = frozenset({429, 500, 502, 503, 504})
"""HTTP statuses that pass by themselves."""

_TRIES = 5


def delays(tries: int = _TRIES) -> Iterator[float]:
    """The pause in seconds after each of `tries` tries: 0.5, 1, 2, … and 0 after the last."""
    for number in range(tries - 1):
        yield 0.5 * 2**number
    yield 0.0
