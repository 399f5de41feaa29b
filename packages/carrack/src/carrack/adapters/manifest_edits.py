"""Writes versions and pins into pyproject.toml files; everything else in them stays as it is."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import MutableSequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import tomlkit
from packaging.requirements import Requirement
from packaging.version import Version

from carrack.errors import WorkspaceError


@dataclass(frozen=True)
class ManifestEdits:
    """Implements `ports.Manifests` under `root`."""

    root: Path

    def files(self, folder: PurePosixPath, glob: str) -> tuple[PurePosixPath, ...]:
        """See `ports.Manifests`."""
        found = sorted(path for path in (self.root / folder).glob(glob) if path.is_file())
        return tuple(PurePosixPath(path.relative_to(self.root).as_posix()) for path in found)

    def read(self, file: PurePosixPath) -> str | None:
        """See `ports.Manifests`. Raises WorkspaceError where it is not UTF-8."""
        try:
            return (self.root / file).read_bytes().decode()
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            raise WorkspaceError("it is not UTF-8", address=str(file)) from None

    def write(self, file: PurePosixPath, text: str) -> None:
        """See `ports.Manifests`."""
        _write(self.root / file, text)

    def remove(self, file: PurePosixPath) -> None:
        """See `ports.Manifests`."""
        (self.root / file).unlink(missing_ok=True)

    def literals(self, package: PurePosixPath, version: str) -> tuple[PurePosixPath, ...]:
        """See `ports.Manifests`. Looked for in modules at the top of a package, and in those that are one alone."""
        files = dict.fromkeys(file for glob in _MODULES for file in self.files(package, glob))
        return tuple(file for file in files if _literal(version).search(self.read(file) or ""))

    def replace(self, manifest: PurePosixPath, key: tuple[str, ...], before: str, after: str) -> None:
        """See `ports.Manifests`. Raises WorkspaceError where the key does not say `before`."""
        path = self.root / manifest
        if key == ("__version__",):
            return _write(path, _literal(before).sub(rf"\g<1>{after}", self.read(manifest) or ""))
        document = tomlkit.parse(path.read_bytes().decode())
        table: Any = document
        for part in key[:-1]:
            table = table[part]
        value = table[key[-1]]
        if isinstance(value, MutableSequence):
            position = _position(value, before)
            if position is not None:
                value[position] = after
                return _write(path, tomlkit.dumps(document))
        elif Version(value) == Version(before):
            table[key[-1]] = after
            return _write(path, tomlkit.dumps(document))
        raise WorkspaceError(f"does not say {before!r} any more", address=f"{manifest}: {'.'.join(key)}")


_MODULES = (
    *(
        f"{place}{name}"
        for place in ("src/*/", "*/")
        for name in ("__init__.py", "__about__.py", "__version__.py", "_version.py", "version.py")
    ),
    *("src/*.py", "*.py"),
)


def _literal(version: str) -> re.Pattern[str]:
    return re.compile(
        rf"""^(__version__(?: *: *[\w.]+)? *= *(["']))({re.escape(version)})(?=\2)""", re.MULTILINE
    )


def _position(requirements: MutableSequence[str], wanted: str) -> int | None:
    return next((i for i, text in enumerate(requirements) if Requirement(text) == Requirement(wanted)), None)


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.parent.mkdir(parents=True, exist_ok=True)
    temporary.write_bytes(text.encode())
    if path.exists():
        shutil.copymode(path, temporary)
    os.replace(temporary, path.resolve())
