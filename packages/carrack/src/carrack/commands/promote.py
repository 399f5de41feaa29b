"""`promote`: the very files of one index, proven by hash, on another.

Never atomic, since the service has no such thing: packages go one after the other, needed ones first, so that whatever
is there can be installed; the same command goes on after any failure.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import NormalizedName

from carrack.errors import CarrackError, PublishedDiffersError, StoppedError, WorkspaceError
from carrack.model.artifact import Artifact
from carrack.model.controls import OURS
from carrack.model.index import Index
from carrack.model.lock import Lock
from carrack.model.promotion import Move, Promotion, Way, plan_promotion, untested
from carrack.model.receipt import Entry
from carrack.model.tags import tag_name
from carrack.model.workspace import Workspace
from carrack.ports import History, IndexReader, Journal, Promoter, Report, Uploader

_NOTHING_WRITTEN = "both indexes; nothing was written"
_PAUSES = (0.25, 0.5, 1.0, 2.0)


@dataclass(frozen=True, kw_only=True)
class Side:
    """One index, and how it is read."""

    index: Index
    reader: IndexReader


@dataclass(frozen=True, kw_only=True)
class Means:
    """What a promotion does its work with; the uploader is asked for only where a copy does not reach."""

    promoter: Promoter
    uploader: Callable[[], Uploader]
    history: History
    journal: Journal
    report: Report
    sleep: Callable[[float], None] = time.sleep


def examine(
    workspace: Workspace, names: Collection[NormalizedName], source: Side, target: Side, promoter: Promoter
) -> Promotion:
    """What a promotion would do. Writes nothing."""
    wanted = {
        name: workspace.packages[name].version for name in workspace.closure(names or workspace.packages)
    }
    return plan_promotion(
        workspace,
        names,
        (source.index, target.index),
        source.reader.state(wanted),
        target.reader.state(wanted),
        {name: promoter.controls(name) for name in wanted},
    )


def check(promotion: Promotion, locks: Collection[Lock]) -> None:
    """Refuse what cannot be promoted, before any write.

    Raises PublishedDiffersError where the target has other bytes under a name, or a lock was tested with other bytes
    than the source has; WorkspaceError for everything else that is in the way.
    """
    if promotion.faults:
        raise WorkspaceError(
            "these versions cannot be promoted", faults=promotion.faults, untouched=_NOTHING_WRITTEN
        )
    if promotion.differing:
        raise PublishedDiffersError(
            "the target has other files under these versions",
            differences=promotion.differing,
            untouched=_NOTHING_WRITTEN,
            hint="raise the versions, and publish them to the source first",
        )
    faults = untested(locks, promotion.moves)
    if faults:
        raise PublishedDiffersError(
            "what was locked is not what would be promoted",
            differences=faults,
            untouched=_NOTHING_WRITTEN,
            hint="lock against the source index again, and test that",
        )


def promote(
    promotion: Promotion, source: Side, target: Side, means: Means, commits: Mapping[NormalizedName, str]
) -> None:
    """Make the moves, and prove each: origin controls are set and read again, hashes read back.

    `commits` are those that the versions were released from, for the target's receipt and tags.

    Raises StoppedError, with what is there and what is not, where one cannot be finished.
    """
    done: list[Move] = []
    for move in promotion.writing:
        try:
            _make(move, source, target, means)
        except CarrackError as error:
            raise _stopped(error, promotion.writing, done, source.index, target.index) from error
        done.append(move)
        _record(move, target.index, means, commits.get(move.package.name))


def _make(move: Move, source: Side, target: Side, means: Means) -> None:
    package = move.package
    if move.guard:
        means.report.step("Guarding", f"{package.name}: {OURS}")
        means.promoter.set_controls(package.name, OURS)
        if (found := means.promoter.controls(package.name)) != OURS:
            raise StoppedError(f"{package.name}: its origin controls were set, and are {found}")
    if move.way is Way.COPY:
        means.report.step("Copying", str(package))
        means.promoter.copy(source.index, package.name, package.version, move.revision)
    elif move.way is Way.UPLOAD:
        _upload(move, source, means)
    _prove(move, target, means)


def _upload(move: Move, source: Side, means: Means) -> None:
    """The source's own bytes; the sdist first and the wheels last, as a release has it."""
    package, uploader = move.package, means.uploader()
    with tempfile.TemporaryDirectory(prefix="carrack-") as scratch:
        for file in sorted(move.missing, key=lambda file: file.is_wheel):
            path = Path(scratch) / file.name
            source.reader.fetch(package.name, package.version, file, path)
            artifact = Artifact(name=package.name, version=package.version, path=path, file=file)
            means.report.step("Uploading", file.name)
            uploader.upload(artifact)


def _prove(move: Move, target: Side, means: Means) -> None:
    """Read the hashes back. The service may show a version a moment late, so it is asked more than once."""
    wanted = {file.name: file.sha256 for file in move.files}
    for pause in (*_PAUSES, None):
        there = target.reader.version(move.package.name, move.package.version)
        found = {file.name: file.sha256 for file in there.files} if there else {}
        if found == wanted:
            return
        if pause is not None:
            means.sleep(pause)
    raise StoppedError(
        f"{move.package} does not show all of its files, or other ones", address=f"index {target.index.name}"
    )


def _record(move: Move, index: Index, means: Means, commit: str | None) -> None:
    package = move.package
    for file in move.files:
        means.journal.append(
            index, Entry(name=package.name, version=package.version, file=file, commit=commit)
        )
    if index.tags and commit:
        means.history.tag(tag_name(package.name, package.version), commit)


def _way_back(done: Sequence[Move], target: Index) -> str:
    versions = " ".join(f"{move.package.name}=={move.package.version}" for move in done if move.missing)
    return f"; or back: carrack retract {versions} --from {target.name} --yes" if versions else ""


def _stopped(
    error: CarrackError, moves: Sequence[Move], done: Sequence[Move], source: Index, target: Index
) -> StoppedError:
    open_end, waiting = moves[len(done)], moves[len(done) + 1 :]
    there = ", ".join(str(move.package) for move in done) or "nothing"
    return StoppedError(
        error.message,
        address=error.address or f"index {target.name}",
        done=f"on {target.name}, whole and proven: {there}; perhaps {open_end.package}",
        untouched=f"not promoted: {', '.join(str(move.package) for move in waiting) or 'nothing else'}",
        hint=f"carrack promote {source.name} {target.name} goes on{_way_back(done, target)}",
    )
