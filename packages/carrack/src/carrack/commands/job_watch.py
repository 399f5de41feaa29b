"""`job watch`: what jobs are doing, until all have ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from carrack.commands.inquiry import Inquiry
from carrack.commands.job_status import Standing
from carrack.errors import ExitCode, IndexAccessError, JobError, StoppedError
from carrack.model.command_line import CommandLine
from carrack.model.jobs.failures import exit_code_of
from carrack.model.jobs.job import Job

_SOON, _LATE = 2.0, 15.0
_SLOWER = 1.5
_TALKING = 4
"""Of how many jobs the last log line is shown: each costs a question a look."""
_PAGES = 3
"""How many pages of a log one look reads: a job that writes faster is shown a little late."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """Jobs at one moment, and the last line that the log of each has so far, where one was read."""

    jobs: tuple[Job, ...]
    lines: dict[str, str]
    now: int


Show = Callable[[Look], None]


def watch(ids: Sequence[str], inquiry: Inquiry, show: Show, timeout: float | None = None) -> tuple[Job, ...]:
    """Show jobs until all have ended; gives them as they ended.

    Looks are further apart while nothing changes. Raises StoppedError when `timeout` seconds are over before that, and
    whatever `Inquiry` raises.
    """
    clock, ears = inquiry.clock, Ears(inquiry=inquiry)
    until = None if timeout is None else clock.now() + timeout
    pause, before = _SOON, None
    while True:
        jobs = inquiry.jobs(ids)
        show(Look(jobs=jobs, lines=ears.listen(jobs), now=clock.milliseconds))
        if all(job.has_ended for job in jobs):
            return jobs
        state = [(job.status, job.counts) for job in jobs]
        pause = _SOON if state != before else min(_LATE, pause * _SLOWER)
        before = state
        if until is not None and clock.now() + pause > until:
            raise _too_long(jobs, timeout or 0, inquiry.command)
        clock.sleep(pause * (0.75 + clock.chance() / 2))


def _too_long(jobs: Sequence[Job], timeout: float, command: CommandLine) -> StoppedError:
    left = [job.id for job in jobs if not job.has_ended]
    return StoppedError(
        f"{len(left)} of {len(jobs)} jobs had not ended after {timeout:g} s",
        untouched="the jobs, which go on",
        hint=command("job watch", *left),
    )


def code_of(ended: Sequence[Standing]) -> int:
    """The exit code of a watch: that of the first job that failed, 74 where it failed without one; 0 where none did."""
    for one in ended:
        if one.job.has_failed:
            code = exit_code_of(one.job, [failures for failures, _ in one.failures])
            return code if code is not None else ExitCode.JOB
    return ExitCode.DONE


@dataclass(kw_only=True)
class Ears:
    """Follows the logs of a few jobs, to have the last line of each; of an array, of one child that runs."""

    inquiry: Inquiry
    _tokens: dict[str, str | None] = field(default_factory=dict)
    _last: dict[str, str] = field(default_factory=dict)
    _child: dict[str, str] = field(default_factory=dict)

    def listen(self, jobs: Sequence[Job]) -> dict[str, str]:
        """The last line of each job whose log is followed; a log that cannot be read says so in its line."""
        for job in jobs[:_TALKING]:
            try:
                self._listen(job)
            except (JobError, IndexAccessError) as error:
                self._last.setdefault(job.id, f"(its log cannot be read: {error.message})")
        return dict(self._last)

    def _listen(self, job: Job) -> None:
        speaker = self._speaker(job)
        if speaker is None or speaker.log_stream is None:
            return
        for line in self._news(speaker.log_stream):
            self._last[job.id] = f"{speaker.id.removeprefix(job.id)} {line}".strip()

    def _speaker(self, job: Job) -> Job | None:
        """The job, or a child of it that runs: the same one as before, as long as it does."""
        if not job.array_size:
            return job
        if job.has_ended:
            return None
        if (before := self._child.get(job.id)) is not None:
            child = self.inquiry.known([before]).get(before)
            if child is not None and child.status == "RUNNING":
                return child
        running = self.inquiry.ask(lambda: self.inquiry.batch.children(job.id, "RUNNING"))[:1]
        if not running:
            return None
        self._child[job.id] = running[0]
        return self.inquiry.known(running).get(running[0])

    def _news(self, stream: str) -> Iterator[str]:
        for _ in range(_PAGES):
            token = self._tokens.get(stream)
            page = self.inquiry.batch.log(stream, token)  # once: a watch does not wait for logs
            self._tokens[stream] = page.token
            yield from (text for _, text in page.lines)
            if page.token == token:
                return
