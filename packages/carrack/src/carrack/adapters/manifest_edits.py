"""Writes versions and pins into pyproject.toml files; everything else in them stays as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableSequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import tomlkit
from packaging.requirements import Requirement
from packaging.version import Version

from carrack.adapters.all_or_none import put_back, write_all
from carrack.errors import WorkspaceError
from carrack.model.bumping import Edit


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
        except (FileNotFoundError, IsADirectoryError):
            return None
        except UnicodeDecodeError:
            raise WorkspaceError("it is not UTF-8", address=str(file)) from None

    def write(self, texts: Mapping[PurePosixPath, str | None]) -> None:
        """See `ports.Manifests`, and `all_or_none.write_all` for what it raises."""
        write_all(self.root, texts)

    def put_back(self) -> tuple[PurePosixPath, ...]:
        """See `ports.Manifests`, and `all_or_none.put_back` for what it raises."""
        return put_back(self.root)

    def literals(self, package: PurePosixPath, version: str) -> tuple[PurePosixPath, ...]:
        """See `ports.Manifests`. Looked for in modules at the top of a package, and in those that are one alone."""
        files = dict.fromkeys(file for glob in _MODULES for file in self.files(package, glob))
        return tuple(file for file in files if _literal(version).search(self.read(file) or ""))

    def edited(self, text: str, edit: Edit) -> str:
        """See `ports.Manifests`. Raises WorkspaceError where the file does not say what it said before the edit."""
        if edit.key == ("__version__",):
            return _literal(edit.before).sub(rf"\g<1>{edit.after}", text)
        document = tomlkit.parse(text)
        table: Any = document
        for part in edit.key[:-1]:
            table = table.get(part, {})
        key = edit.key[-1]
        value = table.get(key)
        if isinstance(value, MutableSequence):
            position = _position(value, edit.before)
            if position is not None:
                value[position] = _quoted(edit.after, like=value[position])
                return tomlkit.dumps(document)
        elif value is not None and Version(value) == Version(edit.before):
            table[key] = _quoted(edit.after, like=value)
            return tomlkit.dumps(document)
        raise WorkspaceError(
            f"does not say {edit.before!r} any more", address=f"{edit.manifest}: {'.'.join(edit.key)}"
        )


_MODULES = (
    *(
        f"{place}{name}"
        for place in ("src/*/", "*/")
        for name in ("__init__.py", "__about__.py", "__version__.py", "_version.py", "version.py")
    ),
    *("src/*.py", "*.py"),
)


def _quoted(text: str, *, like: Any) -> Any:
    """The text in the quotes that its place had."""
    return tomlkit.string(text, literal=like.as_string().startswith("'") or '"' in text)


def _literal(version: str) -> re.Pattern[str]:
    return re.compile(
        rf"""^(__version__(?: *: *[\w.]+)? *= *(["']))({re.escape(version)})(?=\2)""", re.MULTILINE
    )


def _position(requirements: MutableSequence[Any], wanted: str) -> int | None:
    texts = (
        (i, text) for i, text in enumerate(requirements) if isinstance(text, str)
    )  # groups may have tables
    return next((i for i, text in texts if Requirement(text) == Requirement(wanted)), None)
