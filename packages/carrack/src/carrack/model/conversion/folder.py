"""A package's folder as names and texts, and what a conversion does to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.exceptions import TOMLKitError

PYPROJECT = "pyproject.toml"
Changes = Mapping[str, str | None]
"""The new text of each file that changes; None for one that goes."""


@dataclass(frozen=True, kw_only=True)
class Folder:
    """Every file's name below the folder, and the text of those that are text."""

    names: frozenset[str]
    texts: Mapping[str, str]

    def text(self, name: str) -> str:
        """A file's text; empty where there is no such file, or it is no text."""
        return self.texts.get(name, "")

    def matching(self, *globs: str) -> tuple[str, ...]:
        """The names of texts that match one of `globs`, by name."""
        return tuple(sorted(name for name in self.texts if any(fnmatch(name, glob) for glob in globs)))

    def changed(self, changes: Changes) -> Folder:
        """The folder with these changes."""
        gone = {name for name, text in changes.items() if text is None}
        kept = {name: text for name, text in changes.items() if text is not None}
        texts = {name: text for name, text in self.texts.items() if name not in gone} | kept
        return Folder(names=(self.names - gone) | kept.keys(), texts=texts)

    @property
    def pyproject(self) -> TOMLDocument:
        """The pyproject.toml, to be read and written with its comments; empty where there is none.

        Raises TOMLKitError where it is not TOML.
        """
        return tomlkit.parse(self.text(PYPROJECT))

    @property
    def has_valid_pyproject(self) -> bool:
        """Whether pyproject.toml is TOML; so is one that is not there."""
        try:
            return self.pyproject is not None
        except TOMLKitError:
            return False

    def table(self, *keys: str) -> Mapping[str, Any]:
        """A table of pyproject.toml; empty where it has none."""
        found: Any = self.pyproject.unwrap()
        for key in keys:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    def line(self, name: str, pattern: str) -> int | None:
        """The number of the first line of a file in which `pattern` is found."""
        return next((number for number, line in self.lines(name) if re.search(pattern, line)), None)

    def lines(self, name: str) -> Iterator[tuple[int, str]]:
        """Every line of a text with its number."""
        return enumerate(self.text(name).splitlines(), start=1)


@dataclass(frozen=True, kw_only=True)
class Left:
    """Something that could not be converted: where it is, and why."""

    file: str
    why: str
    line: int | None = None

    def under(self, folder: PurePosixPath) -> str:
        """One line, with the address from the workspace: `packages/demo/setup.py:12: …`."""
        number = f":{self.line}" if self.line else ""
        return f"{folder / self.file}{number}: {self.why}"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One commit of a conversion, of one kind."""

    title: str
    changes: Changes
    why: str = ""

    def message(self, name: str) -> str:
        """The commit's message; the title's `{name}` is the distribution."""
        return self.title.format(name=name) + (f"\n\n{self.why}\n" if self.why else "\n")


@dataclass(frozen=True, kw_only=True)
class Turned:
    """What one kind of conversion makes of a folder: the changes, what it says of them, and what is left as it is."""

    changes: Changes
    why: str = ""
    left: tuple[Left, ...] = ()
    remade: Mapping[str, str] = field(default_factory=dict)
    """Files that are in both wheels with other contents on purpose, each with the reason."""


UNTURNED = Turned(changes={})
