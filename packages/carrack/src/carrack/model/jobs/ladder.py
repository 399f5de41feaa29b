"""How a job's configuration travels: as JSON, compressed, or through S3, whichever first leaves room.

The forms are those that `batch_params.transport` writes and the job reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from batch_params.transport import inline, pointing, stored, zipped
from carrack.model.jobs.job import JSON
from carrack.model.jobs.limits import OVERRIDE_CHARACTERS, OVERRIDE_GOAL, REQUEST_BYTES, override_length, size
from carrack.model.jobs.request import Asked, compose


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What has to be in S3 before the job starts."""

    bucket: str
    key: str
    data: bytes

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, kw_only=True)
class Carried:
    """A request with its configuration in it, what has to be stored for it, and what its reader should know."""

    request: dict[str, Any]
    stored: Stored | None = None
    note: str = ""


def carry(asked: Asked, document: Mapping[str, Any] | None, overflow: str | None = None) -> Carried:
    """The request with `document` in the first form that leaves room: JSON, gzip, or a file below `overflow`.

    Without an `overflow` what is over the goal, and under the limit, goes all the same, and a note says so.
    """
    if document is None:
        return Carried(request=compose(asked))
    written = [compose(asked, inline(document)), compose(asked, zipped(document))]
    for request in written:
        if _length(request, asked) <= OVERRIDE_GOAL and size(request) <= REQUEST_BYTES:
            return Carried(request=request)
    if overflow is not None:
        return _overflowing(asked, document, overflow)
    shortest = min(written, key=lambda request: _length(request, asked))
    length = _length(shortest, asked)
    note = (
        f"the overrides have {length:,} characters of {OVERRIDE_CHARACTERS:,}, and whether Batch counts its own "
        "variables is not documented: `overflow` (s3://BUCKET/PREFIX/) is for that"
    )
    return Carried(request=shortest, note=note if length <= OVERRIDE_CHARACTERS else "")


def _overflowing(asked: Asked, document: Mapping[str, Any], overflow: str) -> Carried:
    place = urlsplit(overflow)
    address, data = stored(document, bucket=place.netloc, prefix=place.path.lstrip("/"))
    return Carried(
        request=compose(asked, pointing(address)),
        stored=Stored(bucket=address.bucket, key=address.key, data=data),
    )


def _length(request: JSON, asked: Asked) -> int:
    return override_length(request, asked.definition)
