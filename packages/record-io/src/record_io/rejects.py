"""Rejected records as JSON Lines."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Final

from record_io.batches import Reject
from record_io.streams import MARK

_LONGEST: Final = 10_000  # characters of raw text that are kept


def reject_lines(rejects: Iterable[Reject]) -> bytes:
    """Return one JSON object a line for each rejected record: file, number, column, rule, reason, record.

    Bytes that were not UTF-8 appear as U+FFFD, and raw text is cut after 10,000 characters. Dates and times
    are in ISO 8601, the bytes of a file name that is not UTF-8 are JSON's escapes of U+DC80 to U+DCFF.
    """
    return "".join(map(_line, rejects)).encode(errors="backslashreplace")


def renumbered(line: bytes, offset: int) -> bytes:
    """Return such a line with a number that is `offset` greater: of a record in a file, not in a piece of it."""
    fields = json.loads(line)
    return _json({**fields, "number": fields["number"] + offset}).encode(errors="backslashreplace")


def _line(reject: Reject) -> str:
    fields = asdict(reject)
    if isinstance(reject.record, str):
        fields["record"] = reject.record[:_LONGEST]
    return _json(fields)


def _json(fields: Mapping[str, object]) -> str:
    text = json.dumps(fields, ensure_ascii=False, default=str)
    return text.replace(MARK, "\N{REPLACEMENT CHARACTER}") + "\n"
