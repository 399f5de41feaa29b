"""What the index holds, in the words of its API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from packaging.utils import NormalizedName
from packaging.version import Version

from carrack.model.versions import is_same_line


@dataclass(frozen=True, kw_only=True)
class File:
    """One asset of a package version: its file name, sha256 in lower-case hex, and size in bytes."""

    name: str
    sha256: str
    size: int

    @property
    def is_wheel(self) -> bool:
        """Whether this is a wheel; the only other kind here is an sdist."""
        return self.name.endswith(".whl")


@dataclass(frozen=True, kw_only=True)
class PublishedVersion:
    """A version on the index: its status, revision, and files."""

    version: Version
    status: str
    revision: str
    files: tuple[File, ...]

    @property
    def is_installable(self) -> bool:
        """Whether pip may find and fetch it: not archived, disposed of, unlisted or unfinished."""
        return self.status == "Published"


@dataclass(frozen=True, kw_only=True)
class PublishedPackage:
    """A package on the index: every version's number, and the one version that was asked for, with its files."""

    versions: tuple[Version, ...] = ()
    current: PublishedVersion | None = None

    @property
    def newest(self) -> Version | None:
        """The highest version on the index, whatever its status."""
        return max(self.versions, default=None)

    def before(self, version: Version) -> Version | None:
        """The highest version not above `version`, so that an old line goes on beside a new one; else the newest."""
        return max((one for one in self.versions if one <= version), default=self.newest)

    def after(self, version: Version) -> Version | None:
        """The highest version above `version` that works wherever it does, if there is one."""
        newest = max((one for one in self.versions if is_same_line(one, version)), default=version)
        return newest if newest > version else None


@dataclass(frozen=True, kw_only=True)
class IndexState:
    """The index's answer about the workspace's packages, each at its version in the tree."""

    packages: Mapping[NormalizedName, PublishedPackage] = field(default_factory=dict)

    def __getitem__(self, name: NormalizedName) -> PublishedPackage:
        return self.packages.get(name, PublishedPackage())

    def having(self, versions: Mapping[NormalizedName, PublishedVersion]) -> IndexState:
        """As this, with these as the packages' versions."""
        changed = {name: replace(self[name], current=current) for name, current in versions.items()}
        return IndexState(packages={**self.packages, **changed})
