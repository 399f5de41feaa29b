"""What taking a version back would break, and the way back. A pure function of the index, the locks and the tree."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from carrack.model.lock import Lock
from carrack.model.published import PublishedVersion
from carrack.model.workspace import Workspace


class Status(Enum):
    """What a version can be set to and brought back from (CodeArtifact User Guide, "Package version status")."""

    UNLISTED = "Unlisted"
    ARCHIVED = "Archived"
    PUBLISHED = "Published"

    @property
    def breaks(self) -> str:
        """One sentence about who notices."""
        return _BREAKS[self]


_BREAKS = {
    Status.UNLISTED: "it leaves the index page: pip and uv find it no more by name, with a hash neither; "
    "locks that hold addresses of files (uv.lock, pylock.toml) go on",
    Status.ARCHIVED: "no file of it can be had: every install of it fails, by name or by address",
    Status.PUBLISHED: "it can be found and installed again",
}


@dataclass(frozen=True, kw_only=True)
class Pinned:
    """A lock that pins the version, and where it is: `here`, or the names of the refs that have it."""

    path: str
    refs: tuple[str, ...]
    good: str | None = None
    """The newest commit in which this lock pins nothing of what is taken back."""

    @property
    def is_here(self) -> bool:
        """Whether the checkout's own lock pins it."""
        return HERE in self.refs

    def __str__(self) -> str:
        return f"{self.path} ({', '.join(self.refs)})"


HERE = "checkout"


@dataclass(frozen=True, kw_only=True)
class Withdrawal:
    """One version to be set from one status to another, in the revision that was looked at."""

    name: NormalizedName
    version: Version
    revision: str
    before: str
    after: Status
    previous: Version | None
    """The newest older version that can be installed then."""
    pinned: tuple[Pinned, ...] = ()
    stranded: tuple[str, ...] = ()
    """A sentence for each requirement of the tree that nothing else on the index would meet."""

    @property
    def is_there(self) -> bool:
        """Whether the index has it in that status already."""
        return self.before == self.after.value

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def plan_withdrawal(
    workspace: Workspace,
    name: NormalizedName,
    current: PublishedVersion,
    installable: Collection[Version],
    after: Status,
    pinned: Iterable[Pinned] = (),
) -> Withdrawal:
    """What setting this version to `after` means; `installable` are the versions there that pip may take then."""
    others = [version for version in installable if version != current.version]
    breaks = after is not Status.PUBLISHED
    return Withdrawal(
        name=name,
        version=current.version,
        revision=current.revision,
        before=current.status,
        after=after,
        previous=max((one for one in others if one < current.version), default=None),
        pinned=tuple(pinned) if breaks else (),
        stranded=tuple(_stranded(workspace, name, current.version, others)) if breaks else (),
    )


def _stranded(
    workspace: Workspace, name: NormalizedName, version: Version, others: Collection[Version]
) -> Iterator[str]:
    for _, one in workspace.requirement_lists():
        for requirement in one.requirements:
            specifier = requirement.specifier
            if canonicalize_name(requirement.name) != name or not specifier.contains(
                version, prereleases=True
            ):
                continue
            if not any(specifier.contains(other, prereleases=True) for other in others):
                yield f"{one.manifest} wants '{requirement}', which no other version there meets"


def pins(lock: Lock, name: NormalizedName, version: Version) -> bool:
    """Whether the lock names this version."""
    return bool(lock.hashes(name, version))


def in_order(
    workspace: Workspace, versions: Iterable[tuple[NormalizedName, Version]], after: Status
) -> tuple[tuple[NormalizedName, Version], ...]:
    """Who needs others goes first on the way out, and last on the way back in, so that no set is half there."""
    needed_first = [name for wave in workspace.waves() for name in wave]
    order = needed_first if after is Status.PUBLISHED else needed_first[::-1]
    places = {name: place for place, name in enumerate(order)}
    return tuple(sorted(versions, key=lambda one: places.get(one[0], -1)))
