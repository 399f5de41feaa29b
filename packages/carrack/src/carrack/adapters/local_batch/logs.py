"""The log of an attempt: what it wrote, byte for byte, and beside it how much of that there was at which time.

So the program writes to a file and needs nobody who listens; the times are as fine as the supervisor looks.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from carrack.model.jobs.job import LogPage

PAGE_BYTES = 1 << 20
"""As much as a page of GetLogEvents."""
_LINE_BYTES = 256 << 10
"""CloudWatch Logs cuts longer lines into several."""
_STREAM = re.compile(r"[^/]+/default/(?P<job>[0-9a-f-]{36})\.(?P<run>job|\d+)\.(?P<attempt>\d+)")


def stream_name(definition: str, job: str, run: str, attempt: int) -> str:
    """What the log of an attempt is called; AWS Batch has a task's id for the last part."""
    return f"{definition.partition(':')[0]}/default/{job}.{run}.{attempt}"


def stream_parts(stream: str) -> tuple[str, str, int] | None:
    """The job, the run and the attempt whose log that is; None for a name that is none of ours."""
    found = _STREAM.fullmatch(stream)
    return (found["job"], found["run"], int(found["attempt"])) if found else None


@dataclass
class LogTimes:
    """Notes the times at which a log had grown."""

    log: Path
    noted: int = 0

    def note(self, now: int) -> None:
        """Note how much is there at `now`, if that is news."""
        size = self.log.stat().st_size if self.log.exists() else 0
        if size > self.noted:
            with _times(self.log).open("a", encoding="ascii") as times:
                times.write(f"{now} {size}\n")
            self.noted = size


def page(log: Path, token: str | None, *, ended: bool) -> LogPage:
    """The lines from `token` on; a last line without its end only where no more will come."""
    start = int(token or 0)
    times = _read_times(log)
    with log.open("rb") as file:
        file.seek(start)
        chunk = file.read(PAGE_BYTES)
        whole = ended and not file.read(1)
    lines = list(_lines(chunk, whole=whole))
    stamps = _stamps(times, [start + end for end, _ in lines])
    told = [(stamp, text) for stamp, (_, text) in zip(stamps, lines, strict=True)]
    return LogPage(lines=told, token=str(start + (lines[-1][0] if lines else 0)))


def _lines(chunk: bytes, *, whole: bool) -> Iterator[tuple[int, str]]:
    """Each line, and where in the chunk the next begins."""
    at = 0
    while at < len(chunk):
        end = chunk.find(b"\n", at, at + _LINE_BYTES) + 1
        if not end and len(chunk) - at < _LINE_BYTES and not whole:
            return
        end = end or min(at + _LINE_BYTES, len(chunk))
        text = chunk[at:end].decode(errors="replace")
        at = end
        yield at, text.removesuffix("\n").removesuffix("\r")


def _stamps(times: Sequence[tuple[int, int]], ends: Sequence[int]) -> Iterator[int]:
    """For each line the first time at which its end was there; the last, where it came while we read."""
    sizes = [size for _, size in times]
    for end in ends:
        yield times[min(bisect_left(sizes, end), len(times) - 1)][0]


def _read_times(log: Path) -> list[tuple[int, int]]:
    """The notes, and after them when the file itself was last written."""
    state = log.stat()
    latest = (state.st_mtime_ns // 1_000_000, state.st_size)
    if not _times(log).exists():
        return [latest]
    notes = (line.split() for line in _times(log).read_text(encoding="ascii").splitlines())
    return [*((int(note[0]), int(note[1])) for note in notes if len(note) > 1), latest]


def _times(log: Path) -> Path:
    return log.with_suffix(".times")
