"""Faults on demand, for tests of what other people's programs do when a service has a bad day."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

EVERYTHING = "*"
UPLOAD, INDEX, DOWNLOAD = "upload", "index", "download"
"""What the PyPI endpoint does; the control plane's operations go by their own names."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong with a request, instead of an answer or before it."""

    on: str = EVERYTHING
    """An operation (``CopyPackageVersions``), ``upload``, ``index`` or ``download``, or ``*`` for everything."""
    times: int | None = 1
    """How many requests it befalls; None is all of them, until `Faults.clear`."""
    status: int | None = 500
    """The answer's status: 429 is throttling; None lets the request through, after `delay`."""
    retry_after: int | None = None
    """Seconds for the ``Retry-After`` header."""
    delay: float = 0.0
    """Seconds that pass first."""
    cut: bool = False
    """Break the answer off in its middle, and close the connection."""


class Faults:
    """The faults that are waiting for their requests; safe to change while the server runs."""

    def __init__(self, known: Callable[[], frozenset[str]]) -> None:
        self._known = known
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def __iter__(self) -> Iterator[Fault]:
        """Give the faults that are left, with the times that are left."""
        with self._lock:
            return iter(list(self._waiting))

    def throttle(self, on: str = EVERYTHING, *, times: int | None = 1, retry_after: int = 1) -> None:
        """Answer the next requests with 429 and ``Retry-After`` (ThrottlingException for operations)."""
        self.add(Fault(on=on, times=times, status=429, retry_after=retry_after))

    def fail(self, on: str = EVERYTHING, *, times: int | None = 1, status: int = 500) -> None:
        """Answer the next requests with `status`.

        Operations answer 403 with AccessDeniedException, everything else with InternalServerException.
        """
        self.add(Fault(on=on, times=times, status=status))

    def slow(self, on: str = EVERYTHING, *, seconds: float, times: int | None = 1) -> None:
        """Answer the next requests as ever, but `seconds` later."""
        self.add(Fault(on=on, times=times, status=None, delay=seconds))

    def cut(self, on: str = EVERYTHING, *, times: int | None = 1) -> None:
        """Break the next answers off in their middle, and close the connections."""
        self.add(Fault(on=on, times=times, status=None, cut=True))

    def add(self, fault: Fault) -> None:
        """Let a fault wait, behind those that wait already.

        Raises:
            ValueError: there is no such operation, or a number is out of its range.
        """
        if fault.on not in (EVERYTHING, UPLOAD, INDEX, DOWNLOAD) and fault.on not in self._known():
            raise ValueError(
                f"there is no {fault.on!r}: say *, upload, index, download, or an operation's name"
            )
        if fault.status is not None and not 400 <= fault.status <= 599:
            raise ValueError(f"a fault's status is from 400 to 599, not {fault.status}")
        if fault.delay < 0 or (fault.times is not None and fault.times < 1):
            raise ValueError("a fault happens at least once, and not in the past")
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._waiting.clear()

    def take(self, action: str) -> Fault | None:
        """Return the first fault that befalls a request for `action`, and count it."""
        with self._lock:
            for place, fault in enumerate(self._waiting):
                if fault.on in (EVERYTHING, action):
                    self._count(place, fault)
                    return fault
        return None

    def _count(self, place: int, fault: Fault) -> None:
        if fault.times == 1:
            del self._waiting[place]
        elif fault.times is not None:
            left = fault.times - 1
            self._waiting[place] = Fault(**{**vars(fault), "times": left})
