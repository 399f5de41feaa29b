"""PEP 517 builds through `build`, in isolated environments, a worker process for each set of build requirements."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from carrack.adapters.hashing import describe
from carrack.errors import BuildError
from carrack.model.artifact import Artifact, Source
from carrack.model.published import File
from carrack.ports import Report

_BACKENDS_SEE = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")
_WORKER = {"PYTHONSAFEPATH": "1"}  # the folder where we are may have a build.py of its own


@dataclass(frozen=True, kw_only=True)
class IsolatedBuilder:
    """Implements `ports.Builder`.

    `constraints` is the workspace's build-constraints.txt, for sources that do not bring their commit's: every build
    requirement must be in it, with its hashes.
    `environ` gives the environment for installing them (`adapters.environment.isolated`), with a token that is good
    then; the build backends themselves get nothing of it but PATH, HOME, language and temporary folder.
    """

    constraints: Path
    environ: Callable[[], Mapping[str, str]] = field(repr=False)
    report: Report
    backends: Mapping[str, str] = field(default_factory=dict)
    """What the build backends see in other words than `environ` has it."""
    backwards: bool = False
    """Whether an sdist is unpacked in the opposite order: some file systems list files as they were made."""
    by_hash: bool = True
    """Whether build requirements are installed by hash; what was not is for looking at, never for an index."""

    def build(self, sources: Sequence[Source], out: Path, *, wheels: bool = True) -> tuple[Artifact, ...]:
        """See `ports.Builder`.

        Raises BuildError with the backend's output where a package does not build, and where a build requirement
        is not in the constraints; OSError where this machine cannot hold what is built.
        """
        made = self.make(sources, out, wheels=wheels)
        texts = {source.name: self._constraint_text(source, sources) for source in sources}
        return tuple(
            _artifact(source, path, texts[source.name]) for source in sources for path in made[source.name]
        )

    def make(
        self, sources: Sequence[Source], out: Path, *, wheels: bool = True
    ) -> Mapping[NormalizedName, tuple[Path, ...]]:
        """As `build`, but whatever name and version the backend gives; the files of each source."""
        out.mkdir(parents=True, exist_ok=True)
        texts = {source.name: self._constraint_text(source, sources) for source in sources}

        def needs(source: Source) -> tuple[tuple[str, ...], str]:
            return source.build_requires, texts[source.name]

        made: dict[str, list[str]] = {}
        for (requires, text), group in groupby(sorted(sources, key=needs), key=needs):
            made |= self._work(requires, text, tuple(group), out, wheels)
        return {source.name: tuple(out / name for name in made[source.name]) for source in sources}

    def _work(
        self, requires: Sequence[str], constraints: str, sources: Sequence[Source], out: Path, wheels: bool
    ) -> dict[str, list[str]]:
        for source in sources:
            self.report.step("Building", f"{source.name} {source.version or ''}".rstrip())
        with tempfile.TemporaryDirectory(
            prefix="carrack-build-"
        ) as scratch:  # outlives a worker that is killed
            environ = {**self.environ(), "TMPDIR": scratch}
            job = {
                "requires": requires,
                "constraints": constraints.splitlines(),
                "out": str(out),
                "wheels": wheels,
                "backwards": self.backwards,
                "environ": {
                    **{key: environ[key] for key in _BACKENDS_SEE if key in environ},
                    **self.backends,
                },
                "builds": [{"name": s.name, "source": str(s.path), "epoch": s.epoch} for s in sources],
            }
            told = _WORKER | ({"PIP_REQUIRE_HASHES": "1"} if self.by_hash else {})
            worker = _run_worker(json.dumps(job), {**environ, **told})
        return _made(worker)

    def _constraint_text(self, source: Source, sources: Sequence[Source]) -> str:
        if source.constraints is not None:
            return source.constraints
        try:
            return self.constraints.read_text(encoding="utf-8")
        except FileNotFoundError:
            requires = sorted({text for one in sources for text in one.build_requires})
            raise BuildError(
                "there is no such file; without pinned build requirements the same source gives other bytes "
                "with the backend's next release",
                address=self.constraints.name,
                hint=f"printf '%s\\n' {shlex.join(requires)} | uv pip compile --universal --generate-hashes "
                f"--output-file {self.constraints.name} -",
            ) from None


def _run_worker(job: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the worker to its end; where we are interrupted, it ends with pip and the backends that it started."""
    command = [sys.executable, "-m", "carrack.adapters.builder.worker"]
    with subprocess.Popen(
        command,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        umask=0o022,
        process_group=0,
    ) as worker:
        try:
            out, err = worker.communicate(job)
        except BaseException:
            os.killpg(worker.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(command, worker.returncode, out, err)


def _made(worker: subprocess.CompletedProcess[str]) -> dict[str, list[str]]:
    if worker.returncode:
        raise RuntimeError(f"the build worker ended with {worker.returncode}:\n{worker.stderr}")
    answer: dict[str, Any] = json.loads(worker.stdout.splitlines()[-1])
    if "machine" in answer:
        raise OSError(*answer["machine"])
    if "failed" in answer:
        raise BuildError(
            answer["reason"],
            address=answer["failed"],
            output=answer["output"],
            untouched="the index",
            hint=answer["hint"],
        )
    made: dict[str, list[str]] = answer["made"]
    return made


def _artifact(source: Source, path: Path, constraints: str) -> Artifact:
    file = describe(path)
    name, version = _name_and_version(file) or (None, None)
    if version is None or (name, version) != (source.name, source.version or version):
        raise BuildError(
            f"the backend made {path.name}, but {source.name} {source.version or ''} was planned",
            address=str(source.name),
            untouched="the index",
            hint="the version must be static: [project] version in pyproject.toml",
        )
    digest = hashlib.sha256(constraints.encode(errors="surrogateescape")).hexdigest()
    return Artifact(name=source.name, version=version, path=path, file=file, constraints=f"sha256:{digest}")


def _name_and_version(file: File) -> tuple[NormalizedName, Version] | None:
    try:
        name, version, *_ = (parse_wheel_filename if file.is_wheel else parse_sdist_filename)(file.name)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
    return name, version
