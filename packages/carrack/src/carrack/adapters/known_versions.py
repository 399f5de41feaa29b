"""Versions' files as the index told them before: a revision stands for one set of files, so they are asked for once.

AWS CodeArtifact User Guide, "Package version revision": each time that a package version is updated, a new revision is
made. Disposing of a version takes its files and leaves the revision, so its status counts too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from carrack.model.index import Index
from carrack.model.published import File

Key = tuple[str, str, str, str]
"""A package's name, a version as the index spells it, its status, and its revision."""


@dataclass(frozen=True)
class KnownVersions:
    """A file for each index in `folder`, normally `.carrack/versions` of the workspace; only a cache.

    One that cannot be read is as good as none, and one that cannot be written is left.
    """

    folder: Path

    def read(self, index: Index) -> dict[Key, tuple[File, ...]]:
        """The files of each version that is known."""
        with suppress(OSError, ValidationError):
            known = _KNOWN.validate_json(self._path(index).read_bytes())
            return {
                (one.name, one.version, one.status, one.revision): tuple(
                    File(name=file.name, sha256=file.sha256, size=file.size) for file in one.files
                )
                for one in known
            }
        return {}

    def write(self, index: Index, known: Mapping[Key, tuple[File, ...]]) -> None:
        """Know these, and no others."""
        lines = [
            _Known(
                name=name,
                version=version,
                status=status,
                revision=revision,
                files=[_File(name=file.name, sha256=file.sha256, size=file.size) for file in files],
            )
            for (name, version, status, revision), files in known.items()
        ]
        path = self._path(index)
        beside = path.with_suffix(f".{os.getpid()}.new")
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / ".gitignore").write_text("*\n", encoding="utf-8")
            beside.write_bytes(_KNOWN.dump_json(lines))
            os.replace(beside, path)

    def _path(self, index: Index) -> Path:
        return self.folder / f"{index.owner}.{index.region}.{index.domain}.{index.repository}.json"


class _File(BaseModel):
    model_config = ConfigDict(strict=True)

    name: str
    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
    size: int


class _Known(BaseModel):
    model_config = ConfigDict(strict=True)

    name: str
    version: str
    status: str
    revision: str
    files: list[_File]


_KNOWN = TypeAdapter(list[_Known])
