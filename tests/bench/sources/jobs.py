"""Jobs in containers: when their first line comes, and what they write."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.docker.engine import CLIENT, Engine
from tests.docker.test_image import parameters, prepare, written

RECORDS = "id,value\na,1\nb,2\na,3\nc,x\nd,4\n"
FIRST_LINE = "Reading"
USER = 10001
"""Who the jobs in Carrack's images are."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job that ended: seconds from its container's start to the app's first line, and the files that it wrote."""

    seconds: float
    outputs: Mapping[str, bytes]


@dataclass(frozen=True, kw_only=True)
class Host:
    """A host that runs jobs, with the folder in which they keep what they fetched."""

    engine: Engine
    store: Mapping[str, str]
    """The environment in which boto3 finds the bucket."""
    cache: Path

    def run(self, image: str, *, network: str = "host") -> Job:
        """Do one job, to its end."""
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            prepare(folder)
            (folder / "in" / "records.csv").write_text(RECORDS)
            mounts = (f"--volume={folder}/in:/job/in:ro", f"--volume={folder}/out:/job/out")
            told = f"--env=CONFIG_JSON={parameters(Path('/job'))}"
            created = self.engine.run("create", f"--network={network}", *mounts, told, *self._options, image)
            return Job(seconds=self._started(created.stdout.strip()), outputs=written(folder))

    def ask(self, *command: str) -> str:
        """What a container prints, of which `command` are further options, the image, and arguments."""
        return self.engine.run("run", "--rm", "--network=host", *self._options, *command).stdout

    @property
    def _options(self) -> tuple[str, ...]:
        environ = {**self.store, "CARRACK_RUNTIME_CACHE": "/cache"}
        return (
            f"--volume={self.cache}:/cache",
            *(f"--env={name}={value}" for name, value in environ.items()),
        )

    def _started(self, container: str) -> float:
        began = time.monotonic()
        command = [CLIENT, "start", "--attach", container]
        with subprocess.Popen(
            command, env=self.engine.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            seconds = time.monotonic() - began
            rest = process.stdout.read()
        self.engine.run("rm", "--volumes", container)
        assert FIRST_LINE in line, line + rest
        return seconds


@contextmanager
def new_host(engine: Engine, store: Mapping[str, str]) -> Iterator[Host]:
    """A host on which no job ran yet."""
    with tempfile.TemporaryDirectory() as cache:
        os.chown(cache, USER, USER)
        yield Host(engine=engine, store=store, cache=Path(cache))
