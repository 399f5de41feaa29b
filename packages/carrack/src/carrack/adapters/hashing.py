"""A file on disk, in the words of the index."""

from __future__ import annotations

import hashlib
from pathlib import Path

from carrack.model.published import File


def describe(path: Path) -> File:
    """Name, sha256 and size of the file at `path`, read in pieces."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return File(name=path.name, sha256=digest, size=path.stat().st_size)
