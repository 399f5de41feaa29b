"""The server as a process of its own, which can be killed, watched, or broken on purpose."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

MODULE = ("-m", "codeartifact_local")


@contextmanager
def served(
    data: Path,
    public_index: str = "http://127.0.0.1:9/",
    *,
    start: Sequence[str] = MODULE,
    under: Sequence[str] = (),
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `serve` on `data`, and give the process and its address; it is killed in the end.

    Args:
        data: The data folder.
        public_index: Address behind public:pypi.
        start: What Python runs; a broken server begins with ``-c``.
        under: A command that runs Python, such as a tracer.
    """
    command = [*under, sys.executable, *start, "serve", "--data", str(data), "--port", "0"]
    command += ["--public-index", public_index]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip().partition("=")[2]
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # a tracer's death would leave the server running
            process.communicate()


def broken(patch: str) -> tuple[str, ...]:
    """Return how to start a server in which `patch` was run first."""
    return ("-c", f"{patch}\nfrom codeartifact_local.cli import main\nmain()")


def debian_tool(name: str, package: str | None = None) -> str:
    """Return a program of a Debian package, installed where that is possible, or skip.

    `package` is the name of the package, where it is not that of the program.
    """
    if shutil.which(name) is None and shutil.which("apt-get") is not None:
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", package or name]):
            subprocess.run(command, capture_output=True, check=False, timeout=300)
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CARRACK_REQUIRE_TOOLS") == "1":
            pytest.fail(f"CARRACK_REQUIRE_TOOLS=1, but {name} is not installed, and cannot be")
        pytest.skip(f"{name} is not installed, and cannot be")
    return found
