"""What became of a job: DescribeJobs' answer, as far as the verbs need it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

JSON = Mapping[str, Any]
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(:[0-9]{1,5})?")
ENDED = frozenset({"SUCCEEDED", "FAILED"})
"""The states that no job leaves (AWS Batch user guide, "Job states")."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One time that a container was started for a job. Times are in milliseconds since 1970, as Batch has them."""

    started: int | None
    stopped: int | None
    exit_code: int | None
    reason: str | None
    """What the container agent says: `OutOfMemoryError: Container killed due to memory usage`."""
    status_reason: str | None
    log_stream: str | None


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job, an array of jobs, or one of its children, as the service tells it.

    `definition` is `name:revision`. `counts` has an array's children by state; they, and not the array's own state,
    say that all have ended: the parent lags behind. `told` is the whole answer.
    """

    id: str
    name: str
    queue: str
    definition: str
    status: str
    status_reason: str | None
    created: int | None
    started: int | None
    stopped: int | None
    attempts: tuple[Attempt, ...]
    exit_code: int | None
    reason: str | None
    log_stream: str | None
    array_size: int | None
    array_index: int | None
    counts: Mapping[str, int]
    told: JSON = field(repr=False)

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it; of an array, when all its children have ended."""
        if self.status in ENDED:
            return True
        return bool(self.array_size) and sum(self.counts.get(it, 0) for it in ENDED) == self.array_size

    @property
    def has_failed(self) -> bool:
        """Whether it ended, and it or a child of it failed."""
        return self.status == "FAILED" or (self.has_ended and self.counts.get("FAILED", 0) > 0)


def is_id(text: str) -> bool:
    """Whether `text` has the form of a job's id: a UUID, of an array's child with its index."""
    return bool(_ID.fullmatch(text))


def read_job(told: JSON) -> Job:
    """Read one of DescribeJobs' `jobs`. What is missing there is None: not every state has every member."""
    container, array = told.get("container", {}), told.get("arrayProperties", {})
    return Job(
        id=told["jobId"],
        name=told["jobName"],
        queue=told.get("jobQueue", "").rpartition("/")[2],
        definition=told.get("jobDefinition", "").rpartition("/")[2],
        status=told["status"],
        status_reason=told.get("statusReason"),
        created=told.get("createdAt"),
        started=told.get("startedAt"),
        stopped=told.get("stoppedAt"),
        attempts=tuple(map(_attempt, told.get("attempts", ()))),
        exit_code=container.get("exitCode"),
        reason=container.get("reason"),
        log_stream=container.get("logStreamName"),
        array_size=array.get("size"),
        array_index=array.get("index"),
        counts={state: count for state, count in array.get("statusSummary", {}).items() if count},
        told=told,
    )


def _attempt(told: JSON) -> Attempt:
    container = told.get("container", {})
    return Attempt(
        started=told.get("startedAt"),
        stopped=told.get("stoppedAt"),
        exit_code=container.get("exitCode"),
        reason=container.get("reason"),
        status_reason=told.get("statusReason"),
        log_stream=container.get("logStreamName"),
    )


@dataclass(frozen=True, kw_only=True)
class LogPage:
    """Some lines of a job's log, oldest first, each with its time in milliseconds, and where the next page begins."""

    lines: Sequence[tuple[int, str]]
    token: str | None
