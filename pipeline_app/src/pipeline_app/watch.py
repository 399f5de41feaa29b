"""What a long loop owes to whoever waits for it: a word now and then, and an end when asked."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

_EVERY: Final = 5.0  # seconds between two lines of progress

Item = TypeVar("Item")
log = logging.getLogger(__name__)


class Stopped(Exception):  # noqa: N818 - not an error: the job did as it was told
    """The job was told to stop, and did so between two batches."""


class Watch:
    """Goes along with the job's loops; `stopping` says whether the job shall end."""

    def __init__(self, stopping: Callable[[], bool]) -> None:
        self._stopping = stopping
        self._told = time.monotonic()

    def over(self, items: Iterable[Item], progress: Callable[[], str]) -> Iterator[Item]:
        """Yield the items, and log `progress()` every five seconds. Raises Stopped before an item."""
        for item in items:
            self.check()
            yield item
            if time.monotonic() - self._told > _EVERY:
                self._told = time.monotonic()
                log.info(progress())

    def check(self) -> None:
        """Raise Stopped if the job shall end."""
        if self._stopping():
            raise Stopped
