"""The bytes of a file on their way to a client."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool

_CHUNK_BYTES = 256 * 1024


class BrokenContentError(Exception):
    """The bytes are not those that were promised; what was sent of them is cut short, never completed."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """The bytes of one file, and how many there are (None where that is not known yet)."""

    chunks: AsyncIterator[bytes]
    size: int | None


async def read_kept(path: Path, sha256: str) -> AsyncIterator[bytes]:
    """Give the bytes of a kept file; the last of them only when the whole file has its hash.

    Raises:
        BrokenContentError: the file on the disk is no longer what was kept.
    """
    hashed = hashlib.sha256()
    with _open(path) as file:
        held_back = b""
        while chunk := await run_in_threadpool(file.read, _CHUNK_BYTES):
            if held_back:
                yield held_back
            hashed.update(chunk)
            held_back = chunk
    if hashed.hexdigest() != sha256:
        raise BrokenContentError(f"{path} does not have the bytes any more that were kept.")
    yield held_back


def whole(path: Path, sha256: str) -> bytes:
    """Return the bytes of a kept file that is small enough to be read at once.

    Raises:
        BrokenContentError: as `read_kept`.
    """
    with _open(path) as file:
        content = file.read()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BrokenContentError(f"{path} does not have the bytes any more that were kept.")
    return content


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise BrokenContentError(f"{path} cannot be read: {error.strerror}.") from error
