"""The near end of `fork_server.py`: starts it, and lets several threads ask it for hooks at once."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

_PROGRAM = Path(__file__).with_name("fork_server.py")


class ServerGoneError(Exception):
    """The server ended amid a hook; nothing of the hook runs any more."""


@dataclass
class ForkServer:
    """A running server. `loaded` are the top-level modules that it has, beyond those of any hook's process."""

    process: subprocess.Popen[bytes]
    loaded: frozenset[str]
    _waiting: dict[int, queue.SimpleQueue[int | None]] = field(default_factory=dict)
    _running: dict[int, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _numbers: count[int] = field(default_factory=count)
    _ended: bool = False

    @classmethod
    def start(
        cls, python: str, environ: Mapping[str, str], modules: Sequence[str], unfit: Sequence[str]
    ) -> ForkServer | None:
        """A server that has these modules loaded; None where it cannot have them and no others."""
        process = subprocess.Popen(
            [python, str(_PROGRAM)],
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            umask=0o022,
            process_group=0,
        )
        assert process.stdin  # noqa: S101 - PIPE
        assert process.stdout  # noqa: S101 - PIPE
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps({"modules": modules, "unfit": unfit}).encode() + b"\n")
            process.stdin.flush()
        said = json.loads(process.stdout.readline() or '{"ready": false, "loaded": []}')
        server = cls(process=process, loaded=frozenset(said["loaded"]))
        if not said["ready"]:
            server.stop()
            process.stdout.close()
            return None
        threading.Thread(target=server._listen, daemon=True).start()
        return server

    def hook(self, **request: object) -> int:
        """Run a hook to its end; what it ended with. Raises ServerGoneError where that cannot be known."""
        answer: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        with self._lock:
            if self._ended:
                raise ServerGoneError
            number = next(self._numbers)
            self._waiting[number] = answer
            assert self.process.stdin  # noqa: S101 - PIPE
            with suppress(BrokenPipeError):
                self.process.stdin.write(json.dumps({**request, "id": number}).encode() + b"\n")
                self.process.stdin.flush()
        status = answer.get()
        if status is None:
            raise ServerGoneError
        return status

    def stop(self) -> None:
        """End the server, and what it runs."""
        assert self.process.stdin  # noqa: S101 - PIPE
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()

    def _listen(self) -> None:
        assert self.process.stdout  # noqa: S101 - PIPE
        with self.process.stdout as lines:
            for line in lines:
                said = json.loads(line)
                if "pid" in said:
                    self._running[said["id"]] = said["pid"]
                else:
                    self._running.pop(said["id"], None)
                    self._waiting.pop(said["id"]).put(said["status"])
        with self._lock:
            self._ended = True
        for pid in self._running.values():  # a server that was killed could not end them
            with suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
        for answer in self._waiting.values():
            answer.put(None)
