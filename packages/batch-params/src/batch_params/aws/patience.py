"""Requests repeated while AWS is too busy, each after a random wait, and not for ever."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from batch_params.aws.unavailable import unavailable

AnswerT = TypeVar("AnswerT")
LONGEST_WAIT = 20.0

Sleep = Callable[[float], None]
Chance = Callable[[], float]


def patiently(
    request: Callable[[], AnswerT], *, sleep: Sleep = time.sleep, chance: Chance = random.random
) -> AnswerT:
    """Make a request until it is answered, as often as `UnavailableError.attempts` says.

    Between two attempts passes a random part of 1, 2, 4, … 20 seconds (full jitter), so that thousands of jobs that
    start at once do not come back at once. botocore's own retries wait so too, but as often for a network that is
    away as for throttling: a laptop without one would stand still for minutes.

    Raises UnavailableError with the last answer.
    """
    attempt = 0
    while True:
        try:
            return request()
        except Exception as error:
            refusal = unavailable(error)
        attempt += 1
        if attempt >= refusal.attempts:
            raise refusal
        sleep(chance() * min(2.0 ** (attempt - 1), LONGEST_WAIT))
