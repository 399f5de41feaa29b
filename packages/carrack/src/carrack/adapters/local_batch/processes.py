"""Attempts as processes of this machine, in the environment that `carrack install` made."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from carrack.adapters.local_batch.runs import CannotStartError, Launch, Run
from carrack.model.jobs.ending import Ending

_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
_MOST_LOOKS, _LOOK_SECONDS = 100, 0.02


class Processes:
    """Implements `Executor`. A definition's image is the folder of an environment.

    A process gets none of our variables: PATH with the environment's programs first, a home and a temporary folder of
    its own, a language, and what its job says. What it left running when it ended is ended, as in a container.
    """

    def start(self, launch: Launch) -> Run:
        """See `Executor`."""
        programs = Path(launch.container["image"]) / "bin"
        if not programs.is_dir():
            raise CannotStartError(f"CannotPullContainerError: there is no environment {programs.parent}")
        own = str(launch.work)
        environ = {"PATH": f"{programs}:{_SYSTEM_PATH}", "HOME": own, "TMPDIR": own, "LANG": "C.UTF-8"}
        environ |= launch.variables
        program, *arguments = launch.command
        found = program if "/" in program else shutil.which(program, path=environ["PATH"])
        if found is None:
            raise CannotStartError(
                f"CannotStartContainerError: {program}: no such program in the environment"
            )
        with launch.log.open("wb") as log:
            try:
                process = subprocess.Popen(
                    [found, *arguments],
                    env=environ,
                    cwd=own,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    close_fds=False,  # the lock goes with the exec, not before: then its environment can be seen
                )
            except (OSError, ValueError) as error:  # too long, not executable, a NUL in it
                raise CannotStartError(f"CannotStartContainerError: {program}: {error}") from error
        return _Process(process)

    def end_left(self, job: str) -> None:
        """See `Executor`."""
        end_processes(job)


@dataclass(frozen=True)
class _Process:
    """Implements `Run`: a process that leads a group of its own."""

    process: subprocess.Popen[bytes]

    def ended(self) -> Ending | None:
        code = self.process.poll()
        if code is None:
            return None
        _signal(self.process.pid, signal.SIGKILL)  # its group has this number as long as somebody is in it
        return Ending(exit_code=128 - code if code < 0 else code)

    def terminate(self) -> bool:
        self.process.terminate()  # not what it started: a container's init passes the signal to one process alone
        return True

    def kill(self) -> None:
        _signal(self.process.pid, signal.SIGKILL)


def _signal(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _groups(job: str) -> Iterator[int]:
    """The groups of all processes that have this job's id, or a child's of it, in the environment they began with."""
    mark = f"\0AWS_BATCH_JOB_ID={job}".encode()
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            environ = b"\0" + (place / "environ").read_bytes()
            if environ.find(mark + b"\0") >= 0 or environ.find(mark + b":") >= 0:
                yield os.getpgid(int(place.name))


def end_processes(job: str) -> None:
    """End every process that began with this job's id in its environment, which /proc shows, and its whole group.

    They are looked for until there are none twice: one may be between its fork and its exec, or fork meanwhile.
    """
    quiet = 0
    for _ in range(_MOST_LOOKS):
        groups = set(_groups(job))
        for group in groups:
            _signal(group, signal.SIGKILL)
        quiet = 0 if groups else quiet + 1
        if quiet == 2:
            return
        time.sleep(_LOOK_SECONDS)
