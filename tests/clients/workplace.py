"""A place where clients run: nothing of the caller's environment, files or keyring is in it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SECONDS = 120
_NO_KEYRING = {
    "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    "PIP_KEYRING_PROVIDER": "disabled",
    "UV_KEYRING_PROVIDER": "disabled",
    "POETRY_KEYRING_ENABLED": "false",
}
# Quiet, the same on every terminal, and never a question: a prompt would wait for nobody.
_PLAIN = {
    "LANG": "C.UTF-8",
    "NO_COLOR": "1",
    "COLUMNS": "400",
    "SOURCE_DATE_EPOCH": "1700000000",
    "PIP_NO_INPUT": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_ROOT_USER_ACTION": "ignore",
    "POETRY_NO_INTERACTION": "1",
    "PDM_CHECK_UPDATE": "false",
    "PDM_NON_INTERACTIVE": "1",
    "TWINE_NON_INTERACTIVE": "1",
    "UV_PYTHON_DOWNLOADS": "never",
}


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a client did: its exit code, and all that it said, each run of white space as one blank."""

    exit: int
    said: str


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """A HOME and a folder to work in; `scripts` are the folders of the commands that are there."""

    folder: Path
    scripts: tuple[Path, ...]
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """The clients' HOME; caches and configuration are below it."""
        return self.folder / "home"

    def environ(self) -> dict[str, str]:
        """All the variables that a client gets."""
        python = str(Path(sys.base_prefix) / "bin")  # for tools that look for one that is no environment's
        path = ":".join([*map(str, self.scripts), python, "/usr/local/bin", "/usr/bin", "/bin"])
        xdg = {"CONFIG": ".config", "CACHE": ".cache", "DATA": ".local/share", "STATE": ".local/state"}
        homes = {f"XDG_{name}_HOME": str(self.home / below) for name, below in xdg.items()}
        own = {"HOME": str(self.home), "PATH": path, "TMPDIR": str(self.home / "tmp")}
        return {**_NO_KEYRING, **_PLAIN, **homes, **own, **self.variables}

    def run(self, script: str, *, folder: str = ".", **variables: str) -> Done:
        """Run lines of shell, as far as the first that fails."""
        where = self.folder / "work" / folder
        where.mkdir(parents=True, exist_ok=True)
        (self.home / "tmp").mkdir(parents=True, exist_ok=True)
        child = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=where,
            env={**self.environ(), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            said, _ = child.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            said, _ = child.communicate()
            raise AssertionError(f"{script} did not end: {said[-2000:]}") from None
        return Done(exit=child.returncode, said=" ".join(said.split()))

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file below the folder to work in."""
        path = self.folder / "work" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def forget_everything_but_the_work(self) -> None:
        """Become another machine with the same working copy: no caches, no environments."""
        shutil.rmtree(self.home)
        for made in (".venv", "site"):
            shutil.rmtree(self.folder / "work" / "app" / made, ignore_errors=True)
