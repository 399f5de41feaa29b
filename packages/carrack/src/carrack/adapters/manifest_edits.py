"""Writes versions and pins into pyproject.toml files; everything else in them stays as it is."""

from __future__ import annotations

import os
from collections.abc import MutableSequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import tomlkit
from packaging.requirements import Requirement

from carrack.errors import WorkspaceError


@dataclass(frozen=True)
class ManifestEdits:
    """Implements `ports.Manifests` under `root`."""

    root: Path

    def replace(self, package: PurePosixPath, key: str, before: str, after: str) -> None:
        """See `ports.Manifests`. Raises WorkspaceError where the key does not say `before`."""
        path = self.root / package / "pyproject.toml"
        document = tomlkit.parse(path.read_text(encoding="utf-8"))
        project: Any = document["project"]
        if key == "dependencies":
            _replace_requirement(project["dependencies"], before, after)
        elif project.get(key) == before:
            project[key] = after
        else:
            raise WorkspaceError(
                f"is not {before!r} any more", address=f"{package}/pyproject.toml: project.{key}"
            )
        _write(path, tomlkit.dumps(document))


def _replace_requirement(dependencies: MutableSequence[str], before: str, after: str) -> None:
    for position, text in enumerate(dependencies):
        if Requirement(text) == Requirement(before):
            dependencies[position] = after


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
