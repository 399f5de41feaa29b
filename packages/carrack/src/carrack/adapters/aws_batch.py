"""AWS Batch in one account and region, and the logs of its jobs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from carrack.adapters.aws_session import make_client, open_session
from carrack.adapters.batch_errors import is_missing, is_throttled, refusal, unknown
from carrack.adapters.retry import delays
from carrack.errors import UnavailableError
from carrack.model.deployed import JobDefinition
from carrack.model.index import Index
from carrack.model.jobs.definition import newest_first
from carrack.model.jobs.job import JSON, LogPage

T = TypeVar("T")

ENDPOINT_VARIABLE, LOGS_ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL_BATCH", "AWS_ENDPOINT_URL_LOGS"
LOG_GROUP = "/aws/batch/job"
_MOST_DESCRIBED = 100  # API reference, DescribeJobs
_EVERY_STATE = {"name": "AFTER_CREATED_AT", "values": ["0"]}
"""ListJobs gives one state a call, running jobs if none is said; with a filter it gives all, the newest first."""


class AwsBatch:
    """Implements `ports.Batch` and `ports.JobDefinitions` for the account and region of `index`'s credentials.

    The endpoints are addresses other than AWS's own, ones for trying. What only reads is tried again by boto3 where it
    is throttled or the service fails, four times in all. What writes is sent once more only where it was refused as
    throttled; where nobody knows whether it arrived, that is said, and nothing is sent again.
    """

    not_emulated = ()

    def __init__(
        self,
        index: Index,
        *,
        endpoint: str | None = None,
        logs_endpoint: str | None = None,
        may_prompt: bool = False,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._index = replace(index, endpoint=endpoint)
        self._logs_endpoint = logs_endpoint
        self._may_prompt = may_prompt
        self._sleep = sleep
        self._groups: dict[str, str] = {}

    @property
    def place(self) -> str:
        """See `ports.Batch`. The account is that of the index's credentials, which only a request would tell."""
        return f"AWS Batch, region {self._index.region}, index {self._index.name}"

    def revisions(self, *, inactive: bool = False) -> Iterator[JobDefinition]:
        """See `ports.JobDefinitions`. Raises IndexAccessError where Batch does not let us in."""
        asked = {} if inactive else {"status": "ACTIVE"}
        for one in self._pages("describe_job_definitions", "jobDefinitions", **asked):
            name = f"{one['jobDefinitionName']}:{one['revision']}"
            for image in dict.fromkeys(_images(one)):
                yield JobDefinition(name=name, image=image, active=one.get("status") == "ACTIVE")

    def definitions(self, name: str) -> Sequence[JSON]:
        """See `ports.Batch`."""
        told = self._pages(
            "describe_job_definitions", "jobDefinitions", jobDefinitionName=name, status="ACTIVE"
        )
        return newest_first(told)

    def register(self, definition: JSON) -> str:
        """See `ports.Batch`. Raises StoppedError where it may or may not have arrived."""
        answer = self._write("register_job_definition", "revision", definition)
        return f"{answer['jobDefinitionName']}:{answer['revision']}"

    def submit(self, request: JSON) -> str:
        """See `ports.Batch`. Raises StoppedError where it may or may not have arrived."""
        return str(self._write("submit_job", "jobId", request)["jobId"])

    def describe(self, ids: Sequence[str]) -> Mapping[str, JSON]:
        """See `ports.Batch`. A job just submitted can be missing for a while."""
        found: dict[str, JSON] = {}
        asked = list(dict.fromkeys(ids))
        for start in range(0, len(asked), _MOST_DESCRIBED):
            for job in self._described(asked[start : start + _MOST_DESCRIBED]):
                found[job["jobId"]] = job
                self._note_group(job)
        return found

    def children(self, array: str, status: str) -> Sequence[str]:
        """See `ports.Batch`."""
        told = self._pages("list_jobs", "jobSummaryList", arrayJobId=array, jobStatus=status)
        return sorted((str(one["jobId"]) for one in told), key=lambda job: int(job.rpartition(":")[2]))

    def recent(self, queue: str) -> Iterator[JSON]:
        """See `ports.Batch`. How long Batch lists a job that ended is not documented."""
        told = self._pages("list_jobs", "jobSummaryList", jobQueue=queue, filters=[_EVERY_STATE])
        return (one for one in told if ":" not in one["jobId"])

    def terminate(self, job: str, reason: str) -> None:
        """See `ports.Batch`."""
        self._told(lambda: self._batch.terminate_job(jobId=job, reason=reason))

    def log(self, stream: str, token: str | None = None) -> LogPage:
        """See `ports.Batch`. A stream that is not there yet has no lines."""
        asked = {
            "logGroupName": self._groups.get(stream, LOG_GROUP),
            "logStreamName": stream,
            "startFromHead": True,
            **({"nextToken": token} if token else {}),
        }
        try:
            answer = self._logs.get_log_events(**asked)
        except (BotoCoreError, ClientError, ResponseParserError) as error:
            if is_missing(error):
                return LogPage(lines=(), token=token)
            raise refusal(self._index, self.place, error, self._opened) from error
        lines = [(int(event["timestamp"]), str(event["message"])) for event in self._part(answer, "events")]
        return LogPage(lines=lines, token=answer.get("nextForwardToken", token))

    def _described(self, ids: list[str]) -> list[JSON]:
        return self._part(self._told(lambda: self._batch.describe_jobs(jobs=ids)), "jobs")

    def _note_group(self, job: JSON) -> None:
        """Remember where a job's logs are: GetLogEvents wants to be told, and only the definition says it."""
        container = job.get("container", {})
        group = ((container.get("logConfiguration") or {}).get("options") or {}).get("awslogs-group")
        for one in (container, *(attempt.get("container", {}) for attempt in job.get("attempts", ()))):
            if group and one.get("logStreamName"):
                self._groups[one["logStreamName"]] = group

    def _write(self, operation: str, member: str, request: JSON) -> dict[str, Any]:
        """One call that is not to be carried out twice; `member` is what every whole answer has."""
        for delay in delays():
            try:
                answer: dict[str, Any] = getattr(self._writing, operation)(**request)
            except (BotoCoreError, ClientError, ResponseParserError) as error:
                if not delay or not is_throttled(error):
                    raise refusal(self._index, self.place, error, self._opened, writing=True) from error
                self._sleep(delay)
                continue
            if member in answer:
                return answer
            raise unknown(self.place, "the answer is not whole")
        raise AssertionError("the last delay is 0")

    def _pages(self, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
        pages = self._told(lambda: iter(self._batch.get_paginator(operation).paginate(**arguments)))
        while (page := self._told(lambda: next(pages, None))) is not None:
            yield from self._part(page, key)

    def _told(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except (BotoCoreError, ClientError, ResponseParserError) as error:
            raise refusal(self._index, self.place, error, self._opened) from error

    def _part(self, answer: Mapping[str, Any], key: str) -> list[Any]:
        """A list that every whole answer has. botocore reads a page of something between as an empty answer."""
        if key not in answer:
            hint = "run the same command again"
            raise UnavailableError("the service's answer is not whole", address=self.place, hint=hint)
        found: list[Any] = answer[key]
        return found

    @property
    def _opened(self) -> Any:
        """The session, if there is one yet: an error while it is opened is told without."""
        return self.__dict__.get("_session")

    @cached_property
    def _session(self) -> Any:
        return open_session(self._index, may_prompt=self._may_prompt)

    @cached_property
    def _batch(self) -> Any:
        return make_client(self._session, "batch", self._index.endpoint)

    @cached_property
    def _writing(self) -> Any:
        return make_client(self._session, "batch", self._index.endpoint, once=True)

    @cached_property
    def _logs(self) -> Any:
        return make_client(self._session, "logs", self._logs_endpoint)


def _images(told: Any) -> Iterator[str]:
    """Every image in a definition, in whichever of its forms: container, ECS tasks, EKS pods, nodes."""
    if isinstance(told, Mapping):
        for key, value in told.items():
            if key == "image" and isinstance(value, str):
                yield value
            else:
                yield from _images(value)
    elif isinstance(told, list):
        for value in told:
            yield from _images(value)
