"""Rejected records as JSON Lines."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from record_io.batches import Reject
from record_io.streams import MARK

_LONGEST: Final = 10_000  # characters of raw text that are kept


class RejectWriter:
    """Writes one JSON object a line for each rejected record: file, number, column, rule, reason, record.

    Bytes that were not UTF-8 appear as U+FFFD, and raw text is cut after 10,000 characters. Dates and times
    are in ISO 8601, the bytes of a file name that is not UTF-8 are JSON's escapes of U+DC80 to U+DCFF. A context
    manager; `count` is the number of lines.
    """

    def __init__(self, path: Path) -> None:
        self.count = 0
        self._file = path.open("x", encoding="utf-8", errors="backslashreplace", newline="\n")

    def write(self, rejects: Iterable[Reject]) -> None:
        """Add rejects, in the order given."""
        for reject in rejects:
            self._file.write(_line(reject))
            self.count += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def _line(reject: Reject) -> str:
    fields = asdict(reject)
    if isinstance(reject.record, str):
        fields["record"] = reject.record[:_LONGEST]
    text = json.dumps(fields, ensure_ascii=False, default=str)
    return text.replace(MARK, "\N{REPLACEMENT CHARACTER}") + "\n"
