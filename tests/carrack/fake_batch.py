"""A Batch in memory whose jobs move on from one question to the next, and which can be told to misbehave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from carrack.commands.inquiry import Clock, Inquiry
from carrack.errors import UnavailableError
from carrack.model.jobs.job import JSON, LogPage

NOW = 1_800_000_000
"""When the tests' clock starts, in seconds."""
ARN = "arn:aws:batch:eu-west-1:123456789012"


def told(job: str = "job", status: str = "RUNNING", **members: Any) -> dict[str, Any]:
    """What DescribeJobs says of a job."""
    return {
        "jobId": job,
        "jobName": "nightly",
        "jobQueue": f"{ARN}:job-queue/low",
        "jobDefinition": f"{ARN}:job-definition/pipeline:3",
        "status": status,
        "createdAt": (NOW - 60) * 1000,
        "container": {},
        **members,
    }


def failed(job: str = "job", code: int | None = 1, **members: Any) -> dict[str, Any]:
    """A job that failed with this exit code, and how the service says that of every container."""
    status = {"statusReason": "Essential container in task exited"}
    container = {} if code is None else {"exitCode": code}
    return told(job, "FAILED", **{**status, "container": container, **members})


def array(job: str = "job", status: str = "PENDING", size: int = 3, **counts: int) -> dict[str, Any]:
    """An array with its children by state."""
    return told(job, status, arrayProperties={"size": size, "statusSummary": counts})


def child(index: int, code: int | None = 1, job: str = "job", **members: Any) -> dict[str, Any]:
    """A failed child of an array; one without a code and with another status is given as members."""
    properties = {"arrayProperties": {"index": index}}
    return failed(f"{job}:{index}", code, **{**properties, **members})


@dataclass
class FakeBatch:
    """Implements `ports.Batch`.

    `jobs` has what is said of each job, one answer after the other, the last one for ever; None is an answer without
    it. `faults` are raised instead of answers, one a question; None lets one pass. `logs` are pages of lines.
    """

    jobs: dict[str, list[JSON | None]] = field(default_factory=dict)
    faults: list[Exception | None] = field(default_factory=list)
    logs: dict[str, list[list[str]]] = field(default_factory=dict)
    revisions: list[JSON] = field(default_factory=list)
    submitted: list[JSON] = field(default_factory=list)
    terminated: list[tuple[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    place: str = "AWS Batch, region eu-west-1, index prod"
    not_emulated: tuple[str, ...] = ()

    def have(self, *jobs: JSON) -> FakeBatch:
        """Have these jobs, as they are now and stay."""
        self.jobs |= {one["jobId"]: [one] for one in jobs}
        return self

    def _hear(self, question: str) -> None:
        self.asked.append(question)
        if self.faults and (fault := self.faults.pop(0)) is not None:
            raise fault

    def definitions(self, name: str) -> Sequence[JSON]:
        """See `ports.Batch`."""
        self._hear("definitions")
        return [one for one in self.revisions if one["jobDefinitionName"] == name]

    def register(self, definition: JSON) -> str:
        """See `ports.Batch`."""
        raise NotImplementedError

    def submit(self, request: JSON) -> str:
        """See `ports.Batch`."""
        self._hear("submit")
        self.submitted.append(request)
        job = f"new-{len(self.submitted)}"
        self.have({**told(job, "SUBMITTED", createdAt=NOW * 1000), "tags": request.get("tags", {})})
        self.jobs[job] = [{**self.jobs[job][0], **_shown(request)}]  # type: ignore[dict-item]
        return job

    def describe(self, ids: Sequence[str]) -> Mapping[str, JSON]:
        """See `ports.Batch`."""
        self._hear(f"describe {len(ids)}")
        return {job: now for job in ids if (now := self._next(job)) is not None}

    def _next(self, job: str) -> JSON | None:
        answers = self.jobs.get(job, [None])
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def children(self, array: str, status: str) -> Sequence[str]:
        """See `ports.Batch`."""
        self._hear(f"children {status}")
        children = [now for job in self.jobs if job.startswith(f"{array}:") and (now := self.jobs[job][0])]
        found = [one for one in children if one["status"] == status]
        return [one["jobId"] for one in sorted(found, key=lambda it: it["arrayProperties"]["index"])]

    def recent(self, queue: str) -> Sequence[JSON]:
        """See `ports.Batch`; as ListJobs does, without tags and without the children of arrays."""
        self._hear(f"recent {queue}")
        now = [one for job, answers in self.jobs.items() if ":" not in job and (one := answers[0])]
        listed = [{key: value for key, value in one.items() if key != "tags"} for one in now]
        return sorted(listed, key=lambda one: -one["createdAt"])

    def terminate(self, job: str, reason: str) -> None:
        """See `ports.Batch`."""
        self._hear("terminate")
        self.terminated.append((job, reason))

    def log(self, stream: str, token: str | None = None) -> LogPage:
        """See `ports.Batch`; an empty list among the pages is a page without lines that is not the last."""
        self._hear(f"log {stream}")
        pages, number = self.logs.get(stream), int(token or 0)
        if pages is None:
            return LogPage(lines=(), token=token)
        if number >= len(pages):
            return LogPage(lines=(), token=str(number))
        return LogPage(lines=[(0, line) for line in pages[number]], token=str(number + 1))


def _shown(request: JSON) -> dict[str, Any]:
    """What DescribeJobs shows of a request."""
    size = request.get("arrayProperties", {}).get("size")
    array = {"arrayProperties": {"size": size, "statusSummary": {"PENDING": size}}} if size else {}
    return {"container": dict(request.get("containerOverrides", {})), **array}


@dataclass
class FakeClock:
    """A time that passes by waiting alone."""

    now: float = NOW
    waits: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Pass time."""
        self.now += seconds
        self.waits.append(seconds)

    @property
    def clock(self) -> Clock:
        """What the verbs are given."""
        return Clock(now=lambda: self.now, sleep=self.sleep, chance=lambda: 0.5)


def asking(batch: FakeBatch, time: FakeClock | None = None) -> Inquiry:
    """An inquiry at a Batch, in which no test waits."""
    return Inquiry(batch=batch, clock=(time or FakeClock()).clock)


def throttled() -> UnavailableError:
    """What an adapter makes of TooManyRequestsException."""
    return UnavailableError("the service is asked too often: slow down")
