"""How long a busy AWS is waited for, without waiting."""

import heapq
import random

import pytest
from botocore.exceptions import ClientError

from batch_params.aws.patience import patiently
from batch_params.aws.unavailable import UnavailableError

CHILDREN = 5_000
A_SECOND = 40
"""SSM's default quota of GetParameters."""


def busy() -> str:
    """Answer as SSM does where too many ask."""
    raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "GetParameters")


def waits(chance: random.Random) -> list[float]:
    """Give the waits of one job whom nobody ever answers."""
    slept: list[float] = []
    with pytest.raises(UnavailableError) as caught:
        patiently(busy, sleep=slept.append, chance=chance.random)
    assert caught.value.exit_code == 75
    return slept


def test_waits_grow_are_random_and_end() -> None:
    """Nineteen waits: a random part of 1, 2, 4, … and never more than 20 seconds."""
    slept = waits(random.Random(1))  # noqa: S311
    assert len(slept) == 19
    assert all(0 <= wait <= min(2**number, 20) for number, wait in enumerate(slept))
    assert len({*slept}) == 19


def test_five_thousand_jobs_get_through_a_small_quota() -> None:
    """All start within a second; forty requests a second are answered; at most one in a hundred gives up, with 75."""
    chance = random.Random(2)  # noqa: S311
    jobs = [iter(waits(chance)) for _ in range(CHILDREN)]
    queue = [(chance.random(), number) for number in range(CHILDREN)]
    heapq.heapify(queue)
    served, free, last = 0, float(A_SECOND), 0.0
    while queue:
        now, number = heapq.heappop(queue)
        free, last = min(float(A_SECOND), free + (now - last) * A_SECOND), now
        if free >= 1:
            free, served = free - 1, served + 1
        elif (wait := next(jobs[number], None)) is not None:
            heapq.heappush(queue, (now + wait, number))
    assert served >= 0.99 * CHILDREN


def test_what_is_no_fault_of_aws_passes_through() -> None:
    """A bug is not dressed up as a busy service, and is not repeated."""
    calls: list[int] = []

    def broken() -> None:
        calls.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        patiently(broken, sleep=lambda seconds: None)
    assert calls == [1]
