"""Keeps calls from several threads to a rate."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock


@dataclass
class Pace:
    """Lets at most `per_second` calls of `wait` return in any second, evenly spaced; for all threads together."""

    per_second: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _next: float = 0.0
    _taking: Lock = field(default_factory=Lock, repr=False)

    def wait(self) -> None:
        """Return when it is this call's turn."""
        with self._taking:
            now = self.clock()
            turn = max(now, self._next)
            self._next = turn + 1 / self.per_second
        if turn > now:
            self.sleep(turn - now)
