"""Runs inside a build environment's Python: has the backend's modules loaded, and forks once for each hook.

A file of its own that needs nothing but the standard library: the environment has no Carrack. Reads requests as lines
of JSON from stdin and answers so on stdout. It never runs a package's code itself: the fork does, in a process group of
its own, which ends with the hook. When stdin ends, so do the hooks that run, and the server.

Only modules of the environment and of the standard library are loaded beforehand, and none that looked, while it was
imported, at what differs from hook to hook.
"""

from __future__ import annotations

import atexit
import gc
import glob  # noqa: F401 - as the hook's script (pyproject_hooks), which every hook has loaded
import json
import os
import select
import signal
import sys
import sysconfig
import threading
import traceback
import types
import warnings  # noqa: F401
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import wraps
from importlib import import_module
from types import CodeType
from typing import Any

_NEVER = ("__main__", "__mp_main__", "antigravity", "this")


def main() -> None:
    """Serve until stdin ends."""
    plain = set(sys.modules)
    del sys.path[0]  # this file's folder; the hook's own script removes its folder too
    requests, answers = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.close(null)
    lines = _Lines(requests)
    first = json.loads(lines.wait())
    ready = _load(first["modules"], first["unfit"])
    _tell(answers, {"ready": ready, "loaded": sorted(_top_level(set(sys.modules) - plain))})
    if ready:
        gc.collect()
        gc.freeze()
        _Server(lines, answers).serve()


def _load(modules: Iterable[str], unfit: Iterable[str]) -> bool:
    """Whether all that can be loaded is, and nothing that may not be."""
    for name in modules:
        with suppress(Exception):
            import_module(name)
    return not set(unfit) & set(sys.modules) and threading.active_count() == 1 and _tasks() == 1


def _tasks() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1


