"""One attempt as the supervisor sees it, whoever runs it: a process of this machine or a container engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from carrack.model.jobs.ending import Ending
from carrack.model.jobs.job import JSON


@dataclass(frozen=True, kw_only=True)
class Launch:
    """What to run. `container` is DescribeJobs' member of this name; `command` has no placeholder any more."""

    job: str
    attempt: int
    command: tuple[str, ...]
    variables: Mapping[str, str] = field(repr=False)
    container: JSON = field(repr=False)
    hard_cpu_limit: bool
    log: Path
    work: Path


class CannotStartError(Exception):
    """Nothing was run; the text is what AWS Batch would have in `container.reason`."""


class Run(Protocol):
    """Something that was started. None of these waits for long."""

    def ended(self) -> Ending | None:
        """How it ended; None while it runs. Nothing of it is left once this has told."""

    def terminate(self) -> bool:
        """Ask it to end, with SIGTERM; whether it was there to be asked."""

    def kill(self) -> None:
        """End it, with SIGKILL."""


class Executor(Protocol):
    """Starts runs."""

    def start(self, launch: Launch) -> Run:
        """Start an attempt. Raises CannotStartError."""

    def end_left(self, job: str) -> None:
        """End what still runs of a job, children and all, whose supervisor died."""
