"""Watching jobs: until all have ended, through throttling, empty answers and a parent that lags."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest
from botocore import exceptions as aws
from tests.carrack.fake_batch import NOW, FakeBatch, FakeClock, array, asking, child, failed, throttled, told
from tests.carrack.fakes import INDEX

from carrack.adapters.aws_errors import access_error
from carrack.commands.inquiry import Inquiry
from carrack.commands.job_status import standing
from carrack.commands.job_watch import Look, code_of, watch
from carrack.errors import IndexAccessError, JobError, StoppedError, UnavailableError
from carrack.model.jobs.progress import line_of


def refusal(code: str) -> aws.ClientError:
    """What boto3 raises for an answer with this code."""
    return aws.ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeJobs")


def watched(batch: FakeBatch, *ids: str, time: FakeClock | None = None, **more: Any) -> list[Look]:
    """Every look at jobs until they have ended."""
    looks: list[Look] = []
    watch(ids or ("job",), asking(batch, time), looks.append, **more)
    return looks


def states(looks: list[Look]) -> list[str]:
    """The first job in each look."""
    return [line_of(look.jobs[0]) for look in looks]


def test_a_job_is_watched_until_it_has_ended() -> None:
    """Each look is shown, the last one too."""
    batch = FakeBatch(jobs={"job": [told(status="RUNNABLE"), told(), told(status="SUCCEEDED")]})
    assert states(watched(batch)) == ["RUNNABLE", "RUNNING", "SUCCEEDED"]


def test_an_array_has_ended_when_its_children_have_though_the_parent_lags() -> None:
    """Some stand-ins of the service leave the parent PENDING for ever: a watch of it alone would hang."""
    lagging = array("job", "PENDING", RUNNING=1, FAILED=2), array("job", "PENDING", SUCCEEDED=1, FAILED=2)
    batch = FakeBatch(jobs={"job": list(lagging)})
    assert states(watched(batch)) == [
        "PENDING, 2 of 3 done (RUNNING 1, FAILED 2)",
        "FAILED, 3 of 3 done (SUCCEEDED 1, FAILED 2)",
    ]


def test_throttling_and_empty_answers_are_waited_out() -> None:
    """With longer pauses each time."""
    ended = told(status="SUCCEEDED")
    batch = FakeBatch(
        jobs={"job": [None, None, told(), None, ended]}, faults=[throttled(), None, throttled()]
    )
    time = FakeClock()
    assert states(watched(batch, time=time)) == ["RUNNING", "SUCCEEDED"]
    assert time.waits[:2] == [1.0, 1.0]


def test_pauses_grow_and_no_two_watchers_pause_the_same() -> None:
    """Thousands that were throttled together must not come back together."""
    faults: list[Exception | None] = [throttled(), throttled(), throttled()]
    pauses = []
    for chance in (0.0, 1.0):
        time = FakeClock()
        clock = type(time.clock)(now=lambda time=time: time.now, sleep=time.sleep, chance=lambda c=chance: c)  # type: ignore[misc]
        batch = FakeBatch(faults=list(faults)).have(told(status="SUCCEEDED"))
        watch(["job"], Inquiry(batch=batch, clock=clock), lambda look: None)
        pauses.append(time.waits)
    assert pauses == [[0.5, 1.0, 2.0], [1.5, 3.0, 6.0]]


def test_a_service_that_stays_away_is_told_in_the_end() -> None:
    """After minutes where it had answered before; after seconds where it never did."""
    time = FakeClock()
    with pytest.raises(UnavailableError):
        watched(FakeBatch(faults=[throttled()] * 99), time=time)
    assert time.now - NOW < 30
    time = FakeClock()
    with pytest.raises(UnavailableError):
        watched(FakeBatch(jobs={"job": [told()]}, faults=[None, *[throttled()] * 99]), time=time)
    assert 200 < time.now - NOW < 400


def test_a_job_that_nobody_knows_is_told_by_name() -> None:
    """After the seconds that a new job may be missing for."""
    time = FakeClock()
    with pytest.raises(JobError) as caught:
        watched(FakeBatch().have(told("a")), "a", "typo", time=time)
    assert caught.value.faults == ("typo",)
    assert time.now - NOW < 10


def test_a_job_that_was_there_may_be_missing_for_minutes() -> None:
    """A watch of hours does not end with some empty answers; one that stays away is told."""
    time = FakeClock()
    with pytest.raises(JobError):
        watched(FakeBatch(jobs={"job": [told(), None]}), time=time)
    assert 200 < time.now - NOW < 400


def test_a_job_that_was_just_submitted_may_be_missing_for_minutes_too() -> None:
    """Its id came from the service, so that it is there."""
    time = FakeClock()
    batch = FakeBatch(jobs={"job": [*[None] * 6, told(status="SUCCEEDED")]})
    inquiry = Inquiry(batch=batch, clock=time.clock, seen={"job"})
    assert [job.status for job in watch(["job"], inquiry, lambda look: None)] == ["SUCCEEDED"]
    assert time.now - NOW > 10


def test_credentials_that_do_not_let_us_in_are_no_reason_to_wait() -> None:
    """Only what passes by itself is asked again."""
    batch = FakeBatch(faults=[IndexAccessError("no AWS credentials were found")]).have(told())
    time = FakeClock()
    with pytest.raises(IndexAccessError):
        watched(batch, time=time)
    assert time.waits == []


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (refusal("TooManyRequestsException"), True),
        (refusal("ThrottlingException"), True),
        (refusal("ServerException"), True),
        (aws.EndpointConnectionError(endpoint_url="https://batch.eu-west-1.amazonaws.com/"), True),
        (refusal("ExpiredTokenException"), False),
        (refusal("AccessDeniedException"), False),
        (aws.NoCredentialsError(), False),
    ],
)
def test_what_passes_by_itself_is_told_apart(error: Exception, passes: bool) -> None:
    """AWS's own errors: throttling, a failing service and a network that is gone pass; the rest needs somebody."""
    told_as = access_error(INDEX, error, lambda verb: verb)
    assert isinstance(told_as, UnavailableError) == passes


