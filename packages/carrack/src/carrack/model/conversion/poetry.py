"""`[tool.poetry]`: what of it `[project]` and dependency groups say, and what stays for poetry-core."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import tomlkit
from packaging.metadata import RawMetadata
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from carrack.model.conversion.constraints import NotPep508Error, requirements
from carrack.model.conversion.folder import PYPROJECT, Folder, Left
from carrack.model.conversion.licenses import PREFIX
from carrack.model.conversion.toml import remove

MOVED = (
    *("name", "version", "description", "authors", "maintainers", "license", "homepage", "repository"),
    *("documentation", "keywords", "classifiers", "urls", "extras", "plugins", "dependencies"),
)
"""Keys of `[tool.poetry]` that `[project]` has another word for. `packages`, `include`, `exclude`, `build`, scripts
that are files and several readmes have none: poetry-core goes on to read them, so it stays the backend."""

_SOURCES = (
    "private indexes of Poetry are not read by a build; say it in the workspace's [tool.carrack.indexes]"
)


def without_moved(document: tomlkit.TOMLDocument, dynamic: Collection[str]) -> None:
    """Take out of `[tool.poetry]` what `[project]` says now, and not what is `dynamic` in it."""
    for key in (*MOVED, "readme"):
        if key not in dynamic:
            remove(document, "tool", "poetry", key)
    scripts: Mapping[str, Any] = document.get("tool", {}).get("poetry", {}).get("scripts", {})
    for name in [name for name, told in scripts.items() if not _is_file(told)]:
        remove(document, "tool", "poetry", "scripts", name)


def _is_file(script: Any) -> bool:
    return isinstance(script, Mapping) and script.get("type") == "file"


def adds_classifiers(folder: Folder, raw: RawMetadata) -> bool:
    """Whether poetry-core added classifiers of its own: it does so as long as `[project]` leaves them to it."""
    poetry = folder.table("tool", "poetry")
    own = [text for text in raw.get("classifiers", ()) if not text.startswith(PREFIX)]
    return bool(poetry) and not set(own) <= set(poetry.get("classifiers", ()))


def left_of_dependencies(folder: Folder) -> Iterator[Left]:
    """Entries of `[tool.poetry.dependencies]` that no index can serve, and sources."""
    for name, told in folder.table("tool", "poetry", "dependencies").items():
        for one in told if isinstance(told, list) else [told]:
            if isinstance(one, Mapping) and ("path" in one or "file" in one):
                why = f"{name} is a path on a disk; make it a package, and require it by name and version"
                yield Left(file=PYPROJECT, line=_line(folder, name), why=why)
            if isinstance(one, Mapping) and "source" in one:
                yield Left(file=PYPROJECT, line=_line(folder, name), why=f"{name}: {_SOURCES}")
    if folder.table("tool", "poetry").get("source"):
        yield Left(file=PYPROJECT, line=folder.line(PYPROJECT, r"^\[\[tool\.poetry\.source"), why=_SOURCES)


def groups(folder: Folder) -> Mapping[str, Mapping[str, Any]]:
    """The tables of dependencies of each development group; `dev-dependencies` is the group `dev` too."""
    poetry = folder.table("tool", "poetry")
    found = {"dev": dict(poetry.get("dev-dependencies", {}))} if "dev-dependencies" in poetry else {}
    for name, told in poetry.get("group", {}).items():
        found.setdefault(name, {}).update(told.get("dependencies", {}))
    return found


def group_requirements(
    folder: Folder, told: Mapping[str, Any]
) -> tuple[dict[str, Sequence[str]], list[Left]]:
    """The requirements of a group's entries, by entry, and what of them has no form in PEP 508."""
    found: dict[str, Sequence[str]] = {}
    left = []
    for name, entry in told.items():
        try:
            if name != "python":
                found[name] = tuple(requirements(name, entry))
        except NotPep508Error as error:
            left.append(Left(file=PYPROJECT, line=_line(folder, name), why=str(error)))
    return found, left


def _line(folder: Folder, name: str) -> int | None:
    wanted = canonicalize_name(name)
    for number, line in folder.lines(PYPROJECT):
        try:
            if canonicalize_name(Requirement(line.partition("=")[0].strip(" \"'")).name) == wanted:
                return number
        except InvalidRequirement:
            continue
    return None
