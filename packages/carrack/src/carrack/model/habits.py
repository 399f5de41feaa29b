"""What people do with an index each month, in requests; and how each number of an estimate is known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from carrack.model.lock import Lock

_OPENING, _DISTRIBUTION = 2, 2
"""Requests: the repository's address and a token; of each distribution its page and one file."""
_RELEASE, _LOOK = 24, 2
"""Requests of publishing one version that hatchling builds, and more for each package of the workspace, where nothing
is kept from the last time. Counted on codeartifact-local; AWS publishes no such numbers."""


class Basis(Enum):
    """How a line is known."""

    MEASURED = "measured"
    SAID = "said"
    DATED = "dated"
    ASSUMED = "assumed"
    NOT_COUNTED = "not counted"
    ESTIMATE = "estimate"


@dataclass(frozen=True, kw_only=True)
class Habit:
    """Something that is done so many `times` a month, and the requests that it makes `each` time."""

    name: str
    times: int
    each: int
    basis: Basis
    why: str

    @property
    def requests(self) -> int:
        """Those of a month."""
        return self.times * self.each


def installs(times: int, lock: Lock) -> Habit:
    """An app installed from its lock, with nothing kept from the last time."""
    count = len(lock.names())
    return Habit(
        name="installs",
        times=times,
        each=_OPENING + _DISTRIBUTION * count,
        basis=Basis.ASSUMED,
        why=f"page and file of the {count} distributions in {lock.app}'s lock, address and token; nothing cached",
    )


def releases(times: int, packages: int) -> Habit:
    """One version published, in a workspace of so many packages."""
    return Habit(
        name="releases",
        times=times,
        each=_RELEASE + _LOOK * packages,
        basis=Basis.ASSUMED,
        why=f"one version a run, built, uploaded and proven; all packages ({packages}) looked at",
    )


def other_requests(times: int) -> Habit:
    """What is known otherwise, from a bill for example."""
    return Habit(name="others", times=times, each=1, basis=Basis.SAID, why="by --requests")
