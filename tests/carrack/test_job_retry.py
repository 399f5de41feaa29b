"""Running failed jobs again: what of them, with what, and nothing twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.carrack.fake_batch import ARN, NOW, FakeBatch, array, asking, child, failed, told
from tests.carrack.fakes import Told

from batch_params.shard import parse_map
from carrack.adapters.job_records import JobRecords
from carrack.commands.job_retry import Wish, plan_retry, submit_retry
from carrack.commands.submitting import Desk
from carrack.errors import JobError, StoppedError
from carrack.model.jobs.job import JSON
from carrack.model.jobs.shards import compose, format_ranges

DEFINITION = {
    "jobDefinitionName": "pipeline",
    "revision": 3,
    "parameters": {"day": "today"},
    "containerProperties": {
        "command": ["pipeline-app", "Ref::day"],
        "environment": [{"name": "LEVEL", "value": "info"}],
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}],
    },
}
SUBMITTED: dict[str, Any] = {
    "parameters": {"day": "2026-11-23"},
    "retryStrategy": {"attempts": 2, "evaluateOnExit": [{"onReason": "*", "action": "EXIT"}]},
    "timeout": {"attemptDurationSeconds": 600},
    "tags": {"team": "data", "aws:batch:x": "y", "carrack:request": "the first"},
    "container": {
        "command": ["pipeline-app", "2026-11-23"],
        "environment": [
            {"name": "LEVEL", "value": "info"},
            {"name": "CONFIG_JSON", "value": "{}"},
            {"name": "AWS_BATCH_JOB_ID", "value": "job"},
        ],
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "8192"}],
        "exitCode": 75,
    },
}


def batch_with(*jobs: JSON) -> FakeBatch:
    """A Batch with the definition and these jobs."""
    return FakeBatch(revisions=[{**DEFINITION, "revision": 4}, DEFINITION]).have(*jobs)


def planned(batch: FakeBatch, job: str = "job", report: Told | None = None, **wish: Any) -> JSON:
    """The request for a retry of a job."""
    inquiry = asking(batch)
    return plan_retry(inquiry.job(job), Wish(**wish), inquiry, report or Told())


def submitted(batch: FakeBatch, folder: Path, **wish: Any) -> str:
    """The id of a retry that was submitted."""
    return submit_retry(planned(batch, **wish), desk(batch, folder))


def desk(batch: FakeBatch, folder: Path) -> Desk:
    """Where requests are handed in, with records in a folder."""
    records = JobRecords(file=folder / "submitted.jsonl")

    def store() -> NoReturn:
        raise AssertionError("a retry stores nothing")

    return Desk(batch=batch, records=records, store=store, now=lambda: NOW, report=Told())


def environment(request: JSON) -> dict[str, str]:
    """The variables of a request."""
    return {one["name"]: one["value"] for one in request["containerOverrides"]["environment"]}


def arrays(*codes: int | None, **members: Any) -> list[dict[str, Any]]:
    """An array whose children ended with these codes, 0 being a good end; and the children."""
    kids = [
        child(n, code) if code != 0 else told(f"job:{n}", "SUCCEEDED", arrayProperties={"index": n})
        for n, code in enumerate(codes)
    ]
    bad = sum(code != 0 for code in codes)
    parent = array("job", "FAILED", len(codes), FAILED=bad, SUCCEEDED=len(codes) - bad)
    return [{**parent, **members}, *kids]


def test_a_plain_job_runs_again_as_it_was_submitted() -> None:
    """What the definition says is left to it, in the same revision; what Batch set itself is not sent back."""
    request = planned(batch_with(failed(**SUBMITTED)))
    assert request["jobDefinition"] == "pipeline:3"
    assert request["jobQueue"] == f"{ARN}:job-queue/low"
    assert request["parameters"] == {"day": "2026-11-23"}
    assert request["retryStrategy"] == SUBMITTED["retryStrategy"]
    assert request["timeout"] == {"attemptDurationSeconds": 600}
    assert set(request["tags"]) == {"team", "carrack:retry-of", "carrack:request"}
    assert (request["tags"]["team"], request["tags"]["carrack:retry-of"]) == ("data", "job")
    assert request["tags"]["carrack:request"] != "the first"
    assert request["containerOverrides"] == {
        "environment": [{"name": "CONFIG_JSON", "value": "{}"}],
        "resourceRequirements": [{"type": "MEMORY", "value": "8192"}],
    }
    assert "arrayProperties" not in request


def test_a_command_of_its_own_is_kept() -> None:
    """One that is not the definition's, filled or not."""
    own = {**SUBMITTED, "container": {"command": ["pipeline-app", "--check"]}}
    assert planned(batch_with(failed(**own)))["containerOverrides"] == {
        "command": ["pipeline-app", "--check"]
    }


