"""Wheels with nothing in them but metadata: what a resolver may choose and nobody installs."""

from __future__ import annotations

import zipfile
from pathlib import Path

from carrack.model.base_image import Brought

_WHEEL = "Wheel-Version: 1.0\nGenerator: carrack\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def write_stub(folder: Path, brought: Brought) -> Path:
    """Write a wheel that has the metadata of `brought` and no files of it; its path."""
    stem = f"{brought.candidate.name.replace('-', '_')}-{brought.candidate.version}"
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{stem}.dist-info/METADATA", brought.metadata)
        archive.writestr(f"{stem}.dist-info/WHEEL", _WHEEL)
        archive.writestr(f"{stem}.dist-info/RECORD", "")
    return path
