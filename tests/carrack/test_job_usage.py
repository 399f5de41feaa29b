"""vCPU-hours and GB-hours of jobs, estimated."""

from __future__ import annotations

from typing import Any

import pytest
from tests.carrack.fake_batch import FakeBatch, array, asking, told

from carrack.commands.job_status import used
from carrack.model.jobs.job import read_job
from carrack.model.jobs.usage import usage

HOUR = 3_600_000
TWO_AND_FOUR = {"resourceRequirements": [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "4096"}]}


def attempt(start: int, end: int) -> dict[str, int]:
    """An attempt between two hours."""
    return {"startedAt": start * HOUR, "stoppedAt": end * HOUR}


def test_every_attempt_counts_and_not_only_the_last() -> None:
    """A retried attempt was paid for too."""
    answer = told(status="SUCCEEDED", container=TWO_AND_FOUR, attempts=[attempt(0, 1), attempt(2, 5)])
    found = usage([read_job(answer)], now=9 * HOUR)
    assert (found.vcpu_hours, found.gb_hours, found.attempts) == (8.0, 16.0, 2)
    assert found.cost(vcpu_hour=0.04, gb_hour=0.01) == pytest.approx(0.48)
    assert str(found) == "about 8 vCPU-hours and 16 GB-hours in 2 attempts (an estimate)"


def test_the_attempt_that_runs_counts_up_to_now_and_once() -> None:
    """Whether the service lists it among the attempts already or not."""
    running = told(container=TWO_AND_FOUR, startedAt=2 * HOUR, attempts=[attempt(0, 1)])
    assert usage([read_job(running)], now=3 * HOUR).vcpu_hours == 4.0
    listed = {**running, "status": "SUCCEEDED", "attempts": [attempt(0, 1), attempt(2, 3)]}
    assert usage([read_job(listed)], now=9 * HOUR).vcpu_hours == 4.0


def test_older_definitions_say_it_in_other_words() -> None:
    """`vcpus` and `memory`; what is not said at all is nothing."""
    old = told(status="SUCCEEDED", container={"vcpus": 1, "memory": 512}, attempts=[attempt(0, 1)])
    assert usage([read_job(old)], now=0).gb_hours == 0.5
    assert usage([read_job(told(status="SUCCEEDED", attempts=[attempt(0, 1)]))], now=0).vcpu_hours == 0.0


def children(count: int) -> list[dict[str, Any]]:
    """Children that each ran for an hour."""
    return [
        told(
            f"job:{n}",
            "SUCCEEDED",
            container=TWO_AND_FOUR,
            attempts=[attempt(0, 1)],
            arrayProperties={"index": n},
        )
        for n in range(count)
    ]


def test_a_large_array_is_estimated_from_a_sample_and_says_so() -> None:
    """At most 500 children are described."""
    parent = array(size=2000, SUCCEEDED=2000)
    batch = FakeBatch().have(parent, *children(2000))
    found = used(read_job(parent), asking(batch))
    assert found.vcpu_hours == pytest.approx(4000)
    assert str(found) == (
        "about 4e+03 vCPU-hours and 8e+03 GB-hours in 2000 attempts (an estimate, from 500 of 2000 jobs)"
    )
    assert batch.asked == ["children SUCCEEDED", "describe 500"]


def test_nothing_that_ran_is_nothing_used() -> None:
    """And no number is made of it."""
    found = used(read_job(array(size=2, RUNNABLE=2)), asking(FakeBatch()))
    assert (found.attempts, found.vcpu_hours) == (0, 0.0)
