"""Virtual environments: pip fills them from one index, uv adds what lies on this machine and checks the result."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import uv

from carrack.errors import LockError, UsageError
from carrack.model.target import Interpreter

_VERSION = re.compile(r"\d+\.\d+")
_DESCRIBE = """
import json, platform, sys
print(json.dumps({
    "executable": sys.executable, "implementation": platform.python_implementation(),
    "python": "%d.%d" % sys.version_info[:2], "system": platform.system(), "machine": platform.machine(),
}))
"""


@dataclass(frozen=True, kw_only=True)
class PipEnvironments:
    """Implements `ports.Environments`.

    `environ` names the one index, with its token (`adapters.environment.isolated`); `constraints` is the workspace's
    build-constraints.txt, for editable installs: every build requirement must be in it, with its hashes.
    """

    environ: Mapping[str, str] = field(repr=False)
    constraints: Path

    def interpreter(self, command: str) -> Interpreter:
        """See `ports.Environments`. Raises UsageError where `command` is no Python."""
        name = f"python{command}" if _VERSION.fullmatch(command) else command
        found = shutil.which(name, path=self.environ.get("PATH"))
        if found is None:
            raise UsageError(
                f"there is no {name!r} here", hint="say --python with a path, a name or a version"
            )
        done = self._run([found, "-I", "-c", _DESCRIBE])
        try:
            return Interpreter(**json.loads(done.stdout))
        except (ValueError, TypeError):
            said = "".join(f": {line}" for line in done.stderr.splitlines()[:1])  # such as a pyenv shim's
            raise UsageError(f"{found} is not a Python that runs{said}") from None

    def create(self, interpreter: Interpreter, into: Path) -> None:
        """See `ports.Environments`. Raises UsageError where `into` is something else than an environment."""
        self.remove(into)
        done = self._run([interpreter.executable, "-I", "-m", "venv", "--without-pip", str(into)])
        if done.returncode:
            shutil.rmtree(into, ignore_errors=True)  # else the half of it would be in the next one's way
        _require(done, f"{interpreter.executable} could not make an environment in {into}")
        (into / ".gitignore").write_text("*\n", encoding="utf-8")  # as venv itself does from Python 3.13 on

    def remove(self, into: Path) -> None:
        """See `ports.Environments`. Raises UsageError where `into` is something else than an environment."""
        if not into.exists() or (into.is_dir() and not any(into.iterdir())):
            return
        if not (into / "pyvenv.cfg").is_file():
            raise UsageError(
                "is not a virtual environment, so it stays as it is",
                address=str(into),
                hint="say --into with a folder that is new, empty, or an environment",
            )
        if into.resolve() == Path(sys.prefix).resolve():
            raise UsageError(
                "is the environment that this command runs in, and would be removed under it",
                address=str(into),
                untouched=str(into),
                hint="say --into with another folder",
            )
        shutil.rmtree(into)

    def install_locked(self, into: Path, lock: str, wheels: Path | None = None) -> None:
        """See `ports.Environments`. Raises LockError with pip's own words where a file is not to be had."""
        with tempfile.NamedTemporaryFile("w", prefix="carrack-", suffix=".lock", encoding="utf-8") as file:
            file.write(lock)
            file.flush()
            options = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--no-compile"]
            options += ["--find-links", str(wheels)] if wheels else []
            done = self._pip(into, "install", *options, "--requirement", file.name)
        _require(done, "pip could not install the lock")

    def install_file(self, into: Path, wheel: Path) -> None:
        """See `ports.Environments`. Raises LockError with uv's own words."""
        done = self._uv(into, "install", "--no-index", "--no-deps", str(wheel))
        _require(done, f"uv could not install {wheel.name}")

    def install_editable(self, into: Path, folders: Sequence[Path]) -> None:
        """See `ports.Environments`. Raises LockError with uv's own words.

        uv, because it can demand a hash of every build requirement of an editable install; pip cannot.
        """
        editables = [argument for folder in folders for argument in ("--editable", str(folder))]
        hashes = ("--require-build-hashes", "--preview-features", "build-dependency-hashes")
        constraints = ("--build-constraints", str(self.constraints))
        done = self._uv(into, "install", "--no-deps", "--no-sources", *hashes, *constraints, *editables)
        _require(done, "the workspace's packages could not be installed as editable")

    def complaints(self, into: Path) -> tuple[str, ...]:
        """See `ports.Environments`."""
        done = self._uv(into, "check")
        lines = done.stderr.splitlines() if done.returncode else []
        return tuple(line for line in lines if line.startswith("The package "))

    def _pip(self, into: Path, verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run(
            [sys.executable, "-P", "-m", "pip", "--python", str(_python(into)), verb, *arguments]
        )

    def _uv(self, into: Path, verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        options = ("--color", "never", "--no-progress", "--python", str(_python(into)))
        return self._run([uv.find_uv_bin(), "pip", verb, *options, *arguments])

    def _run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def _python(environment: Path) -> Path:
    return environment / "bin" / "python"


def _require(done: subprocess.CompletedProcess[str], sentence: str) -> None:
    if done.returncode:
        raise LockError(sentence, faults=tuple(done.stderr.splitlines()))
