"""Reading logs: to their end, through empty pages, attempt by attempt; and of failed children each kind once."""

from __future__ import annotations

from typing import Any

import pytest
from tests.carrack.fake_batch import FakeBatch, FakeClock, asking, child, failed, told

from carrack.commands.failed_logs import failed_kinds
from carrack.commands.job_logs import read_logs
from carrack.errors import JobError
from carrack.model.jobs.job import read_job


def lines(batch: FakeBatch, time: FakeClock | None = None, **more: Any) -> list[str]:
    """What is told of the job's log."""
    told_lines: list[str] = []
    inquiry = asking(batch, time)
    read_logs(inquiry.job("job"), inquiry, lambda job, line: told_lines.append(line), **more)
    return told_lines


def attempt(stream: str) -> dict[str, Any]:
    """An attempt with a log."""
    return {"container": {"logStreamName": stream}}


def test_an_empty_page_is_not_the_end_of_a_log() -> None:
    """Only the same token again is: GetLogEvents says that pages may be empty."""
    batch = FakeBatch(logs={"s": [["a"], [], [], ["b", "c"]]}).have(
        told(status="SUCCEEDED", container={"logStreamName": "s"})
    )
    assert lines(batch) == ["a", "b", "c"]


def test_each_attempt_has_its_log_and_the_last_is_the_one() -> None:
    """Unless another is said."""
    job = failed(attempts=[attempt("one"), attempt("two")], container={"logStreamName": "two", "exitCode": 1})
    batch = FakeBatch(logs={"one": [["first"]], "two": [["second"]]}).have(job)
    assert lines(batch) == ["second"]
    assert lines(batch, attempt=1) == ["first"]
    with pytest.raises(JobError, match="no attempt 3") as caught:
        lines(batch, attempt=3)
    assert caught.value.hint == "carrack job status job shows its attempts"


def test_the_stream_of_a_job_that_has_just_started_is_waited_for() -> None:
    """Batch tells it some seconds after RUNNING; without end it is not waited for."""
    running = told(container={"logStreamName": "s"})
    batch = FakeBatch(jobs={"job": [told(), told(), running]}, logs={"s": [["hello"]]})
    assert lines(batch) == ["hello"]
    time = FakeClock()
    with pytest.raises(JobError, match="has not started"):
        lines(FakeBatch().have(told()), time)
    assert sum(time.waits) <= 31


@pytest.mark.parametrize(
    ("job", "hint"),
    [(told(status="RUNNABLE"), "--follow"), (failed(code=None), "carrack job explain job")],
)
def test_a_job_without_a_log_is_told_with_what_to_do(job: dict[str, Any], hint: str) -> None:
    """It waits for its start, or ended before it."""
    with pytest.raises(JobError) as caught:
        lines(FakeBatch().have(job))
    assert hint in caught.value.hint


def test_following_goes_through_all_attempts_until_the_end_is_drained() -> None:
    """From RUNNABLE on; lines that come after the job has ended are told too."""
    first = told(container={"logStreamName": "one"})
    again = told(status="RUNNABLE", attempts=[attempt("one")], container={"logStreamName": "one"})
    second = told(attempts=[attempt("one")], container={"logStreamName": "two"})
    ended = {**second, "status": "FAILED"}
    batch = FakeBatch(
        jobs={"job": [told(status="RUNNABLE"), first, again, second, ended]},
        logs={"one": [["a1"], ["a2"]], "two": [["b1"]]},
    )
    quiet = iter([0, 0])

    def log(stream: str, token: str | None = None) -> Any:
        page = FakeBatch.log(batch, stream, token)
        if stream == "two" and not page.lines and batch.jobs["job"] == [ended]:
            try:
                next(quiet)
            except StopIteration:
                batch.logs["two"] = [["b1"], ["the very last"]]
        return page

    batch.log = log  # type: ignore[method-assign]
    time = FakeClock()
    assert lines(batch, time, follow=True) == ["a1", "a2", "b1", "the very last"]


def test_following_loses_no_attempt_that_began_and_ended_between_two_looks() -> None:
    """A container that fails at once is tried again within seconds; what is drained is not asked for again."""
    attempts = [attempt("one"), attempt("two"), attempt("three")]
    ended = failed(attempts=attempts, container={"logStreamName": "three", "exitCode": 1})
    logs = {"one": [["a"]], "two": [["b"]], "three": [["c"]]}
    batch = FakeBatch(jobs={"job": [told(status="RUNNABLE"), ended]}, logs=logs)
    assert lines(batch, follow=True) == ["a", "b", "c"]
    assert batch.asked.count("log one") == 2  # a page, and that there are no more
    assert batch.asked.count("log three") > 2


def test_following_a_job_that_never_starts_ends_with_it() -> None:
    """And says where to look."""
    batch = FakeBatch(jobs={"job": [told(status="RUNNABLE"), failed(code=None)]})
    with pytest.raises(JobError, match="without writing a log"):
        lines(batch, follow=True)


def test_a_log_is_asked_gently() -> None:
    """A quarter of a second between two pages, so that four readers are far below the account's quota."""
    batch = FakeBatch(logs={"s": [["x"]] * 40}).have(
        told(status="SUCCEEDED", container={"logStreamName": "s"})
    )
    time = FakeClock()
    assert len(lines(batch, time)) == 40
    assert time.waits == [0.25] * 40


def failures(count: int, code: int = 1, first: int = 0) -> list[dict[str, Any]]:
    """Failed children, each with a log."""
    return [
        child(n, code, container={"exitCode": code, "logStreamName": f"s{n}"})
        for n in range(first, first + count)
    ]


def test_equal_failures_are_one_kind_with_a_count_and_a_sample() -> None:
    """Of 500, the logs of 20 are read, spread over them; that is said."""
    children = failures(500)
    batch = FakeBatch(logs={f"s{n}": [["start", f"key {n}.csv is missing"]] for n in range(500)})
    (kind,) = failed_kinds([read_job(one) for one in children], asking(batch), tail=1, sample=20)
    assert (len(kind.indexes), kind.looked_at) == (500, 20)
    assert (kind.sample.id, kind.tail) == ("job:0", ("key 0.csv is missing",))
    assert len({question for question in batch.asked if question.startswith("log")}) == 20


def test_the_same_exit_code_with_other_last_lines_is_another_kind() -> None:
    """And another exit code is too, whatever its log says."""
    children = failures(3) + failures(1, code=78, first=3)
    logs = {"s0": [["disk full"]], "s1": [["disk full"]], "s2": [["no such key"]], "s3": [["disk full"]]}
    found = failed_kinds([read_job(one) for one in children], asking(FakeBatch(logs=logs)), tail=5, sample=20)
    assert [(kind.indexes, kind.tail[-1]) for kind in found] == [
        ((0, 1), "disk full"),
        ((2,), "no such key"),
        ((3,), "disk full"),
    ]


def test_a_child_that_wrote_nothing_is_a_kind_too() -> None:
    """One whose container never started has no log."""
    never = [read_job(child(0, None, statusReason="Task failed to start"))]
    (kind,) = failed_kinds(never, asking(FakeBatch()), tail=5, sample=5)
    assert (kind.indexes, kind.tail) == ((0,), ())
