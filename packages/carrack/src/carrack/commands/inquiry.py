"""Questions about jobs, asked again where the service could not answer for now."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import TypeVar

from carrack.errors import JobError, UnavailableError
from carrack.model.command_line import CARRACK, CommandLine
from carrack.model.jobs.failures import index_of
from carrack.model.jobs.job import Job, LogPage, read_job
from carrack.model.jobs.shards import format_ranges
from carrack.ports import Batch

T = TypeVar("T")

_AT_ONCE = 100
"""Of an array's children, as many as one DescribeJobs takes: who looks at few of them asks about few."""
_FIRST, _LONGEST = 1.0, 30.0
_UNHEARD, _HEARD = 20.0, 300.0
"""For how many seconds a question is asked again: before the service ever answered us, and after that."""
_NEW, _SEEN = 6.0, 300.0
"""For how many seconds a job may be missing from answers: one that is new to us, and one that was there before."""


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Time, waiting and chance."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    @property
    def milliseconds(self) -> int:
        """Now, as Batch counts."""
        return int(self.now() * 1000)


@dataclass(kw_only=True)
class Inquiry:
    """A Batch that is asked patiently: a throttled question, or an answer without the job, is no end of it.

    `seen` are jobs that are there for certain, known by an answer before: they may be missing for longer. `command`
    writes the commands that ask the same Batch.
    """

    batch: Batch
    command: CommandLine = CARRACK
    clock: Clock = field(default_factory=Clock)
    seen: set[str] = field(default_factory=set)
    _heard: bool = False

    def job(self, job: str) -> Job:
        """One job. Raises JobError where the service does not know it."""
        return self.jobs([job])[0]

    def jobs(self, ids: Sequence[str]) -> tuple[Job, ...]:
        """Jobs, in this order. Raises JobError where some stay unknown: a new one may be missing for some seconds."""
        until = self.clock.now() + (_SEEN if self.seen.issuperset(ids) else _NEW)
        for pause in self._pauses():
            found = self.known(ids)
            missing = [job for job in ids if job not in found]
            if not missing:
                return tuple(found[job] for job in ids)
            if self.clock.now() + pause > until:
                raise self._unknown(missing)
            self.clock.sleep(pause)
        raise AssertionError  # the pauses never end

    def _unknown(self, missing: Sequence[str]) -> JobError:
        return JobError(
            "there is no such job, or none any more: ended jobs are forgotten after some days",
            address=self.batch.place,
            faults=tuple(missing),
            hint=self.command("job list"),
        )

    def known(self, ids: Sequence[str]) -> dict[str, Job]:
        """Those of `ids` that the service knows."""
        found = {job: read_job(one) for job, one in self.ask(lambda: self.batch.describe(ids)).items()}
        self.seen |= found.keys()
        return found

    def children(self, array: Job, *states: str) -> Iterator[Job]:
        """The children of an array that are in one of these states, described a hundred at a time."""
        for state in states:
            ids = self.ask(lambda state=state: self.batch.children(array.id, state))  # type: ignore[misc]
            for start in range(0, len(ids), _AT_ONCE):
                yield from self.known(ids[start : start + _AT_ONCE]).values()

    def failed(self, array: Job) -> tuple[Job, ...]:
        """The failed children of an array, by index."""
        return tuple(sorted(self.children(array, "FAILED"), key=lambda child: index_of(child) or 0))

    def recent(self, queue: str, *, since: int = 0, most: int | None = None) -> tuple[Job, ...]:
        """The newest jobs of a queue, of which at most `most`, none created before `since`; with what a list tells."""

        def listed() -> tuple[Job, ...]:
            jobs = islice(map(read_job, self.batch.recent(queue)), most)
            return tuple(takewhile(lambda job: (job.created or 0) >= since, jobs))

        return self.ask(listed)

    def log(self, stream: str, token: str | None) -> LogPage:
        """One page of a log."""
        return self.ask(lambda: self.batch.log(stream, token))

    def ask(self, question: Callable[[], T]) -> T:
        """The answer to a question, asked again while the service cannot answer for now; then UnavailableError."""
        until = self.clock.now() + (_HEARD if self._heard else _UNHEARD)
        for pause in self._pauses():
            try:
                answer = question()
                self._heard = True
                return answer
            except UnavailableError:
                if self.clock.now() + pause > until:
                    raise
            self.clock.sleep(pause)
        raise AssertionError  # the pauses never end

    def _pauses(self) -> Iterator[float]:
        """Twice as long each time, and never the same for two that began together."""
        pause = _FIRST
        while True:
            yield pause * (0.5 + self.clock.chance())
            pause = min(_LONGEST, pause * 2)


def select_children(array: Job, wanted: Sequence[int]) -> tuple[str, ...]:
    """The ids of an array's children of these indexes. Raises JobError where it has no such child."""
    size = array.array_size or 0
    outside = [index for index in wanted if index >= size]
    if outside:
        raise JobError(
            f"it has {f'children 0-{size - 1}' if size else 'no children'}, and not {format_ranges(outside)}",
            address=f"job {array.id}",
        )
    return tuple(f"{array.id}:{index}" for index in wanted)
