"""Which answers of an index pass by themselves, and the pauses between the tries."""

from __future__ import annotations

from collections.abc import Iterator

from urllib3.util import Retry

RETRIED = frozenset({429, 500, 502, 503, 504})
"""HTTP statuses that pass by themselves."""

READING = Retry(total=4, connect=1, backoff_factor=0.5, status_forcelist=RETRIED, raise_on_status=False)
"""How requests that only read are tried again, `Retry-After` honoured."""

_TRIES = 5


def delays() -> Iterator[float]:
    """The pause in seconds after each try: 0.5, 1, 2, 4, and 0 after the last."""
    for number in range(_TRIES - 1):
        yield 0.5 * 2**number
    yield 0.0