def test_failed_children_become_an_array_with_a_map() -> None:
    """And the number of the first array's children."""
    request = planned(batch_with(*arrays(0, 1, 75, 1, 0, 1, 0, **SUBMITTED)))
    assert request["arrayProperties"] == {"size": 4}
    found = environment(request)
    assert (found["CARRACK_SHARD_MAP"], found["CARRACK_SHARD_COUNT"]) == ("1-3,5", "7")
    assert found["CONFIG_JSON"] == "{}"


def test_one_failed_child_becomes_a_plain_job() -> None:
    """An array has two children at least."""
    request = planned(batch_with(*arrays(0, 0, 1)))
    assert "arrayProperties" not in request
    assert environment(request)["CARRACK_SHARD_MAP"] == "2"


def test_a_retry_of_a_retry_still_says_the_first_indexes() -> None:
    """Its children's indexes are looked up in its own map."""
    variables = [
        {"name": "CARRACK_SHARD_MAP", "value": "1-3,5"},
        {"name": "CARRACK_SHARD_COUNT", "value": "7"},
    ]
    parent, *kids = arrays(1, 0, 0, 1)
    request = planned(batch_with({**parent, "container": {"environment": variables}}, *kids))
    found = environment(request)
    assert (found["CARRACK_SHARD_MAP"], found["CARRACK_SHARD_COUNT"]) == ("1,5", "7")


def test_a_retry_of_one_child_keeps_its_map() -> None:
    """A plain job with a map of one entry."""
    variables = [{"name": "CARRACK_SHARD_MAP", "value": "5"}, {"name": "CARRACK_SHARD_COUNT", "value": "7"}]
    request = planned(batch_with(failed(container={"environment": variables})))
    assert environment(request) == {"CARRACK_SHARD_MAP": "5", "CARRACK_SHARD_COUNT": "7"}


def test_what_is_retried_already_is_not_submitted_twice(tmp_path: Path) -> None:
    """The second retry names the first, which is found by its tag among the queue's jobs."""
    batch = batch_with(*arrays(1, 0, 1))
    new = submitted(batch, tmp_path)
    with pytest.raises(JobError, match=f"retried already, by {new}, which is SUBMITTED") as caught:
        planned(batch)
    assert caught.value.hint == f"carrack job watch {new}"
    assert len(batch.submitted) == 1


def test_a_retry_that_is_listed_and_not_described_yet_is_waited_for(tmp_path: Path) -> None:
    """DescribeJobs lags behind ListJobs; without records, its tag alone says that it is a retry."""
    batch = batch_with(*arrays(1, 0, 1))
    request = planned(batch)
    new = submit_retry(request, desk(batch, tmp_path))
    real, lagging = batch._next, {new}

    def described(job: str) -> JSON | None:
        if job in lagging:
            lagging.remove(job)
            return None
        return real(job)

    batch._next = described  # type: ignore[method-assign]
    with pytest.raises(JobError, match=f"retried already, by {new}"):
        planned(batch)
    assert submit_retry(request, desk(batch, tmp_path / "elsewhere")) == new
    assert len(batch.submitted) == 1


def test_a_retry_that_failed_too_is_the_one_to_retry() -> None:
    """Only it knows which of the children failed again."""
    batch = batch_with(*arrays(1, 1))
    tags = {"carrack:retry-of": "job"}
    batch.have({**array("again", "FAILED", 2, FAILED=1, SUCCEEDED=1), "tags": tags, "createdAt": NOW * 1000})
    batch.jobs["again"][0] = {
        **(batch.jobs["again"][0] or {}),
        "container": {"environment": [{"name": "CARRACK_SHARD_MAP", "value": "0,1"}]},
    }
    with pytest.raises(JobError, match="again, which failed too") as caught:
        planned(batch)
    assert caught.value.hint == "carrack job retry again --failed"


