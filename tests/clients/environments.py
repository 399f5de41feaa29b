"""Each client in an environment of its own, from its own package, pinned by hash; made once and kept in `.clients/`."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from functools import cache
from pathlib import Path

from scripts.set_up import settings_of_pip

ROOT = Path(__file__).parents[2]
PINS = Path(__file__).parent / "requirements"
KEPT = ROOT / ".clients"


def version(client: str, pins_in: Path = PINS) -> str:
    """The version of `client` that its requirements pin."""
    package = {"aws": "awscli", "devpi": "devpi-server"}.get(client, client)
    return pinned(package, pins_in / f"{client}.txt")


def pinned(package: str, pins: Path) -> str:
    """The version of a package that a file of requirements pins."""
    found = re.search(rf"^{package}(?:\[.*\])?==(\S+)", pins.read_text(encoding="utf-8"), re.MULTILINE)
    assert found, f"{pins.name} does not pin {package}"
    return found[1]


def scripts_of(client: str, pins_in: Path = PINS) -> Path:
    """The folder of `client`'s commands, in an environment that is made when it is not there."""
    pins = pins_in / f"{client}.txt"
    digest = hashlib.sha256(f"{sys.version} {sys.base_prefix}".encode() + pins.read_bytes()).hexdigest()[:12]
    folder = KEPT / f"{client}-{digest}"
    KEPT.mkdir(exist_ok=True)
    with (KEPT / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test processes do not make one environment
        if not (folder / ".made").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _make(folder, pins)
            (folder / ".made").touch()
    return folder / "bin"


def _make(folder: Path, pins: Path) -> None:
    venv.create(folder, with_pip=False)
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--no-config"]
    where = ["--python", str(folder / "bin" / "python"), "--compile-bytecode"]
    subprocess.run([*uv, *where, "--require-hashes", "-r", str(pins)], env=surroundings(), check=True)


@cache
def surroundings() -> dict[str, str]:
    """The environment that environments are made in: as it is the first time that this is asked.

    That must be before a test gives this process the HOME of somebody whose pip leads nowhere.
    """
    return {**os.environ, **settings_of_pip()}
