"""What is told of a job while it runs, and of each child of an array."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from carrack.adapters.local_batch.job_folder import JOB, JobFolder
from carrack.model.jobs.ending import CHILD_FAILED
from carrack.model.jobs.job import ENDED
from carrack.model.jobs.local_job import child_of, summary


class Progress:
    """Tells how a job comes on: a plain one at every step, an array's children likewise, its counts now and then.

    A run is JOB, or a child's index as text.
    """

    def __init__(self, folder: JobFolder, seconds: float) -> None:
        self.folder = folder
        self.job: dict[str, Any] = folder.job() or {}
        self.size: int | None = self.job.get("arrayProperties", {}).get("size")
        self.ended: dict[str, str] = {}
        self._seconds = seconds
        self._running: dict[str, dict[str, Any]] = {}
        self._unstarted = "PENDING"
        self._counts = Counter({"PENDING": self.size or 0})
        self._told_at = 0.0

    def whole(self, run: str) -> dict[str, Any]:
        """All that is told of a run."""
        return self.job if run == JOB else child_of(self.job, int(run), self._own(run))

    def attempts(self, run: str) -> int:
        """How many attempts of a run have ended."""
        return len(self._own(run)["attempts"])

    def wait(self) -> None:
        """Tell that the job waits for others."""
        self.job["status"] = "PENDING"
        self._tell()

    def release(self, *, one_by_one: bool) -> None:
        """Tell that it waits for nothing more but room, unless the children wait for something `one_by_one`."""
        self.job["status"] = "PENDING" if self.size else "RUNNABLE"
        if self.size and not one_by_one:
            self._unstarted = "RUNNABLE"
            self._counts = Counter({"RUNNABLE": self.size})
        self._tell()

    def move(self, run: str, status: str, **members: Any) -> None:
        """Tell a run's new state, with other news of it."""
        own = self._own(run)
        self._counts[own["status"]] -= 1
        self._counts[status] += 1
        container = {**own.get("container", {}), **members.pop("container", {})}
        container = {name: value for name, value in container.items() if value is not None}
        own.update(status=status, container=container, **members)
        if run == JOB:
            self.folder.save(own)
        else:
            self.job.setdefault("startedAt", milliseconds())
            self.folder.save_own(int(run), own)
        if status in ENDED:
            self.ended[run] = status
            self._running.pop(run, None)

    def look(self) -> None:
        """Tell an array's counts, if it is time."""
        if self.size and time.monotonic() - self._told_at > self._seconds:
            self._tell()

    def fail(self, reason: str, **members: Any) -> None:
        """Tell that the job failed, and with it every child that did not begin."""
        if self.size:
            self._counts["FAILED"] += self._counts.pop(self._unstarted, 0)
        self.job.update(status="FAILED", statusReason=reason, stoppedAt=milliseconds(), **members)
        self._tell()

    def finish(self) -> None:
        """Tell an array's end, when all children have come to theirs."""
        if self._counts["FAILED"]:
            self.fail(CHILD_FAILED)
            return
        self.job.update(status="SUCCEEDED", stoppedAt=milliseconds())
        self._tell()

    def _own(self, run: str) -> dict[str, Any]:
        if run == JOB:
            return self.job
        if run not in self._running:
            fresh = {"status": self._unstarted, "createdAt": milliseconds(), "attempts": []}
            self._running[run] = fresh
        return self._running[run]

    def _tell(self) -> None:
        if self.size:
            self.job["arrayProperties"] |= {
                "statusSummary": summary(self._counts),
                "statusSummaryLastUpdatedAt": milliseconds(),
            }
        self.folder.save(self.job)
        self._told_at = time.monotonic()


def milliseconds() -> int:
    """The time as Batch tells it."""
    return time.time_ns() // 1_000_000
