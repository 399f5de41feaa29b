"""A private Docker engine for the tests: started, asked to build and run, and stopped with all it holds."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn

import pytest

from carrack.adapters.token_scan import scan
from carrack.model.secret_forms import Leak

HERE = Path(__file__).parent
CLIENT = "/usr/bin/docker"  # Debian's, which has BuildKit built in; a `docker` earlier on PATH may not build
START_SECONDS = 300  # the first start may install docker.io
COMMAND_SECONDS = 900

Completed = subprocess.CompletedProcess[str]


class EngineMissingError(Exception):
    """No engine, or no base image for it, can be had on this machine; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A running engine, reached through its socket only: the user's own Docker settings play no part."""

    folder: Path

    @property
    def environ(self) -> dict[str, str]:
        """The environment that makes Debian's docker client speak to this engine."""
        return {
            "PATH": os.defpath,
            "HOME": str(self.folder),
            "DOCKER_HOST": f"unix://{self.folder}/docker.sock",
            "DOCKER_BUILDKIT": "1",
            "BUILDKIT_PROGRESS": "plain",
        }

    def run(self, *arguments: str, check: bool = True) -> Completed:
        """Run ``docker ARGUMENTS``; AssertionError with its stderr when it fails and ``check`` is on."""
        done = subprocess.run(
            [CLIENT, *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )
        if check and done.returncode:
            raise AssertionError(f"docker {' '.join(arguments)}: exit {done.returncode}\n{done.stderr}")
        return done

    def build(self, context: Path, *options: str, tag: str, check: bool = True) -> Completed:
        """Build ``context`` as ``tag`` on the host's network, where the tests' index listens."""
        return self.run("build", "--network=host", *options, "--tag", tag, str(context), check=check)

    @contextmanager
    def saved(self, image: str) -> Iterator[IO[bytes]]:
        """Stream the archive that ``docker save`` writes of ``image``."""
        with subprocess.Popen([CLIENT, "save", image], env=self.environ, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            yield process.stdout
        if process.returncode:
            raise AssertionError(f"docker save {image}: exit {process.returncode}")

    def leaks(self, image: str, secret: str) -> tuple[Leak, ...]:
        """What `image` holds of `secret`: nothing when it is nowhere."""
        with self.saved(image) as archive:
            return scan(archive, secret)


def do_without(missing: EngineMissingError) -> NoReturn:
    """Skip the test, and say why; fail it where the environment says that an engine can be had."""
    if os.environ.get("CARRACK_REQUIRE_DOCKER") == "1":
        pytest.fail(f"CARRACK_REQUIRE_DOCKER=1, but {missing}")
    pytest.skip(str(missing))


@contextmanager
def started_engine() -> Iterator[Engine]:
    """Start an engine of our own, and stop it; EngineMissingError where that cannot be done."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise EngineMissingError("a private Docker engine needs Linux and root")
    folder = Path(tempfile.mkdtemp(prefix="carrack-engine-"))  # short: a socket's path has at most 107 bytes
    started = subprocess.run(
        [HERE / "start-engine.sh", folder], capture_output=True, text=True, timeout=START_SECONDS
    )
    if started.returncode:
        raise EngineMissingError(f"start-engine.sh: {started.stderr.strip() or 'no reason given'}")
    try:
        yield Engine(folder=folder)
    finally:
        subprocess.run([HERE / "stop-engine.sh", folder], check=True, timeout=START_SECONDS)


def import_base_image(engine: Engine, archive: Path, *, tag: str) -> str:
    """Make a base image out of the Python that runs the tests, which needs no registry; its tag.

    EngineMissingError for the system's own Python, whose files are among everything else's in /usr.
    """
    if sys.base_prefix == "/usr":
        raise EngineMissingError(
            "no base image can be made of the system's Python; use one of its own prefix"
        )
    subprocess.run([HERE / "make-base.sh", archive, sys.base_prefix], check=True, timeout=COMMAND_SECONDS)
    path = "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
    engine.run("import", "--change", path, "--change", 'CMD ["python3"]', str(archive), tag)
    archive.unlink()
    return tag
