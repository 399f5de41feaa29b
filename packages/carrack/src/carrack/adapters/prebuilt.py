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
from carrack.model.archive import Members
from carrack.model.artifact import Artifact, Kinds, Source
from carrack.model.wheelfile import foreign, misnamed
from carrack.ports import Archives


@dataclass(frozen=True, kw_only=True)
class PrebuiltArtifacts:
    """Implements `ports.Builder` without building: gives the files of `folder`, at any depth."""

    folder: Path
    archives: Archives

    def build(self, sources: Sequence[Source], out: Path, kinds: Kinds = Kinds.BOTH) -> tuple[Artifact, ...]:
        """Every file of each source's name and version in the folder, the sdist first. `out` stays empty.

        Files of one name and the same bytes are one: each runner may have given the sdist that it built from.

        Raises BuildError where there is none, where one is not what its name says, or where they are not of one
        source: two of one name, an sdist of another commit (its time is not that of the package's last one), a wheel
        with other requirements than the sdist.
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
        found: dict[str, Artifact] = {}
        for path, version in sorted(mine.items(), key=lambda item: item[0].suffix == ".whl"):
            one = Artifact(name=source.name, version=version, path=path, file=describe(path))
            if found.setdefault(path.name, one).file != one.file:
                raise BuildError(
                    f"has {path.name} more than once, and not the same bytes",
                    address=str(self.folder),
                    untouched="the index",
                    hint="keep one",
                )
        self._check(source, tuple(found.values()))
        return list(found.values())

    def _check(self, source: Source, artifacts: Sequence[Artifact]) -> None:
        sdist: Members = {}
        faults: list[str] = []
        for artifact in artifacts:
            name, members = artifact.file.name, self.archives.members(artifact.path)
            if artifact.file.is_wheel:
                faults += [*misnamed(name, members), *foreign(name, members, sdist)]
                continue
            sdist = members
            if self.archives.epoch(artifact.path) != source.epoch:
                faults.append(
                    f"{name}: was not built from the commit that is released: its files have another time"
                )
        if faults:
            raise BuildError(
                "these files are not of one source, or not what their names say",
                address=str(self.folder),
                output="\n".join(faults),
                untouched="the index",
                hint="build and publish in one run of CI, from one commit",
            )


def _name_and_version(path: Path) -> tuple[NormalizedName, Version] | None:
    try:
        if path.suffix == ".whl":
            return parse_wheel_filename(path.name)[:2]
        return parse_sdist_filename(path.name) if path.suffix == ".gz" else None
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