def test_a_look_is_one_question() -> None:
    """However many jobs; `AwsBatch` knows how many DescribeJobs takes at once."""
    jobs = [told(f"job-{n}", "SUCCEEDED") for n in range(250)]
    batch = FakeBatch().have(*jobs)
    watched(batch, *(one["jobId"] for one in jobs))
    assert batch.asked == ["describe 250"]


def test_looks_are_further_apart_while_nothing_changes() -> None:
    """Up to a quarter of a minute; a change brings the next look near again."""
    batch = FakeBatch(
        jobs={"job": [*[told(status="RUNNABLE")] * 9, told(), told(), told(status="SUCCEEDED")]}
    )
    time = FakeClock()
    watched(batch, time=time)
    assert time.waits[0] == 2.0
    assert max(time.waits) == 15.0
    assert time.waits[9] == 2.0


def test_watching_may_be_given_a_time() -> None:
    """The job goes on, and the same command watches on: exit code 75."""
    with pytest.raises(StoppedError) as caught:
        watched(FakeBatch().have(told(), told("done", "SUCCEEDED")), "done", "job", timeout=60)
    assert caught.value.hint == "carrack job watch job"
    assert caught.value.exit_code == 75


def test_the_last_line_of_the_log_is_shown() -> None:
    """Read on from where the look before ended."""
    running = told(container={"logStreamName": "s"})
    batch = FakeBatch(
        jobs={"job": [running, running, {**running, "status": "SUCCEEDED"}]},
        logs={"s": [["first", "second"], [], ["third"]]},
    )
    assert [look.lines.get("job") for look in watched(batch)] == ["third", "third", "third"]
    assert batch.asked.count("log s") == 5


def test_of_an_array_a_child_that_runs_is_listened_to() -> None:
    """The same one as long as it runs; its index stands before the line."""
    running = told("job:1", arrayProperties={"index": 1}, container={"logStreamName": "s"})
    parent = array(RUNNING=1, RUNNABLE=2)
    batch = FakeBatch(
        jobs={"job": [parent, parent, array(SUCCEEDED=3)], "job:1": [running]}, logs={"s": [["hello"]]}
    )
    assert [look.lines for look in watched(batch)] == [{"job": ":1 hello"}] * 3
    assert batch.asked.count("children RUNNING") == 1


def test_a_log_that_may_not_be_read_does_not_end_the_watch() -> None:
    """It is said in the log's place."""
    running = told(container={"logStreamName": "s"})
    batch = FakeBatch(
        jobs={"job": [running, {**running, "status": "SUCCEEDED"}]},
        faults=[None, IndexAccessError("these credentials may not do that")],
        logs={"s": []},
    )
    assert watched(batch)[0].lines == {"job": "(its log cannot be read: these credentials may not do that)"}


def test_a_watch_does_not_wait_for_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the jobs themselves are worth waiting for: the end of one is told at once."""
    running = told(container={"logStreamName": "s"})
    batch, time = FakeBatch(jobs={"job": [running, {**running, "status": "SUCCEEDED"}]}), FakeClock()

    def away(stream: str, token: str | None) -> NoReturn:
        raise throttled()

    monkeypatch.setattr(batch, "log", away)
    looks = watched(batch, time=time)
    assert states(looks) == ["RUNNING", "SUCCEEDED"]
    assert "its log cannot be read: the service is asked too often" in looks[0].lines["job"]
    assert len(time.waits) == 1


@pytest.mark.parametrize(
    ("jobs", "code"),
    [
        ([told(status="SUCCEEDED")], 0),
        ([failed(code=78)], 78),
        ([failed(code=None, statusReason="Host EC2 (instance i-0) terminated.")], 74),
        ([array(SUCCEEDED=1, FAILED=2), child(0, 75), child(2, 75)], 75),
        ([array(SUCCEEDED=1, FAILED=2), child(0, None), child(2, None)], 74),
    ],
)
def test_the_exit_code_is_the_job_s(jobs: list[dict[str, Any]], code: int) -> None:
    """Of an array the commonest of its failed children; 74 where none tells one."""
    inquiry = asking(FakeBatch().have(*jobs))
    assert code_of([standing("job", inquiry)]) == code
