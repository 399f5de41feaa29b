"""An image with Python, pip and git, as python:X.Y is one and python:X.Y-slim is none."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.docker.engine import Engine

LIBRARIES = "ldd /usr/bin/git /usr/lib/git-core/git-remote-http | awk '/=> \\//{print $3}' | sort -u"


def add_git(engine: Engine, folder: Path, base: str, *, tag: str) -> str:
    """Build `base` with this machine's git in it, which needs no registry; its tag."""
    listed = subprocess.run(
        ["sh", "-c", LIBRARIES], capture_output=True, text=True, check=True
    ).stdout.split()
    for name in ("/usr/bin/git", "/usr/lib/git-core/git-remote-http", *listed):
        real = "/usr" + name if name.startswith("/lib/") else name
        target = folder / "root" / real.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(name, target)
    (folder / "Dockerfile").write_text(f"FROM {base}\nCOPY root/ /\n")
    engine.build(folder, tag=tag)
    return tag
