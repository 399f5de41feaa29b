"""What a command takes: seconds, processor seconds, and the memory of its largest process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LAUNCHER = """
import json, os, sys, time
began = time.perf_counter()
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
took = {
    "seconds": time.perf_counter() - began,
    "cpu": usage.ru_utime + usage.ru_stime,
    "megabytes": usage.ru_maxrss * 1024 / 1e6,
}
print("\\n" + json.dumps([os.waitstatus_to_exitcode(status), took]), file=sys.stderr)
"""
"""A small process of its own: what Linux tells of a child's memory begins with the memory of whoever started it."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What one command took, or several together."""

    seconds: float
    cpu: float
    megabytes: float


_LONGEST = 1800.0
"""Seconds after which a command is taken to stand still."""


class FailedError(Exception):
    """The command did not end well; the message is what it printed."""


def ran(
    command: Sequence[object], environ: Mapping[str, str] | None = None, folder: Path | None = None
) -> Ran:
    """Run a command in `environ`, this process's own if not said, and say what it took. Raises FailedError."""
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _LAUNCHER, *map(str, command)],
        env=environ,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        process_group=0,
    ) as launcher:
        try:
            out, err = launcher.communicate(timeout=_LONGEST)
        except BaseException:
            os.killpg(launcher.pid, signal.SIGKILL)
            raise
    said, _, last = err.rstrip().rpartition("\n")
    if launcher.returncode:  # the program did not start
        raise FailedError(last)
    status, took = json.loads(last)
    if status:
        raise FailedError(out + said)
    return Ran(**took)
