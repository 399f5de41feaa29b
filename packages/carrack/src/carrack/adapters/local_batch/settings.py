"""How a supervisor works, and what it is handed: on its standard input, because some of it is nobody's business."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from carrack.adapters.local_batch.containers import Containers
from carrack.adapters.local_batch.processes import Processes
from carrack.adapters.local_batch.runs import Executor

Executors = Callable[[str], Executor]
"""Gives what runs jobs of a kind, `process` or `container`. Raises NoEngineError."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`parallel` is the most attempts of one job at a time. Tests have shorter times."""

    parallel: int
    tick: float = 0.1
    """How often, in seconds, a supervisor looks at the clock, at logs, and whether somebody wants an end."""
    second: float = 1.0
    """How long a second of a job's timeout, and of the time that it has after SIGTERM, is."""
    grace: int = 30
    """The seconds between SIGTERM and SIGKILL (user guide, "Job timeouts")."""
    summary: float = 0.5
    """How often, in seconds, an array's counts are told anew."""


@dataclass(frozen=True, kw_only=True)
class Handed:
    """What a supervisor is handed. `passed` are variables that somebody wants every attempt to have: credentials.

    `lock` is the open, locked file; `client` is the engine's client with its environment, for containers.
    """

    settings: Settings
    lock: int
    passed: Mapping[str, str] = field(repr=False)
    client: Containers | None = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """For the pipe."""
        return asdict(self)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Handed:
        """From the pipe."""
        return cls(
            settings=Settings(**told["settings"]),
            lock=told["lock"],
            passed=told["passed"],
            client=Containers(**told["client"]) if told["client"] else None,
        )

    def executor(self, kind: str) -> Executor:
        """See `Executors`."""
        if kind == "process":
            return Processes()
        assert self.client is not None  # noqa: S101 - whoever submits a container has an engine
        return self.client
