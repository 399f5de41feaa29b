"""PEP 517 builds through `build`, in isolated environments that are kept, each hook in a process of its own."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
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

from carrack.adapters.builder.rounds import Rounds
from carrack.adapters.hashing import describe
from carrack.adapters.rooms import MEMORY, in_memory
from carrack.errors import BuildError
from carrack.model.artifact import Artifact, Kinds, Source, digest_of
from carrack.model.published import File
from carrack.ports import Report

_BACKENDS_SEE = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")
_BY_HASH = {"PIP_REQUIRE_HASHES": "1", "PIP_ONLY_BINARY": ":all:"}
"""Wheels only: pip would build an sdist with the token in its environment, and by requirements without hashes."""


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
        # Both outlive what is killed.
        with (
            tempfile.TemporaryDirectory(prefix="carrack-build-") as scratch,
            _beside(sources, scratch) as beside,
        ):
            kept = self.environments if self.by_hash else None
            rounds = Rounds(
                report=self.report,
                environ=lambda: {**self.environ(), **(_BY_HASH if self.by_hash else {})},
                seen={key: self.seen[key] for key in _BACKENDS_SEE if key in self.seen} | dict(self.backends),
                scratch=Path(scratch),
                beside=beside,
                kept=kept or Path(scratch, "environments"),
                out=out.absolute(),
                kinds=kinds,
                backwards=self.backwards,
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


def _beside(sources: Sequence[Source], scratch: str) -> AbstractContextManager[Path]:
    """Where builds have their temporary files: in memory, if the packages are all laid out there."""
    there = all(MEMORY in source.path.parents for source in sources)
    return in_memory() if there else nullcontext(Path(scratch))


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
