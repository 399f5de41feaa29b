"""One attempt while it runs: its time limit, its end on request, its log's times."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace

from carrack.adapters.local_batch.logs import LogTimes
from carrack.adapters.local_batch.progress import milliseconds
from carrack.adapters.local_batch.runs import Launch, Run
from carrack.adapters.local_batch.settings import Settings
from carrack.model.jobs.ending import TIMED_OUT, Ending


@dataclass
class Attempt:
    """An attempt that was started at `started`; `limit` are the seconds of its definition's timeout, if it has one."""

    launch: Launch
    run: Run
    stream: str
    started: int
    limit: int | None
    settings: Settings

    def __post_init__(self) -> None:
        self._times = LogTimes(self.launch.log)
        now = time.monotonic()
        self._overdue = now + self.limit * self.settings.second if self.limit else None
        self._stopped_for: str | None = None
        self._asked = False
        self._kill_at = 0.0

    def stop(self, reason: str) -> None:
        """Have it end: SIGTERM, and SIGKILL if that does not do. The first reason counts."""
        if self._stopped_for is None:
            self._stopped_for = reason
            self._kill_at = time.monotonic() + self.settings.grace * self.settings.second
            self._asked = self.run.terminate()

    def look(self) -> Ending | None:
        """How it ended; else None, after doing what is due."""
        ending = self.run.ended()
        self._times.note(milliseconds())
        if ending is None:
            self._urge(time.monotonic())
            return None
        with suppress(OSError):
            self.launch.work.rmdir()  # what an attempt left there is kept
        if self._stopped_for is not None:
            ending = replace(ending, status_reason=self._stopped_for, stopped=True)
        return ending

    def _urge(self, now: float) -> None:
        if self._stopped_for is None:
            if self._overdue is not None and now >= self._overdue:
                self.stop(TIMED_OUT)
        elif now >= self._kill_at:
            self.run.kill()
        elif not self._asked:  # a container may not have been there yet
            self._asked = self.run.terminate()
