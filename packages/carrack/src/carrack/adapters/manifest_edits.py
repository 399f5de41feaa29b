"""Writes versions and pins into pyproject.toml files; everything else in them stays as it is."""

from __future__ import annotations

import os
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

    def replace(self, manifest: PurePosixPath, key: tuple[str, ...], before: str, after: str) -> None:
        """See `ports.Manifests`. Raises WorkspaceError where the key does not say `before`."""
        path = self.root / manifest
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


def _position(requirements: MutableSequence[str], wanted: str) -> int | None:
    return next((i for i, text in enumerate(requirements) if Requirement(text) == Requirement(wanted)), None)


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(text.encode())
    shutil.copymode(path, temporary)
    os.replace(temporary, path.resolve())
