"""How many requests are on their way at once: pure, and beside a service that is made of nothing but times."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrack.model.window import Window

Times = st.floats(min_value=0.0, max_value=100.0)
Events = st.lists(st.one_of(Times, st.none()), max_size=300)
"""What becomes of requests: taken after these seconds, or refused."""


def after(window: Window, events: list[float | None]) -> list[Window]:
    """The windows that follow."""
    windows = [window]
    for event in events:
        windows.append(windows[-1].refused() if event is None else windows[-1].answered(event))
    return windows


@given(Events, st.integers(1, 40))
def test_it_stays_between_one_and_the_most(events: list[float | None], most: int) -> None:
    """Whatever happens, something is on its way, and never more than the most."""
    assert all(1 <= window.size <= most for window in after(Window(size=1, most=most), events))


@given(Events)
def test_a_refusal_halves_it_once_a_round(events: list[float | None]) -> None:
    """The refusals of requests that were on their way together count once."""
    window = after(Window(), events)[-1]
    for _ in range(window.deaf):
        window = window.answered(0.1)
    half = max(1, window.size // 2)
    windows = after(window, [None] * window.size)
    assert {one.size for one in windows[1:]} == {half}
    assert windows[-1].deaf == 0


@given(Events, st.floats(0.1, 1000), st.floats(0.001, 10))
def test_it_is_no_more_than_the_pace_keeps_busy(
    events: list[float | None], per_second: float, seconds: float
) -> None:
    """After a round of answers of so many seconds, at most per_second x seconds are on their way, and one more."""
    window = after(Window(per_second=per_second), events)[-1]
    for _ in range(2 * window.size + window.deaf):
        window = window.answered(seconds)
    assert window.size <= per_second * seconds + 2


def test_it_doubles_until_something_is_in_its_way_and_grows_by_one_after() -> None:
    """4, 8, 16, 32 while answers take the same; halved by a refusal, it comes back one by one."""
    windows = after(Window(), [0.1] * (4 + 8 + 16))
    assert [windows[at].size for at in (3, 4, 12, 28)] == [4, 8, 16, 32]
    halved = after(windows[-1], [None, *[0.1] * 31])
    assert (halved[1].size, halved[-1].size) == (16, 16)
    assert after(halved[-1], [0.1] * 16)[-1].size == 17


def test_one_slow_answer_changes_nothing() -> None:
    """The quickest quarter of a round says what an answer takes: one that stalls is not the service's state."""
    assert after(Window(), [0.1, 9.0, 0.1, 0.1])[-1].size == 8


def test_a_stall_of_all_narrows_it() -> None:
    """Where every answer takes over three times the shortest, one fewer is on its way after each round."""
    window = after(Window(), [0.1] * 4)[-1]
    assert after(window, [1.0] * 8)[-1].size == 7
    assert after(window, [1.0] * 500)[-1].size >= 1


def test_a_way_that_became_longer_is_learned_anew() -> None:
    """Answers take ten times what they took: it shrinks to one, sees what one alone takes, and grows again."""
    window = after(Window(), [0.1] * 28)[-1]
    windows = after(window, [1.0] * 800)
    assert min(one.size for one in windows) == 1
    assert windows[-1].size > 4


@dataclass
class Service:
    """Takes `delay` seconds to be reached and left, and has `workers` that need `work` seconds for each request."""

    delay: float
    work: float
    workers: int

    def take(self, count: int, window: Window) -> tuple[float, list[int]]:
        """The seconds that `count` requests take with this window, and its sizes."""
        now, sent, sizes = 0.0, 0, list[int]()
        free = [0.0] * self.workers
        under_way: list[tuple[float, float]] = []
        while len(sizes) < count:
            while sent < count and len(under_way) < window.size:
                began = max(heapq.heappop(free), now + self.delay / 2)
                heapq.heappush(free, began + self.work)
                heapq.heappush(under_way, (began + self.work + self.delay / 2, now))
                sent += 1
            now, left = heapq.heappop(under_way)
            window = window.answered(now - left)
            sizes.append(window.size)
        return now, sizes


@pytest.mark.parametrize(
    ("service", "low", "high", "times_slower"),
    [
        (Service(delay=0.15, work=0.003, workers=1), 32, 32, 1.5),
        (Service(delay=0.03, work=0.010, workers=4), 16, 32, 1.2),
        (Service(delay=0.50, work=0.050, workers=64), 32, 32, 1.5),
        (Service(delay=0.00, work=0.003, workers=1), 1, 4, 1.01),
        (Service(delay=0.00, work=0.003, workers=2), 2, 8, 1.05),
    ],
    ids=["far", "near", "far and slow", "one worker here", "two workers here"],
)
def test_it_finds_what_pays(service: Service, low: int, high: int, times_slower: float) -> None:
    """Two hundred requests take little more than with thirty-two at once, and only a delay makes it wide."""
    seconds, sizes = service.take(200, Window())
    best, _ = service.take(200, Window(size=32, is_doubling=False, per_second=inf))
    assert low <= sizes[-1] <= high
    assert seconds <= best * times_slower


@given(st.floats(0, 1), st.floats(0.001, 0.2), st.integers(1, 64))
def test_it_is_never_much_slower_than_four_at_once(delay: float, work: float, workers: int) -> None:
    """Whatever the service, to have started with four and stayed there would not have been a third faster."""
    service = Service(delay=delay, work=work, workers=workers)
    seconds, _ = service.take(200, Window())
    four, _ = service.take(200, Window(size=4, most=4))
    assert seconds <= four * 1.34
