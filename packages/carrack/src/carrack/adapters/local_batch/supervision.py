"""Looking after one job, from its dependencies to the end of its last attempt; one thread, woken when a child ends."""

from __future__ import annotations

import os
import select
import signal
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from carrack.adapters.local_batch.attempt import Attempt
from carrack.adapters.local_batch.dependencies import Dependencies
from carrack.adapters.local_batch.job_folder import JOB, JobFolder
from carrack.adapters.local_batch.logs import stream_name
from carrack.adapters.local_batch.progress import Progress, milliseconds
from carrack.adapters.local_batch.runs import CannotStartError, Executor, Launch
from carrack.adapters.local_batch.settings import Settings
from carrack.model.jobs.ending import DEPENDENCY_FAILED, NOT_STARTED, Ending, is_retried
from carrack.model.jobs.local_job import variables
from carrack.model.jobs.references import substituted

_LOOKED_AT = 256
"""How many waiting children are asked in one round whether they may begin; the next round asks the next ones."""


class Supervision:
    """Runs a job that was submitted. `passed` are variables that every attempt gets beside its own."""

    def __init__(
        self,
        folder: JobFolder,
        executor: Executor,
        dependencies: Dependencies,
        settings: Settings,
        passed: Mapping[str, str],
    ) -> None:
        self._folder, self._executor, self._settings, self._passed = folder, executor, settings, passed
        self._dependencies = dependencies
        self._progress = Progress(folder, settings.summary)
        runs = map(str, range(self._progress.size)) if self._progress.size else (JOB,)
        self._waiting = deque(runs)
        self._running: dict[str, Attempt] = {}
        self._heard: set[str] = set()
        self._terminated: str | None = None

    def run(self) -> None:
        """Do all of it; what comes out is told in the job's folder."""
        with _woken_by_children() as pipe:
            if self._dependencies.any:
                self._progress.wait()
            if self._wait_for_others(pipe):
                self._progress.release(one_by_one=self._dependencies.one_by_one)
                self._run(pipe)

    def _wait_for_others(self, pipe: int) -> bool:
        """Whether the job may begin; else its end is told already."""
        while (met := self._dependencies.met()) is None:
            self._hear()
            if self._terminated is not None:
                self._progress.fail(self._terminated, isCancelled=True)
                return False
            _sleep(pipe, self._settings.tick)
        if not met:
            self._progress.fail(DEPENDENCY_FAILED)
        return met

    def _run(self, pipe: int) -> None:
        while self._waiting or self._running:
            self._hear()
            for run, attempt in list(self._running.items()):
                if ending := attempt.look():
                    del self._running[run]
                    self._end_attempt(run, ending, attempt)
            self._begin_what_may()
            self._progress.look()
            if self._running or self._waiting:
                _sleep(pipe, self._settings.tick)
        if self._terminated is not None and JOB not in self._progress.ended:
            self._progress.fail(self._terminated, isTerminated=True)
        elif self._progress.size:
            self._progress.finish()

    def _hear(self) -> None:
        """End what somebody wants to end."""
        for run, reason in self._folder.asked_to_end().items():
            if run in self._heard:
                continue
            self._heard.add(run)
            if run == JOB:
                self._terminated = reason
                self._waiting.clear()
                for attempt in self._running.values():
                    attempt.stop(reason)
            elif run in self._running:
                self._running[run].stop(reason)
            elif run in self._waiting:
                self._waiting.remove(run)
                self._end(run, Ending(status_reason=reason, stopped=True))

    def _begin_what_may(self) -> None:
        """Begin waiting runs while there is room; those that may not yet go to the end of the line."""
        for _ in range(min(len(self._waiting), _LOOKED_AT)):
            if len(self._running) >= self._settings.parallel:
                return
            run = self._waiting[0]
            may = self._dependencies.may_begin(run, self._progress.ended)
            if may is None and self._dependencies.in_order:
                return
            self._waiting.popleft()
            if may is None:
                self._waiting.append(run)
            elif may:
                self._begin(run)
            else:
                self._end(run, Ending(status_reason=DEPENDENCY_FAILED, stopped=True))

    def _begin(self, run: str) -> None:
        self._progress.move(run, "STARTING")
        told = self._progress.whole(run)
        launch = self._launch(run, told)
        try:
            launch.work.mkdir(parents=True)
            started = self._executor.start(launch)
        except (CannotStartError, OSError) as error:
            with suppress(OSError):  # it may be what could not be made
                launch.work.rmdir()
            self._end_attempt(run, Ending(reason=str(error)[:255], status_reason=NOT_STARTED))
            return
        stream = stream_name(told["jobDefinition"], self._folder.path.name, run, launch.attempt)
        limit = told["timeout"].get("attemptDurationSeconds")
        attempt = Attempt(launch, started, stream, milliseconds(), limit, self._settings)
        self._running[run] = attempt
        container = {"logStreamName": stream, "exitCode": None, "reason": None}
        self._progress.move(run, "RUNNING", startedAt=attempt.started, container=container)

    def _launch(self, run: str, told: dict[str, Any]) -> Launch:
        number = self._progress.attempts(run) + 1
        place = f"this-machine-{self._folder.kind}"
        return Launch(
            job=told["jobId"],
            attempt=number,
            command=substituted(told["container"]["command"], told["parameters"]),
            variables={**self._passed, **variables(told, number, self._progress.size, place)},
            container=told["container"],
            hard_cpu_limit="FARGATE" in told["platformCapabilities"],
            log=self._folder.log(run, number),
            work=self._folder.work(run, number),
        )

    def _end_attempt(self, run: str, ending: Ending, attempt: Attempt | None = None) -> None:
        told = self._progress.whole(run)
        container = {"exitCode": ending.exit_code, "reason": ending.reason}
        record: dict[str, Any] = {"stoppedAt": milliseconds(), "statusReason": ending.status_reason}
        if attempt:
            record["startedAt"] = attempt.started
            container["logStreamName"] = attempt.stream
        record["container"] = {name: value for name, value in container.items() if value is not None}
        attempts = [*told["attempts"], record]
        if self._terminated is None and is_retried(told["retryStrategy"], len(attempts), ending):
            self._progress.move(run, "RUNNABLE", attempts=attempts, statusReason=ending.status_reason)
            self._waiting.appendleft(run)
        else:
            self._end(run, ending, attempts=attempts, container=container)

    def _end(self, run: str, ending: Ending, **members: Any) -> None:
        members |= {"isTerminated": True} if run in self._heard or self._terminated is not None else {}
        status = "SUCCEEDED" if ending.succeeded else "FAILED"
        self._progress.move(
            run, status, statusReason=ending.status_reason, stoppedAt=milliseconds(), **members
        )


@contextmanager
def _woken_by_children() -> Iterator[int]:
    """A file that can be read when a process has ended."""
    reader, writer = os.pipe()
    for end in (reader, writer):
        os.set_blocking(end, False)
    before = signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield reader
    finally:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, before)
        os.close(reader)
        os.close(writer)


def _sleep(pipe: int, seconds: float) -> None:
    if select.select([pipe], [], [], seconds)[0]:
        os.read(pipe, 4096)
