"""Looks into wheels and sdists."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path


class BuiltArchives:
    """Implements `ports.Archives`."""

    def members(self, path: Path) -> Mapping[str, bytes]:
        """See `ports.Archives`. An sdist's names are given without its top folder."""
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as wheel:
                return {name: wheel.read(name) for name in wheel.namelist() if not name.endswith("/")}
        with tarfile.open(path) as sdist:
            return {
                member.name.partition("/")[2]: content.read()
                for member in sdist
                if member.isfile() and (content := sdist.extractfile(member))
            }

    def epoch(self, sdist: Path) -> int | None:
        """See `ports.Archives`. It is the time of the sdist's pyproject.toml, which every backend takes over."""
        with tarfile.open(sdist) as archive:
            for member in archive:
                if member.name.count("/") == 1 and member.name.endswith("/pyproject.toml"):
                    return int(member.mtime)
        return None
