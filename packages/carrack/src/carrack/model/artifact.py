"""Built files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from packaging.utils import NormalizedName
from packaging.version import Version

from carrack.model.published import File


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """One built file: where it lies, and what the index will call it."""

    name: NormalizedName
    version: Version
    path: Path
    file: File
    constraints: str | None = None
    """`sha256:…` of the build requirements' lock that it was built with; None where it was built elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A package's folder as one commit has it, laid out on disk, ready to build.

    `epoch` is the package's last commit in seconds since 1970: the build's SOURCE_DATE_EPOCH. `constraints` is the
    text of the build requirements' lock as that commit has it; None where the workspace's file as it is now counts.
    `version` is None where only the backend knows it.
    """

    name: NormalizedName
    version: Version | None
    path: Path
    epoch: int
    build_requires: tuple[str, ...]
    constraints: str | None = None
