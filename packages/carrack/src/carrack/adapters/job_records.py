"""The record of submitted jobs on disk: one JSON object a line, appended."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from carrack.adapters.whole_lines import append
from carrack.model.jobs.submission import Submission

_SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class JobRecords:
    """Implements `ports.JobRecords` in a file, normally `.carrack/jobs/submitted.jsonl` of the workspace.

    It is no cache: where it cannot be written, OSError stops the request before it is sent. The last line of a request
    counts; a line that a crash tore is none, and its request was not sent.
    """

    file: Path

    def begin(self, made: Submission, *, instead_of: Submission | None = None) -> Submission | None:
        """See `ports.JobRecords`."""
        with self._locked() as records:
            known = next((one for one in _read(records) if one.request_id == made.request_id), None)
            if known != instead_of:
                return known
            _write(records, made)
            return None

    def note(self, made: Submission) -> None:
        """See `ports.JobRecords`."""
        with self._locked() as records:
            _write(records, made)

    def newest(self) -> Sequence[Submission]:
        """See `ports.JobRecords`."""
        if not self.file.exists():
            return ()
        with self._locked() as records:
            return tuple({one.request_id: one for one in reversed([*_read(records)])}.values())[::-1]

    @contextmanager
    def _locked(self) -> Iterator[IO[bytes]]:
        if not self.file.exists():
            self.file.parent.mkdir(parents=True, exist_ok=True)
            (self.file.parent / ".gitignore").write_text("*\n", encoding="utf-8")  # of this machine alone
        with self.file.open("a+b") as records:
            fcntl.flock(records, fcntl.LOCK_EX)
            yield records


def _read(records: IO[bytes]) -> Iterator[Submission]:
    """The newest first."""
    records.seek(0)
    for line in reversed(records.read().split(b"\n")):
        try:
            told = json.loads(line)
            if told.pop("schema") == _SCHEMA:
                yield Submission(**told)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue


def _write(records: IO[bytes], made: Submission) -> None:
    append(records, json.dumps({"schema": _SCHEMA, **asdict(made)}))
