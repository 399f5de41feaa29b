"""Looks into wheels and sdists."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path


class BuiltArchives:
    """Implements `ports.Archives`."""

    def members(self, path: Path) -> Mapping[str, bytes]:
        """See `ports.Archives`. A link's content is its target."""
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as wheel:
                return {name: wheel.read(name) for name in wheel.namelist() if not name.endswith("/")}
        with tarfile.open(path) as sdist:
            return {
                member.name.partition("/")[2]: _content(sdist, member)
                for member in sdist
                if not member.isdir()
            }

    def epoch(self, sdist: Path) -> int | None:
        """See `ports.Archives`. It is the time of the sdist's pyproject.toml, which every backend takes over."""
        with tarfile.open(sdist) as archive:
            for member in archive:
                if member.name.count("/") == 1 and member.name.endswith("/pyproject.toml"):
                    return int(member.mtime)
        return None


def _content(sdist: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = sdist.extractfile(member) if member.isfile() else None
    return stream.read() if stream else f"link to {member.linkname}".encode()