def test_what_is_left_of_a_retry_in_parts_is_retried(tmp_path: Path) -> None:
    """Children that another retry has are left out, and named."""
    batch = batch_with(*arrays(1, 1, 1, 1))
    new = submitted(batch, tmp_path, only=(0, 1))
    report = Told()
    request = planned(batch, report=report)
    assert environment(request)["CARRACK_SHARD_MAP"] == "2,3"
    assert report.notes == [f"children 0,1 are left out: {new} retries them (SUBMITTED)"]


def test_a_retry_whose_answer_was_lost_is_found_and_not_sent_again(tmp_path: Path) -> None:
    """By its request's id: the same retry has the same, and another one another."""
    batch = batch_with(*arrays(1, 0, 1))
    request = planned(batch)
    batch.faults = [StoppedError("nobody knows whether the request was carried out")]
    with pytest.raises(StoppedError) as caught:
        submit_retry(request, desk(batch, tmp_path))
    assert caught.value.hint == "run the same command again; it looks first"
    batch.submit(request)
    again = planned(batch_with(*arrays(1, 0, 1)))
    assert again == request
    assert submit_retry(again, desk(batch, tmp_path)) == "new-1"
    assert len(batch.submitted) == 1
    assert planned(batch_with(*arrays(1, 0, 1)), only=(0,))["tags"] != request["tags"]


def test_a_retry_that_was_refused_can_be_asked_in_other_words(tmp_path: Path) -> None:
    """A mistyped `--after` is refused by the service; the right one is another request of the same id."""
    batch = batch_with(failed())
    typo, right = planned(batch, after=("typo",)), planned(batch, after=("right",))
    assert typo["tags"] == right["tags"]
    batch.faults = [None, None, JobError("SubmitJob was refused: there is no job typo")]
    with pytest.raises(JobError, match="no job typo"):
        submit_retry(typo, desk(batch, tmp_path))
    assert submit_retry(right, desk(batch, tmp_path)) == "new-1"
    assert batch.submitted == [right]


def test_a_retry_that_may_be_under_way_in_other_words_is_not_sent(tmp_path: Path) -> None:
    """Both would run. What is next is a command that `retry` has."""
    batch = batch_with(failed())
    first, second = planned(batch, after=("first",)), planned(batch, after=("second",))
    batch.faults = [None, None, StoppedError("nobody knows whether the request was carried out")]
    with pytest.raises(StoppedError):
        submit_retry(first, desk(batch, tmp_path))
    with pytest.raises(JobError, match="another request") as caught:
        submit_retry(second, desk(batch, tmp_path))
    assert caught.value.hint == "run it as it was run then; it looks first"
    assert batch.submitted == []


def test_another_job_of_the_same_name_is_no_retry() -> None:
    """Only the tag says that one is."""
    batch = batch_with(*arrays(1, 1), told("other", createdAt=NOW * 1000))
    assert planned(batch)["arrayProperties"] == {"size": 2}


@pytest.mark.parametrize(
    ("jobs", "message"),
    [
        ([told(status="SUCCEEDED")], "nothing of it failed"),
        ([told()], "nothing of it failed"),
        ([failed(jobDefinition=f"{ARN}:job-definition/pipeline:2")], "pipeline:2 is not active any more"),
        ([{**failed(), "container": None, "nodeProperties": {}}], "only jobs of one container"),
        (
            [failed(container={}, dependsOn=[{"jobId": "first"}]), failed("first")],
            "it waited for jobs that failed",
        ),
    ],
)
def test_what_cannot_be_retried_is_told_and_nothing_is_submitted(
    jobs: list[dict[str, Any]], message: str
) -> None:
    """Each with a sentence of its own."""
    batch = batch_with(*({key: value for key, value in job.items() if value is not None} for job in jobs))
    with pytest.raises(JobError, match=message):
        planned(batch)
    assert batch.submitted == []


