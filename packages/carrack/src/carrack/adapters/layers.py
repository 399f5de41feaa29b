"""One layer of an image, as a registry keeps it."""

from __future__ import annotations

import io
import tarfile
from enum import Enum
from pathlib import PurePosixPath
from typing import Final, Literal


class _Missing(Enum):
    MISSING = "missing"


MISSING: Final = _Missing.MISSING
"""A layer says nothing of a file: the one below it may have it."""


def member(layer: bytes, path: PurePosixPath) -> bytes | Literal[_Missing.MISSING] | None:
    """A file in a layer; None where the layer takes it away, or a folder above it (OCI image specification: whiteouts).

    MISSING too where the layer is compressed in a way that this Python cannot read.
    """
    name = str(path).lstrip("/")
    *folders, top = PurePosixPath(name).parents
    gone = {str(one.with_name(f".wh.{one.name}")) for one in (PurePosixPath(name), *folders)}
    gone |= {str(folder / ".wh..wh..opq") for folder in (*folders, top)}
    taken_away = False
    try:
        with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
            for entry in archive:
                if entry.name.removeprefix("./") == name:
                    body = archive.extractfile(entry)
                    return body.read() if body else None
                taken_away |= entry.name.removeprefix("./") in gone
    except tarfile.TarError:
        return MISSING
    return None if taken_away else MISSING
