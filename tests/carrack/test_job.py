"""What DescribeJobs says of a job, read."""

from __future__ import annotations

from typing import Any

import pytest

from carrack.model.jobs.job import read_job


def told(**members: Any) -> dict[str, Any]:
    """A job as the service tells it, with what every state has."""
    arns = "arn:aws:batch:eu-west-1:123456789012"
    return {
        "jobId": "id",
        "jobName": "nightly",
        "jobQueue": f"{arns}:job-queue/low",
        "jobDefinition": f"{arns}:job-definition/pipeline:3",
        "status": "RUNNING",
        **members,
    }


def test_a_job_that_waits_has_neither_attempts_nor_times() -> None:
    """Those members are missing until there is something to say."""
    job = read_job(told(status="RUNNABLE"))
    assert (job.queue, job.definition) == ("low", "pipeline:3")
    assert (job.attempts, job.started, job.exit_code, job.array_size) == ((), None, None, None)
    assert not job.has_ended


@pytest.mark.parametrize(
    ("counts", "ended", "failed"),
    [
        ({"SUCCEEDED": 1, "RUNNING": 1}, False, False),
        ({"SUCCEEDED": 1, "FAILED": 1}, True, True),
        ({"SUCCEEDED": 2, "FAILED": 0}, True, False),
    ],
)
def test_an_array_has_ended_when_its_children_have(counts: dict[str, int], ended: bool, failed: bool) -> None:
    """Its own state lags behind: it may be PENDING long after, with some stand-ins of the service for ever."""
    job = read_job(told(status="PENDING", arrayProperties={"size": 2, "statusSummary": counts}))
    assert (job.has_ended, job.has_failed) == (ended, failed)


def test_each_attempt_has_its_own_log_and_reason() -> None:
    """The first was reclaimed with its host, the second ended by itself."""
    reclaimed = {"statusReason": "Host EC2 (instance i-0) terminated.", "startedAt": 1, "stoppedAt": 2}
    ended = {"container": {"exitCode": 3, "logStreamName": "pipeline/default/b"}, "startedAt": 3}
    job = read_job(told(status="FAILED", attempts=[reclaimed, ended], container={"exitCode": 3}))
    assert [attempt.exit_code for attempt in job.attempts] == [None, 3]
    assert [attempt.log_stream for attempt in job.attempts] == [None, "pipeline/default/b"]
    assert job.has_failed
