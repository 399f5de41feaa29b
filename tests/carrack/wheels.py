"""Real wheels and sdists, small enough to make in a test."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def make_wheel(
    folder: Path,
    name: str,
    version: str,
    *,
    requires: Iterable[str] = (),
    tag: str = "py3-none-any",
    requires_python: str = ">=3.11",
    members: Mapping[str, str] | None = None,
) -> Path:
    """Write a wheel that installs one module, whose `VERSION` is `version`."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    files = dict(members or {f"{module}/__init__.py": f"VERSION = {version!r}\n"})
    files[f"{info}/METADATA"] = _metadata(name, version, requires, requires_python)
    files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n"
    files[f"{info}/RECORD"] = _record(files) + f"{info}/RECORD,,\n"
    path = folder / f"{module}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in files.items():
            archive.writestr(zipfile.ZipInfo(member), text)
    return path


def make_large_wheel(folder: Path, name: str, version: str, size: int) -> Path:
    """Write a wheel of a little over `size` bytes, nearly all of them zeros that take no room on the disk."""
    small = make_wheel(folder, name, version)
    path = folder / "large" / small.name
    path.parent.mkdir()
    with zipfile.ZipFile(small) as source, _Sparse(path, "w") as file, zipfile.ZipFile(file, "w") as wheel:
        for member in source.infolist():
            wheel.writestr(member, source.read(member))
        with wheel.open(zipfile.ZipInfo("zeros.bin"), "w", force_zip64=True) as zeros:
            for _ in range(size >> 20):
                zeros.write(_ZEROS)
    return path


class _Sparse(io.FileIO):
    """A file in which a mebibyte of zeros is a hole."""

    def write(self, data: Any) -> int:
        if data == _ZEROS:
            self.seek(len(data), io.SEEK_CUR)
            return len(data)
        return super().write(data)


_ZEROS = bytes(1 << 20)


def make_sdist(folder: Path, name: str, version: str, *, epoch: int = 0) -> Path:
    """Write an sdist that has nothing in it but its metadata and a word; building it fails."""
    stem = f"{name.replace('-', '_')}-{version}"
    path = folder / f"{stem}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for file, text in (
            ("PKG-INFO", _metadata(name, version, (), ">=3.11")),
            ("NOTE", "not to be built\n"),
            ("pyproject.toml", "not to be built\n"),
        ):
            member = tarfile.TarInfo(f"{stem}/{file}")
            member.mtime = epoch
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def sha256(path: Path) -> str:
    """The file's sha256, in lower-case hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _metadata(name: str, version: str, requires: Iterable[str], requires_python: str) -> str:
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        f"Requires-Python: {requires_python}",
    ]
    return "\n".join([*lines, *(f"Requires-Dist: {requirement}" for requirement in requires)]) + "\n"


def _record(files: Mapping[str, str]) -> str:
    return "".join(
        f"{member},sha256={_digest(text)},{len(text.encode())}\n" for member, text in files.items()
    )


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