def test_the_way_round_names_failed_children_of_arrays_alone() -> None:
    """As the commands want it: --failed for an array, and none for a plain job."""
    parent, *kids = arrays(1, 1, dependsOn=[{"jobId": "first"}])
    with pytest.raises(JobError) as caught:
        planned(batch_with(parent, *kids, failed("first")))
    assert caught.value.hint == (
        "carrack job retry first, then carrack job retry job --failed --after THE-NEW-JOB"
    )


def test_no_failed_child_is_lost() -> None:
    """One that DescribeJobs leaves out runs again; where one is not listed, nothing is submitted."""
    batch = batch_with(*arrays(1, 0, 1))
    batch.jobs["job:2"] = [batch.jobs["job:2"][0], None]
    batch.describe(["job:2"])
    batch.children = lambda array, status: ["job:0", "job:2"]  # type: ignore[method-assign]
    assert environment(planned(batch))["CARRACK_SHARD_MAP"] == "0,2"
    batch.children = lambda array, status: ["job:0"]  # type: ignore[method-assign]
    with pytest.raises(JobError, match="2 children failed, and 1 of them are listed"):
        planned(batch)


def test_an_array_that_failed_without_a_failed_child_is_told() -> None:
    """It never had children: there is nothing to run again."""
    with pytest.raises(JobError, match="no child of it failed; submit it again"):
        planned(batch_with(array("job", "FAILED", 3)))


def test_a_retry_may_wait_for_the_retry_of_what_failed_before_it() -> None:
    """So that it does not run without its input."""
    batch = batch_with(failed(container={}, dependsOn=[{"jobId": "first"}]), failed("first"))
    assert planned(batch, after=("first-again",))["dependsOn"] == [{"jobId": "first-again"}]


def test_children_that_ran_one_after_the_other_do_so_again() -> None:
    """As long as there are several."""
    batch = batch_with(*arrays(0, 1, 1, dependsOn=[{"type": "SEQUENTIAL"}]))
    assert planned(batch)["dependsOn"] == [{"type": "SEQUENTIAL"}]
    assert "dependsOn" not in planned(batch, only=(1,))


def test_a_map_that_is_too_long_is_told_with_a_way_round() -> None:
    """5,000 single children of 10,000 have no short map, and Batch would fail the job only later."""
    codes = [n % 2 for n in range(10_000)]
    with pytest.raises(JobError) as caught:
        planned(batch_with(*arrays(*codes)))
    assert caught.value.message == "the map of 5000 children is too long"
    assert "8,192" in caught.value.faults[0]
    assert caught.value.hint.endswith("--failed --only 1-5001")


def test_the_first_half_of_a_map_that_was_too_long_fits() -> None:
    """The way round that is told is one."""
    codes = [n % 2 for n in range(3_000)]
    batch = batch_with(*arrays(*codes))
    request = planned(batch, only=tuple(range(1, 1502)))
    assert request["arrayProperties"] == {"size": 751}


def test_only_failed_children_are_meant() -> None:
    """Others in the range are no fault, a range without any is."""
    batch = batch_with(*arrays(0, 1, 1))
    assert environment(planned(batch, only=(0, 1)))["CARRACK_SHARD_MAP"] == "1"
    with pytest.raises(JobError, match="none of the children 0 failed") as caught:
        planned(batch, only=(0,))
    assert caught.value.hint == "carrack job explain job names those that did"


@given(st.lists(st.integers(0, 9999), unique=True, max_size=60))
def test_ranges_are_read_as_they_are_written(indexes: list[int]) -> None:
    """Whatever their order."""
    if indexes:
        assert parse_map(format_ranges(indexes)) == tuple(indexes)


@pytest.mark.parametrize("text", ["", "x", "3-1", "1,,2", "1,1", "0-2,2", "-1", "[1"])
def test_what_is_no_range_is_refused(text: str) -> None:
    """A child that guessed would do another's work."""
    with pytest.raises(ValueError, match=r"range|twice"):
        parse_map(text)


def test_a_map_may_be_a_list_too() -> None:
    """As other tools may write it."""
    assert parse_map("[3, 7]") == (3, 7)
    assert compose((), [4]) == (4,)
    with pytest.raises(ValueError, match="no child 2"):
        compose((3, 7), [2])
