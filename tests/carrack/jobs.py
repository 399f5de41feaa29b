"""Jobs to test with: a definition's settings, a revision as the service describes it, and a Batch in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from carrack.model.jobs.definition import render
from carrack.model.jobs.job import JSON, LogPage
from carrack.model.jobs.request import Asked
from carrack.model.jobs.settings import JobSettings
from carrack.model.jobs.submission import Submission

IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/pipeline@sha256:" + "1" * 64
SETTINGS = JobSettings(definition="nightly", queue="low", timeout=3600)


def defined(settings: JobSettings = SETTINGS, image: str = IMAGE, **fields: Any) -> JSON:
    """The request that registers it."""
    settings = replace(settings, **fields)
    return render(settings, image, settings.command)


def described(revision: int = 1, **fields: Any) -> dict[str, Any]:
    """A revision of it as DescribeJobDefinitions gives it."""
    return {**defined(**fields), "revision": revision, "status": "ACTIVE"}


def asked(**fields: Any) -> Asked:
    """A job of revision 1 to the queue `low`."""
    given = {"name": "nightly", "queue": "low", "definition": described(), "request_id": "r-1"}
    return Asked(**{**given, **fields})


@dataclass
class MemoryBatch:
    """Implements `ports.Batch`: what it was sent, and jobs that end as they are told to.

    `fails` come instead of an answer, before anything happens; `dies` after a job was taken.
    """

    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    registered: list[JSON] = field(default_factory=list)
    submitted: list[JSON] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)
    dies: list[BaseException] = field(default_factory=list)
    status: str = "SUCCEEDED"
    time: float = 1000.0
    place: str = "memory"
    not_emulated: tuple[str, ...] = ()

    def definitions(self, name: str) -> Sequence[JSON]:
        """See `ports.Batch`."""
        told = [{**one, "revision": number + 1} for number, one in enumerate(self.registered)]
        return [one for one in reversed(told) if one["jobDefinitionName"] == name]

    def register(self, definition: JSON) -> str:
        """See `ports.Batch`."""
        self.registered.append(definition)
        return f"{definition['jobDefinitionName']}:{len(self.registered)}"

    def submit(self, request: JSON) -> str:
        """See `ports.Batch`."""
        if self.fails:
            raise self.fails.pop()
        self.submitted.append(request)
        job = f"job-{len(self.submitted)}"
        self.jobs[job] = {
            **request,
            "jobId": job,
            "status": self.status,
            "createdAt": int(self.time * 1000),
            "jobDefinition": f"arn:aws:batch:x:1:job-definition/{request['jobDefinition']}",
        }
        if self.dies:
            raise self.dies.pop()
        return job

    def describe(self, ids: Sequence[str]) -> Mapping[str, JSON]:
        """See `ports.Batch`."""
        return {job: self.jobs[job] for job in ids if job in self.jobs}

    def children(self, array: str, status: str) -> Sequence[str]:
        """See `ports.Batch`."""
        raise AssertionError(array)

    def recent(self, queue: str) -> Iterable[JSON]:
        """See `ports.Batch`. Like ListJobs, it gives no tags."""
        told = [{k: v for k, v in job.items() if k != "tags"} for job in self.jobs.values()]
        return [one for one in reversed(told) if one["jobQueue"] == queue]

    def terminate(self, job: str, reason: str) -> None:
        """See `ports.Batch`."""
        raise AssertionError(job)

    def log(self, stream: str, token: str | None = None) -> LogPage:
        """See `ports.Batch`."""
        raise AssertionError(stream)


@dataclass
class MemoryRecords:
    """Implements `ports.JobRecords`."""

    lines: list[Submission] = field(default_factory=list)

    def begin(self, made: Submission, *, instead_of: Submission | None = None) -> Submission | None:
        """See `ports.JobRecords`."""
        known = next((one for one in reversed(self.lines) if one.request_id == made.request_id), None)
        if known != instead_of:
            return known
        self.lines.append(made)
        return None

    def note(self, made: Submission) -> None:
        """See `ports.JobRecords`."""
        self.lines.append(made)

    def newest(self) -> Sequence[Submission]:
        """See `ports.JobRecords`."""
        return tuple({one.request_id: one for one in self.lines}.values())[::-1]
