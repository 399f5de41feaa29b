"""PEP 517 builds through `build`, in isolated environments that are kept, each hook in a process of its own."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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

from carrack.adapters.cache.environments import Environments
from carrack.adapters.hashing import describe
from carrack.errors import BuildError
from carrack.model.artifact import Artifact, Kinds, Source, digest_of
from carrack.model.published import File
from carrack.ports import Report

_BACKENDS_SEE = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")
_OUR_OWN = {"PYTHONSAFEPATH": "1"}  # the folder where we are may have a build.py of its own


@dataclass(frozen=True, kw_only=True)
class IsolatedBuilder:
    """Implements `ports.Builder`.

    `constraints` is the workspace's build-constraints.txt, for sources that do not bring their commit's: every build
    requirement must be in it, with its hashes.
    `environ` gives the environment for installing them (`adapters.environment.isolated`), with a token that is good
    then; it is asked only where a build environment has to be made. The build backends themselves get nothing of it but
    what `seen` names too: PATH, HOME, language and temporary folder.
    """

    constraints: Path
    environ: Callable[[], Mapping[str, str]] = field(repr=False)
    report: Report
    seen: Mapping[str, str] = field(repr=False)
    backends: Mapping[str, str] = field(default_factory=dict)
    """What the build backends see in other words than `seen` has it."""
    backwards: bool = False
    """Whether an sdist is unpacked in the opposite order: some file systems list files as they were made."""
    by_hash: bool = True
    """Whether build requirements are installed by hash; what was not is for looking at, never for an index."""
    environments: Path | None = None
    """Where build environments are kept; None where they go with the build. Those not by hash always do."""

    def build(self, sources: Sequence[Source], out: Path, kinds: Kinds = Kinds.BOTH) -> tuple[Artifact, ...]:
        """See `ports.Builder`.

        Raises BuildError with the backend's output where a package does not build, and where a build requirement
        is not in the constraints; OSError where this machine cannot hold what is built.
        """
        made = self._make(sources, out, kinds)
        return tuple(
            _artifact(source, out / name, self._constraint_text(source, sources), made[source.name])
            for source in sources
            for name in made[source.name]["files"]
        )

    def make(self, sources: Sequence[Source], out: Path) -> Mapping[NormalizedName, tuple[Path, ...]]:
        """As `build`, but whatever name and version the backend gives; the files of each source."""
        made = self._make(sources, out, Kinds.BOTH)
        return {source.name: tuple(out / name for name in made[source.name]["files"]) for source in sources}

    def _make(self, sources: Sequence[Source], out: Path, kinds: Kinds) -> dict[str, dict[str, Any]]:
        out.mkdir(parents=True, exist_ok=True)
        for source in sources:
            self.report.step("Building", f"{source.name} {source.version or ''}".rstrip())
        with tempfile.TemporaryDirectory(
            prefix="carrack-build-"
        ) as scratch:  # outlives a worker that is killed
            kept = self.environments if self.by_hash else None
            rounds = _Rounds(
                self, Path(scratch), kept or Path(scratch, "environments"), out.absolute(), kinds
            )
            return rounds.run([(source, self._constraint_text(source, sources)) for source in sources])

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


@dataclass
class _Rounds:
    """Rounds of the worker, each for what is not built yet, with the environments made that the one before lacked."""

    builder: IsolatedBuilder
    scratch: Path
    kept: Path
    out: Path
    kinds: Kinds
    careful: bool = False
    """Whether a build changed its environment, so that it has to be known which one it was."""
    alone: set[str] = field(default_factory=set)
    """Packages whose build changed an environment that others use; each gets one of its own."""

    def run(self, wanted: Sequence[tuple[Source, str]]) -> dict[str, dict[str, Any]]:
        made: dict[str, dict[str, Any]] = {}
        for _ in range(4 + 2 * len(wanted)):  # a round builds, makes an environment, or sets a package apart
            waiting = [(source, text) for source, text in wanted if source.name not in made]
            if not waiting:
                return made
            said = self._work(waiting)
            made |= said["made"]
            self.careful = self.careful or said["doubtful"]
            self._make_environments({source.name: (source, text) for source, text in waiting}, said["lacks"])
            self.alone.update(said["spoilt"])
            for name in said["spoilt"]:
                self.builder.report.note(
                    f"{name}: its build changed its build environment; it gets one of its own"
                )
        raise RuntimeError(
            f"builds that do not come to an end: {[str(source.name) for source, _ in waiting]}"
        )

    def _place(self, source: Source) -> Path:
        return self.scratch / "alone" / source.name if source.name in self.alone else self.kept

    def _make_environments(
        self, waiting: Mapping[str, tuple[Source, str]], lacks: Sequence[tuple[str, Sequence[str]]]
    ) -> None:
        asked: dict[tuple[Path, tuple[str, ...], str], list[str]] = {}
        for name, requires in lacks:
            source, text = waiting[name]
            asked.setdefault((self._place(source), tuple(requires), text), []).append(name)
        for (place, requires, text), names in asked.items():
            job = {"names": ", ".join(names), "requires": requires, "constraints": text}
            Environments(place).make(requires, text, self._maker(job))

    def _maker(self, job: Mapping[str, Any]) -> Callable[[Path], Mapping[str, Any]]:
        told = {"PIP_REQUIRE_HASHES": "1"} if self.builder.by_hash else {}

        def fill(folder: Path) -> Mapping[str, Any]:
            environ = {**self.builder.environ(), **told, **self._tmp}
            return _run("environment_maker", {**job, "path": str(folder)}, environ)

        return fill

    def _work(self, waiting: Sequence[tuple[Source, str]]) -> dict[str, Any]:
        seen = {key: self.builder.seen[key] for key in _BACKENDS_SEE if key in self.builder.seen}
        environ = {**seen, **self.builder.backends, **self._tmp}
        texts = list(dict.fromkeys(text for _, text in waiting))
        job = {
            "constraints": texts,
            "out": str(self.out),
            "kinds": self.kinds.value,
            "backwards": self.builder.backwards,
            "environ": environ,
            "careful": self.careful,
            "builds": [
                {
                    "name": source.name,
                    "source": str(source.path),
                    "epoch": source.epoch,
                    "requires": source.build_requires,
                    "constraints": texts.index(text),
                    "environments": str(self._place(source)),
                    "is_careful": self.careful and source.name not in self.alone,
                }
                for source, text in waiting
            ],
        }
        return _run("worker", job, environ)

    @property
    def _tmp(self) -> dict[str, str]:
        return {"TMPDIR": str(self.scratch)}


def _run(module: str, job: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Run one of our own processes to its end; where we are interrupted, it ends with pip and whatever it started.

    Raises what it was stopped by.
    """
    command = [sys.executable, "-m", f"carrack.adapters.builder.{module}"]
    with subprocess.Popen(
        command,
        env={**environ, **_OUR_OWN},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        umask=0o022,
        process_group=0,
    ) as process:
        try:
            out, err = process.communicate(json.dumps(job))
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
        raise RuntimeError(f"the {module} ended with {process.returncode}:\n{err}")
    return _checked(json.loads(out.splitlines()[-1]))


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
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
    return answer


def _artifact(source: Source, path: Path, constraints: str, made: Mapping[str, Any]) -> Artifact:
    file = describe(path)
    name, version = _name_and_version(file) or (None, None)
    if version is None or (name, version) != (source.name, source.version or version):
        raise BuildError(
            f"the backend made {path.name}, but {source.name} {source.version or ''} was planned",
            address=str(source.name),
            untouched="the index",
            hint="the version must be static: [project] version in pyproject.toml",
        )
    return Artifact(
        name=source.name,
        version=version,
        path=path,
        file=file,
        constraints=digest_of(constraints),
        installed=tuple(made["installed"]),
    )


def _name_and_version(file: File) -> tuple[NormalizedName, Version] | None:
    try:
        name, version, *_ = (parse_wheel_filename if file.is_wheel else parse_sdist_filename)(file.name)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
    return name, version
