"""Built files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from packaging.utils import NormalizedName
from packaging.version import Version

from carrack.model.published import File


class Kinds(Enum):
    """What is built of each package."""

    BOTH = "sdist and wheel"
    """An sdist, and the wheel made from that sdist."""
    SDIST = "sdist"
    WHEEL = "wheel"
    """A wheel made from the package's folder itself."""


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """One built file: where it lies, and what the index will call it."""

    name: NormalizedName
    version: Version
    path: Path
    file: File
    constraints: str | None = None
    """`sha256:…` of the build requirements' lock that it was built with; None where it was built elsewhere."""
    installed: tuple[str, ...] | None = None
    """The names of the distributions that it was built with; None where that is not known."""

    @property
    def is_portable(self) -> bool:
        """Whether no compiler had a part in it, as far as its name says."""
        return not self.file.is_wheel or self.file.name.endswith("-any.whl")


@dataclass(frozen=True, kw_only=True)
class Source:
    """A package's folder as one commit has it, laid out on disk, ready to build.

    `epoch` is the package's last commit in seconds since 1970: the build's SOURCE_DATE_EPOCH. `constraints` is the
    text of the build requirements' lock as that commit has it; None where the workspace's file as it is now counts.
    `version` is None where only the backend knows it; `tree` stands for all that git lays the folder out by
    (`ports.History.checkouts`); None where it is not from git.
    """

    name: NormalizedName
    version: Version | None
    path: Path
    epoch: int
    build_requires: tuple[str, ...]
    constraints: str | None = None
    tree: str | None = None


def digest_of(constraints: str) -> str:
    """`sha256:…` of the text of a build requirements' lock."""
    return f"sha256:{sha256_of(constraints)}"


def sha256_of(text: str) -> str:
    """The text's sha256, in lower-case hex; bytes that are no UTF-8 come as surrogates (PEP 383)."""
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()
