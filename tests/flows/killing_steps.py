"""Runs `carrack` and kills it, with SIGKILL, before or after its n-th step that changes anything.

    python -m tests.flows.killing_steps TOLD AT before|after ARGUMENTS...

writes the name of each step into the file TOLD; with AT 0 nothing is killed, so that the file has all of them.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

from carrack.adapters.git import Git
from carrack.adapters.journal import ReceiptJournal
from carrack.adapters.promoter import CodeArtifactPromoter
from carrack.adapters.uploader import TwineUploader
from carrack.cli.main import main

STEPS = {
    CodeArtifactPromoter: ("set_controls", "copy"),
    TwineUploader: ("upload",),
    ReceiptJournal: ("append",),
    Git: ("tag",),
}
"""Every method of an adapter that changes what is outside of this process; see `carrack.ports`."""


class Killer:
    """Counts steps, and ends the process at one of them."""

    def __init__(self, told: Path, at: int, moment: str) -> None:
        self.told, self.at, self.moment = told, at, moment
        self.count, self.counting = 0, Lock()

    def around(self, step: str, method: Callable[..., Any]) -> Callable[..., Any]:
        """The method, as a step that may be the last."""

        def counted(*arguments: Any, **named: Any) -> Any:
            with self.counting:
                self.count += 1
                number = self.count
                with self.told.open("a") as told:
                    told.write(f"{step}\n")
            if (number, self.moment) == (self.at, "before"):
                os.kill(os.getpid(), signal.SIGKILL)
            result = method(*arguments, **named)
            if (number, self.moment) == (self.at, "after"):
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return counted


if __name__ == "__main__":
    killer = Killer(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
    for adapter, methods in STEPS.items():
        for name in methods:
            setattr(adapter, name, killer.around(name, getattr(adapter, name)))
    main(sys.argv[4:])
