"""Uploads in waves: what is needed goes first, what does not need each other goes side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from threading import Event

from packaging.utils import NormalizedName

from carrack.commands.comparing import differing_lines
from carrack.commands.knowledge import Sources
from carrack.commands.tools import Tools
from carrack.errors import CarrackError, PublishedDiffersError, StoppedError
from carrack.model.artifact import Artifact
from carrack.model.published import File
from carrack.model.receipt import Entry

_LANES = 32
"""Packages that are open at the same time, at most; the uploader says how many files are on their way."""

_PAUSES = (0.25, 0.5, 1.0)
"""Seconds between looks for files that the index was given; AWS advises up to three more looks."""


@dataclass
class _Lane:
    """One package's files, in their order, and how far they came."""

    artifacts: Sequence[Artifact]
    sent: list[Artifact] = field(default_factory=list)
    """The files that the index took."""
    broken: list[Artifact] = field(default_factory=list)
    """The file whose upload broke, so that the index may have it; the next run asks."""
    proved: list[Artifact] = field(default_factory=list)
    """The files that the index shows with the hash that was sent."""
    errors: list[CarrackError] = field(default_factory=list)
    shown: tuple[File, ...] = ()
    """What the index shows of the version, when its files were proved."""

    @property
    def perhaps(self) -> list[Artifact]:
        """The files that the index was given, and may have."""
        return [artifact for artifact in (*self.sent, *self.broken) if artifact not in self.proved]

    @property
    def waiting(self) -> Sequence[Artifact]:
        """The files that the index was not given."""
        return self.artifacts[len(self.sent) + len(self.broken) :]


def upload(
    sources: Sources, tools: Tools, missing: Sequence[Artifact], commits: Mapping[NormalizedName, str]
) -> Mapping[NormalizedName, tuple[File, ...]]:
    """Upload `missing`, prove each file by hash, and journal it with its package's commit.

    Returns all files that the index then shows of each package's version.

    A wave begins when the one before is on the index. Within a package the files keep their order, and are proved
    together after the last one. Where one fails, what is on its way is finished, and proved, and nothing more is begun;
    the error says what is there, and what is not.

    Raises StoppedError, IndexAccessError or PublishedDiffersError.
    """
    order = list(_waves(sources, missing))
    for wave in order:
        _upload_wave(sources, tools, wave, commits)
        failed = [error for lane in wave for error in lane.errors]
        if failed:
            for other in failed[1:]:
                tools.report.note(str(other))
            raise _with_progress(failed[0], list(chain.from_iterable(order)))
    return {lane.artifacts[0].name: lane.shown for lane in chain.from_iterable(order)}


def _waves(sources: Sources, missing: Sequence[Artifact]) -> Iterator[list[_Lane]]:
    workspace = sources.workspace
    lanes: dict[NormalizedName, list[Artifact]] = {}
    for artifact in missing:
        lanes.setdefault(artifact.name, []).append(artifact)
    for names in workspace.waves(lanes):
        yield [_Lane(lanes[name]) for name in names]


def _upload_wave(
    sources: Sources, tools: Tools, wave: Sequence[_Lane], commits: Mapping[NormalizedName, str]
) -> None:
    stop = Event()
    with ThreadPoolExecutor(_LANES) as pool:
        running = [pool.submit(_upload_lane, sources, tools, lane, commits, stop) for lane in wave]
        try:
            for lane in running:
                lane.result()
        except BaseException:  # Ctrl-C, for example; the pool waits for what is on its way
            stop.set()
            raise


def _upload_lane(
    sources: Sources, tools: Tools, lane: _Lane, commits: Mapping[NormalizedName, str], stop: Event
) -> None:
    with _kept(lane, stop):
        _upload_files(sources, tools, lane, stop)
    with _kept(lane, stop):
        _prove(sources, tools, lane, commits)


@contextmanager
def _kept(lane: _Lane, stop: Event) -> Iterator[None]:
    """What fails here stops all lanes; what can be told is kept for the end."""
    try:
        yield
    except CarrackError as error:
        lane.errors.append(error)
        stop.set()
    except BaseException:
        stop.set()
        raise


def _upload_files(sources: Sources, tools: Tools, lane: _Lane, stop: Event) -> None:
    for artifact in lane.artifacts:
        with tools.uploader.turn():
            if stop.is_set():
                return
            tools.report.step("Uploading", artifact.file.name)
            try:
                _upload_file(sources, tools, artifact)
            except StoppedError:
                lane.broken.append(artifact)
                raise
        lane.sent.append(artifact)


def _upload_file(sources: Sources, tools: Tools, artifact: Artifact) -> None:
    """Upload; where somebody else published this file since we looked, say which members differ."""
    try:
        tools.uploader.upload(artifact)
    except PublishedDiffersError as error:
        try:
            current = sources.reader.version(artifact.name, artifact.version)
            error.differences = differing_lines(sources, artifact, current)
        except CarrackError as unread:
            tools.report.note(f"what differs could not be looked at: {unread}")
        error.hint = f"carrack bump {artifact.name} patch, commit, and publish again"
        raise


def _prove(sources: Sources, tools: Tools, lane: _Lane, commits: Mapping[NormalizedName, str]) -> None:
    """Read the hashes back, of all files that were sent, in one look; only then are they journaled."""
    if not lane.sent:
        return
    lane.shown = _shown(sources, tools, lane.sent)
    there = {file.name: file.sha256 for file in lane.shown}
    lane.proved = [
        artifact for artifact in lane.sent if there.get(artifact.file.name) == artifact.file.sha256
    ]
    for artifact in lane.sent:
        if artifact not in lane.proved:
            found = there.get(artifact.file.name)
            raise StoppedError(
                f"uploaded with sha256 {artifact.file.sha256}, but the index "
                + (f"shows it with sha256 {found}" if found else "does not show it"),
                address=artifact.file.name,
                hint="run the same command again",
            )
    sources.journal.append(sources.index, *(_entry(artifact, commits) for artifact in lane.sent))


def _shown(sources: Sources, tools: Tools, sent: Sequence[Artifact]) -> tuple[File, ...]:
    """What the index shows of a version. It may show a file a moment late, so it is asked more than once."""
    for pause in (*_PAUSES, None):
        there = sources.reader.assets(sent[0].name, sent[0].version)
        if pause is None or {artifact.file.name for artifact in sent} <= {file.name for file in there}:
            break
        tools.sleep(pause)
    return there


def _entry(artifact: Artifact, commits: Mapping[NormalizedName, str]) -> Entry:
    commit = commits[artifact.name]
    return Entry(
        name=artifact.name,
        version=artifact.version,
        file=artifact.file,
        commit=commit,
        constraints=artifact.constraints,
    )


def _with_progress(error: CarrackError, lanes: Sequence[_Lane]) -> CarrackError:
    perhaps = _named(lane.perhaps for lane in lanes)
    error.done = f"on the index, and there to stay: {_named(lane.proved for lane in lanes) or 'nothing'}"
    if perhaps:
        error.done += f"; perhaps {perhaps} too"
    error.untouched = f"not uploaded: {_named(lane.waiting for lane in lanes) or 'nothing'}"
    return error


def _named(parts: Iterable[Sequence[Artifact]]) -> str:
    return ", ".join(artifact.file.name for artifact in chain.from_iterable(parts))
