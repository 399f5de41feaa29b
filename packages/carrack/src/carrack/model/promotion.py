"""What a promotion does: the versions that one index has, file for file, on another. A pure function of both."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from packaging.utils import NormalizedName

from carrack.model.controls import OURS, Controls
from carrack.model.index import Index
from carrack.model.lock import Lock
from carrack.model.published import File, IndexState, PublishedVersion
from carrack.model.workspace import Package, Workspace


class Way(Enum):
    """How a version gets to the other index."""

    THERE = "is there"
    COPY = "copy"
    """CopyPackageVersions, which only reaches the same domain."""
    UPLOAD = "upload"


@dataclass(frozen=True, kw_only=True)
class Move:
    """One version: its files and revision on the source, those that the target lacks, and how they get there."""

    package: Package
    revision: str
    files: tuple[File, ...]
    missing: tuple[File, ...]
    way: Way
    guard: bool
    """Whether the target's origin controls are to be set first."""


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """The moves, needed packages first; `faults` stand in the way of all of them, `differing` files of another hash."""

    moves: tuple[Move, ...]
    faults: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()
    left: tuple[Package, ...] = ()
    """Packages that were not named, and that the source does not have in full."""

    @property
    def writing(self) -> tuple[Move, ...]:
        """The moves that change the target."""
        return tuple(move for move in self.moves if move.guard or move.way is not Way.THERE)


def plan_promotion(
    workspace: Workspace,
    names: Collection[NormalizedName],
    indexes: tuple[Index, Index],
    source: IndexState,
    target: IndexState,
    controls: Mapping[NormalizedName, Controls | None],
) -> Promotion:
    """The way of the tree's versions of `names`, and of what they need, from one of `indexes` to the other.

    Without names: of all that the source has in full.
    """
    whole = [name for name, package in workspace.packages.items() if _is_whole(package, source[name].current)]
    wanted = set(workspace.closure(names) if names else workspace.closure(whole, workspace.dependencies))
    order = [name for wave in workspace.waves() for name in wave]
    moves: list[Move] = []
    faults: list[str] = []
    differing: list[str] = []
    for name in order:
        if name not in wanted:
            continue
        package, here, there = workspace.packages[name], source[name].current, target[name].current
        faults += _faults(package, here, there, indexes)
        differing += _differing(here, there)
        if here is not None:
            moves.append(_move(package, here, there, indexes, guard=controls.get(name) != OURS))
    left = () if names else tuple(workspace.packages[name] for name in order if name not in wanted)
    return Promotion(moves=tuple(moves), faults=tuple(faults), differing=tuple(differing), left=left)


def _move(
    package: Package,
    here: PublishedVersion,
    there: PublishedVersion | None,
    indexes: tuple[Index, Index],
    *,
    guard: bool,
) -> Move:
    present = {file.name for file in there.files} if there else set()
    missing = tuple(file for file in here.files if file.name not in present)
    reachable = indexes[0].shares_domain_with == indexes[1].shares_domain_with
    way = Way.COPY if reachable and not present else Way.UPLOAD
    return Move(
        package=package,
        revision=here.revision,
        files=here.files,
        missing=missing,
        way=way if missing else Way.THERE,
        guard=guard,
    )


def _is_whole(package: Package, version: PublishedVersion | None) -> bool:
    return version is not None and version.is_installable and not package.lacks(version.files)


def _faults(
    package: Package,
    here: PublishedVersion | None,
    there: PublishedVersion | None,
    indexes: tuple[Index, Index],
) -> Iterator[str]:
    source, target = indexes
    if here is None:
        yield f"{package}: is not on {source.name}"
    elif not _is_whole(package, here):
        short = ", ".join(package.lacks(here.files))
        state = f"not complete (it lacks its {short})" if here.is_installable else here.status
        yield f"{package}: is {state} on {source.name}"
    if there is not None and not there.is_installable:
        back = f"; carrack retract {package.name}=={package.version} --from {target.name} --status published --yes"
        undone = there.status in ("Unlisted", "Archived")
        yield f"{package}: is {there.status} on {target.name}" + (f"{back} brings it back" if undone else "")


def _differing(here: PublishedVersion | None, there: PublishedVersion | None) -> Iterator[str]:
    known = {file.name: file for file in here.files} if here else {}
    for file in there.files if there else ():
        if file.name not in known:
            yield f"{file.name}: only the target has it"
        elif file.sha256 != known[file.name].sha256:
            yield f"{file.name}: sha256 {known[file.name].sha256} and {file.sha256}"


def untested(locks: Collection[Lock], moves: Collection[Move]) -> tuple[str, ...]:
    """A sentence for each lock that pins a version of `moves` by hashes that the source does not have."""
    found = []
    for lock in locks:
        for move in moves:
            pinned = lock.hashes(move.package.name, move.package.version)
            if pinned and not pinned <= {file.sha256 for file in move.files}:
                found.append(
                    f"{lock.app}: its lock has {move.package} with other files than the source index"
                )
    return tuple(found)
