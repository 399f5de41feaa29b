"""Uploads in waves: what is needed goes first, what does not need each other goes side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from threading import Event

from packaging.utils import NormalizedName

from carrack.commands.comparing import differing_lines, file_of
from carrack.commands.knowledge import Sources
from carrack.commands.tools import Tools
from carrack.errors import CarrackError, PublishedDiffersError, StoppedError
from carrack.model.artifact import Artifact
from carrack.model.receipt import Entry

_LANES = 8
"""Packages that are uploaded side by side; the uploader keeps to the service's rate, however many there are."""

_PAUSES = (0.25, 0.5, 1.0)
"""Seconds between looks for a file that the index was given; AWS advises up to three more looks."""


@dataclass
class _Lane:
    """One package's files, in their order, and how far they came."""

    artifacts: Sequence[Artifact]
    done: list[str] = field(default_factory=list)
    error: CarrackError | None = None

    @property
    def perhaps(self) -> str | None:
        """The file whose upload broke, so that the index may have it; the next run asks."""
        open_end = isinstance(self.error, StoppedError) and len(self.done) < len(self.artifacts)
        return self.artifacts[len(self.done)].file.name if open_end else None

    @property
    def waiting(self) -> list[str]:
        """The files that the index was not given."""
        return [a.file.name for a in self.artifacts[len(self.done) + (self.perhaps is not None) :]]


def upload(
    sources: Sources, tools: Tools, missing: Sequence[Artifact], commits: Mapping[NormalizedName, str]
) -> None:
    """Upload `missing`, prove each file by hash, and journal it with its package's commit.

    A wave begins when the one before is on the index. Within a package the files keep their order. Where one file
    fails, what is on its way is finished and nothing more is begun; the error says what is there, and what is not.

    Raises StoppedError, IndexAccessError or PublishedDiffersError.
    """
    order = list(_waves(sources, missing))
    for wave in order:
        _upload_wave(sources, tools, wave, commits)
        failed = [lane.error for lane in wave if lane.error]
        if failed:
            for other in failed[1:]:
                tools.report.note(str(other))
            raise _with_progress(failed[0], list(chain.from_iterable(order)))


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
    try:
        for artifact in lane.artifacts:
            if stop.is_set():
                return
            tools.report.step("Uploading", artifact.file.name)
            _upload_file(sources, tools, artifact)
            lane.done.append(artifact.file.name)
            _verify(sources, tools, artifact)
            sources.journal.append(sources.index, _entry(artifact, commits))
    except CarrackError as error:
        lane.error = error
        stop.set()
    except BaseException:
        stop.set()
        raise


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


def _verify(sources: Sources, tools: Tools, artifact: Artifact) -> None:
    """Read the hash back. The service may show a file a moment late, so it is asked more than once."""
    for pause in (*_PAUSES, None):
        there = file_of(sources.reader.version(artifact.name, artifact.version), artifact.file.name)
        if there is not None or pause is None:
            break
        tools.sleep(pause)
    if there is None or there.sha256 != artifact.file.sha256:
        found = "does not show it" if there is None else f"shows it with sha256 {there.sha256}"
        raise StoppedError(
            f"uploaded with sha256 {artifact.file.sha256}, but the index {found}",
            address=artifact.file.name,
            hint="run the same command again",
        )


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
    done = [file for lane in lanes for file in lane.done]
    perhaps = [lane.perhaps for lane in lanes if lane.perhaps]
    waiting = [file for lane in lanes for file in lane.waiting]
    error.done = f"on the index, and there to stay: {', '.join(done) or 'nothing'}"
    if perhaps:
        error.done += f"; perhaps {', '.join(perhaps)} too"
    error.untouched = f"not uploaded: {', '.join(waiting) or 'nothing'}"
    return error
