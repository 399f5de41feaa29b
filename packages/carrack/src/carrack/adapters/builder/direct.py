"""uv_build without Python in between: its hooks only start the program of its distribution, which is started here.

So it is always the release that the constraints pin, whichever uv is at hand. Where the program does not do it, for
whatever reason, the hooks do, and say why.
"""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path

from packaging.utils import canonicalize_name

from carrack.adapters.cache.environments import BuildEnvironment

_BACKEND = canonicalize_name("uv-build")


def build_directly(
    environment: BuildEnvironment, source: str, kind: str, out: Path, environ: Mapping[str, str]
) -> str | None:
    """The name of the file that the program made in `out`; None where the hooks are to make it."""
    if environment.installed.keys() != {_BACKEND} or not _is_plain(Path(source)):
        return None
    program = Path(environment.python).with_name("uv-build")
    try:
        done = subprocess.run(
            [program, f"build-{kind}", out],
            cwd=source,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    name = next(reversed(done.stdout.split()), "")
    return name if done.returncode == 0 and name and (out / name).is_file() else None


def _is_plain(source: Path) -> bool:
    """Whether the backend is uv_build itself, and no code of the package."""
    try:
        system = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    except (OSError, ValueError, KeyError):
        return False
    return system.get("build-backend") == "uv_build" and "backend-path" not in system
