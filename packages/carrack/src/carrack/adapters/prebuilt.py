"""Files that were built elsewhere: on native runners, by cibuildwheel, in another job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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
from carrack.ports import Archives


@dataclass(frozen=True, kw_only=True)
class PrebuiltArtifacts:
    """Implements `ports.Builder` without building: gives the files of `folder`, at any depth."""

    folder: Path
    archives: Archives

    def build(self, sources: Sequence[Source], out: Path, *, wheels: bool = True) -> tuple[Artifact, ...]:
        """Every file of each source's name and version in the folder, the sdist first. `out` stays empty.

        Raises BuildError where there is none, where two have one name, or where an sdist was made from another
        commit: its time is not that of the package's last one.
        """
        paths = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return tuple(artifact for source in sources for artifact in self._of(source, paths))

    def _of(self, source: Source, paths: Sequence[Path]) -> list[Artifact]:
        said = {path: _name_and_version(path) for path in paths}
        mine = {path: two[1] for path, two in said.items() if two == (source.name, source.version)}
        if not mine:
            raise BuildError(
                f"has no file of {source.name} {source.version}, and nothing is built with --artifacts",
                address=str(self.folder),
                untouched="the index",
                hint=f"carrack build {source.name} --out {self.folder}",
            )
        names = [path.name for path in mine]
        for twice in sorted({name for name in names if names.count(name) > 1}):
            raise BuildError(
                f"has {twice} more than once",
                address=str(self.folder),
                untouched="the index",
                hint="keep one",
            )
        for path in mine:
            self._check_commit(source, path)
        return [
            Artifact(name=source.name, version=version, path=path, file=describe(path))
            for path, version in sorted(mine.items(), key=lambda item: item[0].suffix == ".whl")
        ]

    def _check_commit(self, source: Source, path: Path) -> None:
        if path.suffix != ".whl" and self.archives.epoch(path) != source.epoch:
            raise BuildError(
                f"{path.name} was not built from the commit that is released: its files have another time",
                address=str(self.folder),
                untouched="the index",
                hint="build and publish in one run of CI, from one commit",
            )


def _name_and_version(path: Path) -> tuple[NormalizedName, Version] | None:
    try:
        if path.suffix == ".whl":
            return parse_wheel_filename(path.name)[:2]
        return parse_sdist_filename(path.name)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
