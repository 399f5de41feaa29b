"""The folder of one job: what is told of it, its children's part, their logs, and the lock of who looks after it."""

from __future__ import annotations

import fcntl
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carrack.model.jobs.job import JSON
from carrack.model.jobs.local_job import child_of

JOB = "job"
"""What a job that is no array calls its one run, where a child has its index."""


@dataclass(frozen=True)
class JobFolder:
    """A job's folder. Every file is replaced whole, so that readers need no lock.

    `job.json` has DescribeJobs' shape; a child has a file once it was started, with no more than what is its own.
    """

    path: Path

    def make(self, kind: str) -> int:
        """Begin it, for a job that `kind` (`process`, `container`) runs; gives its lock, for who will look after it.

        The lock holds as long as a process has this file open. No other user may see what jobs hold.
        """
        for folder in (self.path, *(self.path / name for name in ("children", "logs", "work", "terminate"))):
            folder.mkdir(mode=0o700)
        (self.path / "kind").write_text(kind, encoding="utf-8")
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return lock

    @property
    def kind(self) -> str:
        """What runs the job."""
        return (self.path / "kind").read_text(encoding="utf-8")

    def job(self) -> dict[str, Any] | None:
        """What is told of the job itself; None where there is none."""
        return _read(self.path / "job.json")

    def save(self, told: JSON) -> None:
        """Tell this of the job; it is on the disk when this returns."""
        _write(self.path / "job.json", told, durable=True)

    def child(self, index: int) -> dict[str, Any] | None:
        """What is told of an array's child."""
        parent = self.job()
        if parent is None or not 0 <= index < parent.get("arrayProperties", {}).get("size", 0):
            return None
        return child_of(parent, index, self.own(index))

    def own(self, index: int) -> dict[str, Any] | None:
        """What a child has of its own; None before it was started."""
        return _read(self._child(index))

    def save_own(self, index: int, own: JSON) -> None:
        """Tell this of a child. There may be 10,000 of them, so none waits for the disk."""
        _write(self._child(index), own)

    def started(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Every child that has a file, and what it says."""
        for path in (self.path / "children").glob("*.json"):
            if own := _read(path):
                yield int(path.stem), own

    def ask_to_end(self, run: str, reason: str) -> None:
        """Leave word for whoever looks after the job: this run, or with JOB all of it, shall end."""
        _write(self.path / "terminate" / f"{run}.json", {"reason": reason})

    def asked_to_end(self) -> Mapping[str, str]:
        """The runs that shall end, each with the reason that was given. Raises OSError where the folder is gone."""
        folder = self.path / "terminate"
        found = [folder / name for name in os.listdir(folder) if name.endswith(".json")]
        return {path.stem: told["reason"] for path in found if (told := _read(path))}

    def log(self, run: str, attempt: int) -> Path:
        """The file that an attempt writes to."""
        return self.path / "logs" / f"{run}.{attempt}.log"

    def work(self, run: str, attempt: int) -> Path:
        """The folder that an attempt works in."""
        return self.path / "work" / f"{run}.{attempt}"

    @property
    def is_looked_after(self) -> bool:
        """Whether a process holds the lock. Asking keeps nobody else from asking."""
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    @contextmanager
    def settling(self) -> Iterator[None]:
        """Be the only one who tells how a job ended that nobody looks after any more."""
        with (self.path / "settling").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _child(self, index: int) -> Path:
        return self.path / "children" / f"{index}.json"


def _read(path: Path) -> dict[str, Any] | None:
    """None also for a file that lost its content with the machine's power."""
    with suppress(FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return told
    return None


def _write(path: Path, told: JSON, *, durable: bool = False) -> None:
    beside = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(told, file, ensure_ascii=False)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    os.replace(beside, path)
