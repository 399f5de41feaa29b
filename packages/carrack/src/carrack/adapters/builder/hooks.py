"""Runs a backend's hooks: in forks of a process that has the backend loaded, and where that cannot be, as `build` does.

What is loaded beforehand is learned from the first package that is built with the backend in its environment, and kept
beside the environment.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from carrack.adapters.builder.fork_client import ForkServer, ServerGoneError
from carrack.adapters.builder.learned import Learned, read_learned, write_learned
from carrack.adapters.cache.environments import BuildEnvironment

BACKEND, BACKEND_PATH = "_PYPROJECT_HOOKS_BUILD_BACKEND", "_PYPROJECT_HOOKS_BACKEND_PATH_JSON"
"""What pyproject_hooks tells its script."""
_OF_PACKAGES = ("SOURCE_DATE_EPOCH", "TMPDIR", BACKEND, BACKEND_PATH)
"""The variables that differ from hook to hook."""


@dataclass
class Hooks:
    """The hooks of one backend in one environment. `environ` is all that they see, but for what is a package's own."""

    environment: BuildEnvironment
    backend: str
    environ: Mapping[str, str]
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _learning: Learned | None = None
    _server: ForkServer | None = None
    _gone: bool = False

    @contextmanager
    def turn(self, *, waits: bool = True) -> Iterator[Hooks]:
        """A package's turn: alone for the first, from which is learned; together with others afterwards.

        Gives the hooks to run: these, or others that run plainly where a package that does not wait would have to.
        """
        if not self._turn.acquire(blocking=waits):
            yield Hooks(self.environment, self.backend, self.environ, _gone=True)
            return
        try:
            if not self._is_known:
                with self._alone():
                    yield self
                return
            self._start(read_learned(self._learned_file))
        finally:
            self._turn.release()
        yield self

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._start(Learned())
        self._learning = Learned()
        try:
            yield
            if self._server and self._learning.modules:
                write_learned(self._learned_file, self._learning)
        finally:
            self._learning = None
            self.stop()

    @property
    def is_learning(self) -> bool:
        """Whether a package is alone with these hooks."""
        return self._learning is not None

    @property
    def _is_known(self) -> bool:
        return self._gone or self._learned_file.exists()

    def stop(self) -> None:
        """End the server, if there is one."""
        if self._server:
            self._server.stop()
        self._server = None

    def run(
        self,
        command: Sequence[str],
        folder: str,
        environ: Mapping[str, str],
        *,
        output: Path,
        shadows: Sequence[Path] = (),
    ) -> None:
        """Run a hook's script to its end: pyproject_hooks' own, as it asks for it.

        What it prints goes to the file `output`, in the place of what is there. `shadows` are folders whose modules may
        come before those of the environment.

        Raises CalledProcessError with what was printed, where the script does not end well.
        """
        server = self._server
        if server and not server.loaded & _modules_in(shadows):
            with suppress(ServerGoneError):
                self._fork(server, command, folder, environ, output)
                return
            server.stop()
            self._server, self._gone = None, True
        _run_plainly(command, folder, environ)

    def _fork(
        self,
        server: ForkServer,
        command: Sequence[str],
        folder: str,
        environ: Mapping[str, str],
        output: Path,
    ) -> None:
        learned = Path(
            command[-1], "learned.json"
        )  # beside what pyproject_hooks and its script tell each other
        status = server.hook(
            argv=command[1:],
            cwd=folder,
            environ=environ,
            output=str(output),
            watched=_OF_PACKAGES,
            learned=None if self._learning is None else str(learned),
        )
        if status:
            printed = output.read_text(encoding="utf-8", errors="replace") if output.exists() else ""
            raise subprocess.CalledProcessError(status, command, printed)
        if self._learning is not None:
            self._learning = self._learning.and_(read_learned(learned))

    def _start(self, learned: Learned) -> None:
        if self._server is None and not self._gone and hasattr(os, "fork"):
            python = self.environment.python
            self._server = ForkServer.start(python, self.environ, learned.modules, learned.unfit)
            self._gone = self._server is None

    @property
    def _learned_file(self) -> Path:
        name = hashlib.sha256(self.backend.encode()).hexdigest()[:16]
        return self.environment.folder / f"learned-{name}.json"


@dataclass
class Turns:
    """The turns that one package has, which end with `stack`."""

    stack: ExitStack
    _taken: dict[tuple[Path, str], Hooks] = field(default_factory=dict)

    def at(self, hooks: Hooks) -> Hooks:
        """The package's turn at these hooks, waited for once; gives what to run.

        A package from which is learned waits for no other: that one may be waiting for it.
        """
        asked = (hooks.environment.folder, hooks.backend)
        if asked not in self._taken:
            waits = not any(taken.is_learning for taken in self._taken.values())
            self._taken[asked] = self.stack.enter_context(hooks.turn(waits=waits))
        return self._taken[asked]


def _modules_in(folders: Sequence[Path]) -> set[str]:
    found: set[str] = set()
    for folder in folders:
        with suppress(OSError):
            found.update(name.partition(".")[0] for name in os.listdir(folder))
    return found


def _run_plainly(command: Sequence[str], folder: str, environ: Mapping[str, str]) -> None:
    subprocess.run(
        command,
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=True,
    )
