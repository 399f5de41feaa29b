"""A podman with a storage of its own, beside the tests' Docker engine."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.docker.engine import COMMAND_SECONDS, EngineMissingError

PROGRAM = "/usr/bin/podman"
STORAGE = """\
[storage]
driver = "overlay"
graphroot = "{folder}/root"
runroot = "{folder}/run"
"""
# Where a virtual machine or container lets root raise no limit, runc refuses podman's defaults.
CONTAINERS = '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n'


@contextmanager
def private_podman() -> Iterator[Mapping[str, str]]:
    """The environment in which podman is the only engine that answers; EngineMissingError where it is not installed."""
    if not Path(PROGRAM).exists() or os.geteuid() != 0:
        raise EngineMissingError("podman is not installed (Debian's package podman), or this is not root")
    folder = Path(tempfile.mkdtemp(prefix="carrack-podman-"))
    (folder / "storage.conf").write_text(STORAGE.format(folder=folder))
    (folder / "containers.conf").write_text(CONTAINERS)
    environ = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "DOCKER_HOST": f"unix://{folder}/none.sock",
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        "CONTAINERS_CONF": str(folder / "containers.conf"),
    }
    try:
        yield environ
    finally:
        podman(environ, "system", "reset", "--force")
        shutil.rmtree(folder, ignore_errors=True)


def podman(environ: Mapping[str, str], *arguments: str) -> str:
    """Run `podman ARGUMENTS`, which must succeed; its stdout."""
    done = subprocess.run(
        [PROGRAM, *arguments], env=environ, capture_output=True, text=True, timeout=COMMAND_SECONDS
    )
    assert done.returncode == 0, f"podman {' '.join(arguments)}: exit {done.returncode}\n{done.stderr}"
    return done.stdout
