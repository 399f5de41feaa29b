"""Disks that are full, folders that are read-only: real ones, which nobody else on this machine sees."""

from __future__ import annotations

import subprocess

import pytest
from tests.carrack.local import BIN
from tests.carrack.repositories import GIT_ENVIRON

UNSHARED = ("unshare", "--user", "--map-root-user", "--mount")


def alone(script: str, *arguments: object, **environ: str) -> str:
    """Run a shell script that may mount things, `carrack` its $1; what it prints. Skips where that is not allowed."""
    if subprocess.run([*UNSHARED, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine gives no mount namespaces")
    done = subprocess.run(
        [*UNSHARED, "sh", "-ec", script, "sh", BIN / "carrack", *map(str, arguments)],
        env={**GIT_ENVIRON, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
