"""What the builder's own processes have in common: a job on stdin, and one line of JSON as the answer."""

from __future__ import annotations

import errno
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any


class FailedError(Exception):
    """What a user is told: what failed, why, what it printed, and the way out."""

    def __init__(self, name: str, reason: str, output: str = "", hint: str = "") -> None:
        super().__init__(reason)
        self.told = {"name": name, "reason": reason, "output": output, "hint": hint}


def answer(do: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
    """Do the job on stdin; the answer is what `do` gives, `{"failed": […]}` or `{"machine": …}`."""
    job = json.load(sys.stdin)
    answer_to = os.dup(1)
    os.dup2(2, 1)  # what pip and others print is not the answer
    try:
        said: Mapping[str, Any] = do(job)
    except FailedError as failure:
        said = failed([failure])
    except OSError as error:
        said = _machine(error)
    with open(answer_to, "w", encoding="utf-8") as out:
        out.write(json.dumps(said) + "\n")


def failed(failures: Sequence[FailedError]) -> Mapping[str, Any]:
    """The answer for failures; for a full disk, which pip and backends say in words, that of the machine."""
    told, full = [failure.told for failure in failures], os.strerror(errno.ENOSPC)
    if any(full in one["output"] for one in told):
        return _machine(OSError(errno.ENOSPC, full))
    return {"failed": told} if told else {}


def _machine(error: OSError) -> dict[str, Any]:
    """A full disk, for example: the machine's fault, to be told as that."""
    return {"machine": [error.errno, error.strerror, str(error.filename or tempfile.gettempdir())]}