def _top_level(names: Iterable[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def _tell(answers: int, answer: Mapping[str, Any]) -> None:
    with suppress(BrokenPipeError):  # whoever asked is gone, which the end of stdin says, too
        os.write(answers, json.dumps(answer).encode() + b"\n")


class _Lines:
    """Whole lines of what comes in."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.rest = b""

    def read(self) -> list[bytes] | None:
        """The lines that have come, after waiting for some; None at the end."""
        piece = os.read(self.descriptor, 1 << 16)
        if not piece:
            return None
        *lines, self.rest = (self.rest + piece).split(b"\n")
        return lines

    def wait(self) -> bytes:
        """The first line."""
        while not (lines := self.read()):
            if lines is None:
                sys.exit(1)
        return lines[0]


class _Server:
    """Forks, and says how each fork ended."""

    def __init__(self, lines: _Lines, answers: int) -> None:
        self.lines = lines
        self.answers = answers
        self.running: dict[int, int] = {}
        self.code: dict[str, CodeType] = {}
        self.woken, self.waker = os.pipe()
        os.set_blocking(self.waker, False)
        os.set_blocking(self.woken, False)

    def serve(self) -> None:
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.waker, warn_on_full_buffer=False)
        while True:
            ready, _, _ = select.select([self.lines.descriptor, self.woken], [], [])
            if self.woken in ready:
                os.read(self.woken, 4096)
                self.reap()
            if self.lines.descriptor in ready:
                lines = self.lines.read()
                if lines is None:
                    break
                for line in lines:
                    self.start(json.loads(line))
        for pid in self.running:
            _end(pid)

    def start(self, request: Mapping[str, Any]) -> None:
        script = request["argv"][0]
        if script not in self.code:
            with open(script, "rb") as file:
                self.code[script] = compile(file.read(), script, "exec", dont_inherit=True)
        told, telling = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(telling)
            self.become(request, told)
        os.close(told)
        with suppress(OSError):
            os.setpgid(pid, pid)
        self.running[pid] = request["id"]
        _tell(self.answers, {"id": request["id"], "pid": pid})
        with suppress(BrokenPipeError):  # it was killed already
            os.write(telling, b"\n")
        os.close(telling)

    def become(self, request: Mapping[str, Any], told: int) -> None:
        """Be the hook's process, and nothing of the server; begin once it is told of, so that it can be ended."""
        status = 1
        try:
            os.setpgid(0, 0)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            is_told_of = os.read(told, 1)
            for descriptor in (self.lines.descriptor, self.answers, self.woken, self.waker, told):
                os.close(descriptor)
            if not is_told_of:  # the server was killed: who asked starts the hook again
                os._exit(status)
            output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.close(output)
            status = _hook(request, self.code[request["argv"][0]])
        except BaseException:
            traceback.print_exc()
        finally:
            _leave(status)

    def reap(self) -> None:
        while self.running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            _end(pid)
            done = self.running.pop(pid, None)
            if done is not None:
                _tell(self.answers, {"id": done, "status": os.waitstatus_to_exitcode(status)})


def _end(group: int) -> None:
    with suppress(OSError):
        os.killpg(group, signal.SIGKILL)


def _hook(request: Mapping[str, Any], code: CodeType) -> int:
    """Run the hook's script as Python runs a script."""
    os.umask(0o022)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environ"])
    if "tempfile" in sys.modules:
        vars(sys.modules["tempfile"])["tempdir"] = None
    unfit = _watch(request["watched"]) if request["learned"] else set()
    sys.argv = list(request["argv"])
    script = types.ModuleType("__main__")
    script.__file__ = sys.argv[0]
    sys.modules["__main__"] = script
    try:
        exec(code, script.__dict__)  # noqa: S102 - pyproject_hooks' own script
    except SystemExit as leaving:
        if leaving.code not in (None, 0):
            sys.stderr.write(f"{leaving.code}\n")
            return 1
    if request["learned"]:
        _say_learned(request["learned"], unfit)
    return 0


def _leave(status: int) -> None:
    """End as an interpreter does that has run its script (multiprocessing's forks do it so): threads, then atexit."""
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _watch(names: Sequence[str]) -> set[str]:
    """Note which modules look at these variables, the current folder or sys.argv while they are imported."""
    unfit: set[str] = set()

    def note() -> None:
        for name, module in list(sys.modules.items()):
            if getattr(getattr(module, "__spec__", None), "_initializing", False):
                unfit.add(name)

    class WatchedEnviron(os._Environ[str]):
        def __getitem__(self, key: str) -> str:
            if key in names:
                note()
            return super().__getitem__(key)

    class WatchedSys(types.ModuleType):
        def __getattribute__(self, name: str) -> Any:
            if name == "argv":
                note()
            return super().__getattribute__(name)

    os.environ.__class__ = WatchedEnviron
    sys.__class__ = WatchedSys
    for look in (os.getcwd, os.getcwdb):
        setattr(os, look.__name__, _noting(look, note))
    return unfit


def _noting(look: Callable[[], Any], note: Callable[[], None]) -> Callable[[], Any]:
    @wraps(look)
    def noting() -> Any:
        note()
        return look()

    return noting


def _say_learned(place: str, unfit: set[str]) -> None:
    inside = (os.path.join(sys.prefix, ""), os.path.join(sysconfig.get_path("stdlib"), ""))
    modules = [name for name, module in list(sys.modules.items()) if _is_common(name, module, inside)]
    with open(place, "w", encoding="utf-8") as file:
        json.dump({"modules": [name for name in modules if name not in unfit], "unfit": sorted(unfit)}, file)


def _is_common(name: str, module: object, inside: tuple[str, ...]) -> bool:
    """Whether the module is of the environment or the standard library, and so no package's own code."""
    spec = getattr(module, "__spec__", None)
    if spec is None or spec.name != name or name in _NEVER or name.endswith(".__main__"):
        return False
    if spec.origin in ("built-in", "frozen"):
        return True
    places = [spec.origin] if spec.has_location else list(spec.submodule_search_locations or ())
    return bool(places) and all(str(place).startswith(inside) for place in places)


if __name__ == "__main__":
    main()
