"""Lets as many threads on their way as a window allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition

from carrack.model.window import Window


class Turns:
    """One window for all threads; what their requests meet makes it wider or narrower."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self._busy = 0
        self._changed = Condition()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until one more may be on its way, and count it until the block ends."""
        with self._changed:
            self._changed.wait_for(lambda: self._busy < self.window.size)
            self._busy += 1
        try:
            yield
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def answered(self, seconds: float) -> None:
        """A request was taken, so long after it was sent."""
        self._learn(lambda window: window.answered(seconds))

    def refused(self) -> None:
        """A request was refused for want of room, or had no answer in time."""
        self._learn(Window.refused)

    def _learn(self, what: Callable[[Window], Window]) -> None:
        with self._changed:
            self.window = what(self.window)
            self._changed.notify_all()
