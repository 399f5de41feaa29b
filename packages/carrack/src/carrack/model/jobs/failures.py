"""Why jobs failed, by what the service says of each; and which failed for the same reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from carrack.model.jobs.job import Job

_OWN = re.compile(r"\bi-[0-9a-f]{6,}|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{32,}\b|(?<=GetImageBlob)\d+")
"""What differs from one failure to the next of the same reason: names of instances, jobs, tasks and layers."""

_EACH = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{12,}\b|\d+", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Everything that DescribeJobs says of a failure. Two failures with equal causes are one to the reader.

    `on_request` is true where somebody terminated or cancelled the job; `status_reason` then is what they said.
    """

    exit_code: int | None
    status_reason: str
    reason: str
    on_request: bool = False

    @property
    def said(self) -> str:
        """The service's own words, as they are."""
        texts = dict.fromkeys(text for text in (self.status_reason, self.reason) if text)
        code = "" if self.exit_code is None else f"exit code {self.exit_code}"
        return "; ".join((*texts, *([code] if code else [])))


def cause_of(job: Job) -> Cause:
    """Why a job failed: what is said of the job, else of its last attempt."""
    last = job.attempts[-1] if job.attempts else None
    code = job.exit_code if job.exit_code is not None else last.exit_code if last else None
    return Cause(
        exit_code=code,
        status_reason=_shared(job.status_reason or (last.status_reason if last else None)),
        reason=_shared(job.reason or (last.reason if last else None)),
        on_request=bool(job.told.get("isTerminated") or job.told.get("isCancelled")),
    )


def _shared(text: str | None) -> str:
    return _OWN.sub("…", text or "")


def index_of(job: Job) -> int | None:
    """The index of an array's child; stand-ins of the service say it in the id alone (`ARRAY:3`)."""
    if job.array_index is not None:
        return job.array_index
    _, colon, tail = job.id.rpartition(":")
    return int(tail) if colon and tail.isdigit() else None


@dataclass(frozen=True, kw_only=True)
class Failures:
    """Children of an array that failed for one cause; `first` is the one with the lowest index."""

    cause: Cause
    indexes: tuple[int, ...]
    first: Job


def group(children: Iterable[Job]) -> tuple[Failures, ...]:
    """Put failed children together by their cause, the largest group first."""
    by_cause: dict[Cause, list[Job]] = {}
    for child in sorted(children, key=lambda one: index_of(one) or 0):
        by_cause.setdefault(cause_of(child), []).append(child)
    groups = (
        Failures(cause=cause, indexes=tuple(index_of(one) or 0 for one in jobs), first=jobs[0])
        for cause, jobs in by_cause.items()
    )
    return tuple(sorted(groups, key=lambda it: (-len(it.indexes), it.indexes[0])))


def exit_code_of(job: Job, failures: Iterable[Failures] = ()) -> int | None:
    """The exit code with which a failed job ends, never 0; None where it failed without one.

    An array's is the commonest among its failed children, the lowest index deciding between equals.
    """
    if not job.array_size:
        return cause_of(job).exit_code or None
    codes: Counter[int] = Counter()
    for one in sorted(failures, key=lambda it: it.indexes[0]):
        if one.cause.exit_code:
            codes[one.cause.exit_code] += len(one.indexes)
    return codes.most_common(1)[0][0] if codes else None


def alike(line: str) -> str:
    """A log line without what differs between equal failures: numbers, addresses, long hexadecimal names."""
    return _EACH.sub("#", line).strip()
