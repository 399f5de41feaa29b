"""`job logs --failed`: of an array's failed children each kind once."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from carrack.commands.inquiry import Inquiry
from carrack.commands.job_logs import lines_of, streams_of
from carrack.model.jobs.failures import Cause, Failures, alike, group
from carrack.model.jobs.job import Job


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Failed children whose cause is one and whose logs end alike. `looked_at` of them had their logs read."""

    cause: Cause
    indexes: tuple[int, ...]
    sample: Job
    tail: tuple[str, ...]
    looked_at: int


def failed_kinds(failed: Sequence[Job], inquiry: Inquiry, *, tail: int, sample: int) -> list[Kind]:
    """Group failed children by cause, and by the last line of their logs, the largest group first.

    Logs are read of at most `sample` children of one cause, spread over its indexes; those that were not read are with
    the kind that most of the read ones are of, and `looked_at` says so.
    """
    kinds: list[Kind] = []
    for one in group(failed):
        kinds += _kinds(one, {child.id: child for child in failed}, inquiry, tail, sample)
    return sorted(kinds, key=lambda kind: (-len(kind.indexes), kind.indexes[0]))


def _kinds(one: Failures, by_id: dict[str, Job], inquiry: Inquiry, tail: int, sample: int) -> list[Kind]:
    array = one.first.id.rpartition(":")[0]
    step = max(1, -(-len(one.indexes) // sample))
    read = one.indexes[::step]
    ends: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
    for index in read:
        lines = _tail(by_id[f"{array}:{index}"], inquiry, tail)
        ends.setdefault(alike(lines[-1]) if lines else "", []).append((index, lines))
    unread = sorted(set(one.indexes) - set(read))
    most = max(ends, key=lambda end: len(ends[end]))
    return [
        Kind(
            cause=one.cause,
            indexes=tuple(sorted([*(index for index, _ in found), *(unread if end == most else ())])),
            sample=by_id[f"{array}:{found[0][0]}"],
            tail=found[0][1],
            looked_at=len(found),
        )
        for end, found in ends.items()
    ]


def _tail(job: Job, inquiry: Inquiry, count: int) -> tuple[str, ...]:
    """The last lines of a job's last attempt; none where it wrote none."""
    streams = streams_of(job)
    return tuple(deque(lines_of(streams[-1], inquiry), maxlen=count)) if streams else ()
