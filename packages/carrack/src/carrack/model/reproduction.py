"""Why two builds of one commit are not the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from carrack.model.archive import Sides, differences

_TWO_BUILDS = Sides(
    only_here="only in the second build",
    only_there="only in the first build",
    here="the second",
    there="the first has",
)


@dataclass(frozen=True, kw_only=True)
class Member:
    """One member of an archive: its time in seconds since 1970, its permission bits, its owner, its content."""

    name: str
    time: int
    mode: int
    owner: str
    content: bytes


def why(first: Sequence[Member], second: Sequence[Member]) -> tuple[str, ...]:
    """A line for each member that differs, with the reason, contents first; what is the same in both is not named.

    Where no member differs, the reason is the order of the members, or how they are packed.
    """
    ours, theirs = {m.name: m for m in second}, {m.name: m for m in first}
    lines = list(
        differences(
            {name: member.content for name, member in ours.items()},
            {name: member.content for name, member in theirs.items()},
            _TWO_BUILDS,
        )
    )
    for name in sorted(ours.keys() & theirs.keys()):
        lines += (f"{name}: {reason}" for reason in _marks(theirs[name], ours[name]))
    if not lines and [member.name for member in first] != [member.name for member in second]:
        lines.append("the order of the members")
    return tuple(lines or ["how the members are packed: the compression, or the archive's own header"])


def _marks(first: Member, second: Member) -> Iterator[str]:
    if first.time != second.time:
        yield f"time stamp: {_moment(first.time)}, and {_moment(second.time)}"
    if first.mode != second.mode:
        yield f"mode: {first.mode:04o}, and {second.mode:04o}"
    if first.owner != second.owner:
        yield f"owner: {first.owner}, and {second.owner}"


def _moment(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"
