"""How many requests may be on their way to a service at once: as many as pay, and fewer at once where it has enough."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, inf

_PAYS, _CROWDED = 1.5, 3.0
"""How many times the shortest answer's time an answer may take, for one more to pay, and before one is too many."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """As many requests as `size` may be on their way at once; every answer gives the next window.

    Once in `size` answers, a round, their time is compared with the shortest that was seen: what an answer takes
    beyond that, it has waited for others (TCP Vegas; Brakmo and Peterson, "TCP Vegas: end to end congestion avoidance
    on a global internet", 1995). The window doubles until something is in its way, and then grows by one. What a
    service refuses, by 429, 5xx or no answer in time, halves it, once a round (RFC 5681).

    It stays between 1 and `most`, and, from the first round on, within what `per_second` requests a second keep busy
    (Little's law); more would only wait for their turn.
    """

    size: int = 4
    most: int = 32
    per_second: float = inf
    shortest: float = inf
    is_doubling: bool = True
    times: tuple[float, ...] = ()
    deaf: int = 0
    """Answers still to come to requests that were on their way when the window was halved: they tell nothing new."""

    def answered(self, seconds: float) -> Window:
        """The window after a request was taken, `seconds` after it was sent."""
        if self.deaf:
            return replace(self, deaf=self.deaf - 1)
        times = (*self.times, seconds)
        if len(times) < self.size:
            return replace(self, times=times)
        return self._after_round(sorted(times))

    def refused(self) -> Window:
        """The window after a request that the service had no room for."""
        if self.deaf:
            return replace(self, deaf=self.deaf - 1)
        half = max(1, self.size // 2)
        return replace(self, size=half, is_doubling=False, times=(), deaf=self.size - 1)

    def _after_round(self, times: list[float]) -> Window:
        # Alone, a request waits for no other one of ours: so a way that became longer is learned anew.
        shortest = times[0] if self.size == 1 else min(self.shortest, times[0])
        # The slower ones may have made a connection first, so that the quickest quarter says more.
        typical = times[len(times) // 4]
        size, is_doubling = self.size, self.is_doubling
        if typical <= _PAYS * shortest:
            size = size * 2 if is_doubling else size + 1
        else:
            is_doubling = False
            size -= typical > _CROWDED * shortest
        size = max(1, min(size, self.most, self._kept_busy(typical)))
        return replace(self, size=size, shortest=shortest, is_doubling=is_doubling, times=())

    def _kept_busy(self, seconds: float) -> int:
        return self.most if self.per_second == inf else ceil(self.per_second * seconds) + 1
