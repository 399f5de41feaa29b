"""Answers of AWS that break off in their middle.

botocore does not look whether an answer is whole: it reads half of one as if the service had said nothing, which is
as good as "there is none".
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import IncompleteReadError

_TRIES = 4


def watch(client: Any) -> None:
    """Have `client` ask again where an answer breaks off, and raise IncompleteReadError where it goes on to.

    Answers that are read piece by piece are not looked at: botocore watches over those itself.
    """
    client.meta.events.register("needs-retry", _pause)
    client.meta.events.register("after-call", _refuse)


def _pause(response: Any, operation: Any, attempts: int, **_: Any) -> float | None:
    """The seconds until the next try; None where none is needed, or there were enough."""
    if response is None or attempts >= _TRIES or not _missing(response[0], operation):
        return None
    return 0.25 * float(2**attempts)


def _refuse(http_response: Any, model: Any, **_: Any) -> None:
    if missing := _missing(http_response, model):
        got = len(http_response.content)
        raise IncompleteReadError(actual_bytes=got, expected_bytes=got + missing)


def _missing(answer: Any, operation: Any) -> int:
    """How many bytes fewer came than were promised."""
    promised = str(answer.headers.get("content-length", ""))
    if operation.has_streaming_output or not promised.isdecimal():
        return 0
    return max(0, int(promised) - len(answer.content))
