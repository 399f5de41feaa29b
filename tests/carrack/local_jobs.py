"""Jobs on this machine with short times: a second of theirs is a hundredth."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carrack.adapters.engine import ContainerEngine
from carrack.adapters.local_batch.batch import LocalBatch, local_batch
from carrack.adapters.local_batch.settings import Settings
from carrack.errors import NoEngineError
from carrack.model.jobs.job import ENDED

QUICK = Settings(parallel=2, tick=0.01, second=0.01, summary=0.02)
PATIENCE_SECONDS = 60


def no_engine() -> ContainerEngine:
    """Where there is none."""
    raise NoEngineError("no container engine answers", faults=())


@dataclass(frozen=True)
class Here:
    """A folder of jobs, and what tests ask of it."""

    batch: LocalBatch

    def define(self, *command: str, **members: Any) -> str:
        """Register a definition of this command; `name:revision`."""
        container = {"image": sys.prefix, "command": list(command), **members.pop("container", {})}
        told = {"jobDefinitionName": "test", "type": "container", "containerProperties": container, **members}
        return self.batch.register(told)

    def submit(self, *command: str, request: Mapping[str, Any] | None = None, **members: Any) -> str:
        """Submit a job of this command."""
        definition = self.define(*command, **members)
        asked = {"jobName": "job", "jobQueue": "queue", "jobDefinition": definition, **(request or {})}
        return self.batch.submit(asked)

    def array(self, size: int, *command: str, depends_on: Sequence[Any] = (), **members: Any) -> str:
        """Submit an array of this command."""
        request = {"arrayProperties": {"size": size}, "dependsOn": list(depends_on)}
        return self.submit(*command, request=request, **members)

    def told(self, job: str) -> dict[str, Any]:
        """What is told of a job."""
        return dict(self.batch.describe([job])[job])

    def until(self, job: str, met: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Wait until what is told of a job is so."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not met(told := self.told(job)):
            assert time.monotonic() < end, told
            time.sleep(0.01)
        return told

    def running(self, job: str) -> dict[str, Any]:
        """Wait until a job runs."""
        return self.until(job, lambda told: told["status"] == "RUNNING")

    def ended(self, job: str) -> dict[str, Any]:
        """Wait until a job has ended."""
        return self.until(job, lambda told: told["status"] in ENDED)

    def lines(self, job: str, attempt: int = -1) -> list[str]:
        """What an attempt of a job wrote."""
        stream = self.told(job)["attempts"][attempt]["container"]["logStreamName"]
        return [text for _, text in self.batch.log(stream).lines]

    def logged(self, job: str, text: str) -> None:
        """Wait until a running job has written this line."""
        stream = self.running(job)["container"]["logStreamName"]
        end = time.monotonic() + PATIENCE_SECONDS
        while text not in [line for _, line in self.batch.log(stream).lines]:
            assert time.monotonic() < end, self.told(job)
            time.sleep(0.01)


def until_gone(pid: int) -> None:
    """Wait until a process that was killed is one no more; nobody may have asked yet how it ended."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (stat := _stat(pid)) and stat.rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < end, stat
        time.sleep(0.01)


def _stat(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text()
    return ""


def here(folder: Path, settings: Settings = QUICK, passed: Mapping[str, str] | None = None) -> Here:
    """Processes, whose jobs are under `folder`."""
    return Here(local_batch(folder, "process", no_engine, settings=settings, passed=passed))
