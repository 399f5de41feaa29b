"""Runs `carrack`, and ends it with SIGKILL, or lets the machine fail, at its n-th change of a file below a folder.

    python -m tests.carrack.write_steps FOLDER kill|fail|fail-on AT ARGUMENTS...

Changes are seen by Python's own audit events, before they happen, so that no way to the disk is forgotten.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from typing import Any

from carrack.cli.main import main

CHANGES = {"open": 0, "os.rename": 1, "os.remove": 0}
"""The events, and which of their arguments is the file that changes."""


def watch(folder: str, how: str, at: int) -> None:
    """Count changes from now on; at number `at` (with `fail-on` from there on) do what is said."""
    count = 0

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if event not in CHANGES or not str(arguments[CHANGES[event]]).startswith(folder):
            return
        if event == "open" and not set(arguments[1] or "w") & set("wa+"):
            return
        count += 1
        if how == "kill" and count == at:
            os.kill(os.getpid(), signal.SIGKILL)
        if (how == "fail" and count == at) or (how == "fail-on" and count >= at):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    sys.addaudithook(hear)


if __name__ == "__main__":
    watch(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    main(["-C", sys.argv[1], *sys.argv[4:]])
