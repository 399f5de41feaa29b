"""Files out of images."""

from __future__ import annotations

import io
import tarfile


def only_member(archive: bytes) -> bytes | None:
    """The content of the one file in a tar archive; None where it is no plain file."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        member = opened.next()
        body = opened.extractfile(member) if member and member.isreg() else None
        return body.read() if body else None
