"""The step to a static version: `[project] version`, and nothing that asks git or other files for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import tomlkit
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from carrack.model.conversion.build_system import SETUPTOOLS, current_requirement, is_setuptools, requires_of
from carrack.model.conversion.folder import PYPROJECT, UNTURNED, Folder, Turned
from carrack.model.conversion.former import Former
from carrack.model.conversion.from_git import TABLES, finds_files
from carrack.model.conversion.manifest import MANIFEST, listing_files
from carrack.model.conversion.project import tables
from carrack.model.conversion.read_git import READ_GIT
from carrack.model.conversion.toml import remove, text_of
from carrack.model.conversion.version_modules import ignored, version_modules

_BACKENDS = {
    "poetry_dynamic_versioning.backend": "poetry.core.masonry.api",
    "flit_scm:buildapi": "flit_core.buildapi",
    "pbr.build": SETUPTOOLS,
}
"""Backends that ask git, each with the one that it goes around."""


def write_version(folder: Folder, former: Former) -> Turned:
    """`[project] version`, without the tables and build requirements that made it; a module that they wrote is kept."""
    document = folder.pyproject
    before = tomlkit.dumps(document)
    _static_urls(document, former)
    is_static = _is_static(document)
    if not is_static:
        document["project"].pop("version", None)
        not_dynamic(document, "version")
    removed = [".".join(("tool", *keys)) for keys in TABLES if remove(document, "tool", *keys)]
    remove(document, "tool", "poetry", "version")
    removed += _without_git(document)
    modules = version_modules(folder, former)
    if tomlkit.dumps(document) == before and not modules:
        return UNTURNED
    text = text_of(document)
    changes: dict[str, str | None] = {
        PYPROJECT: text if is_static else _versioned(text, str(former.version.public))
    }
    changes |= {**modules, **ignored(folder, modules)}
    if finds_files(requires_of(folder)) and is_setuptools(folder):
        changes[MANIFEST] = listing_files(folder)
    why = f"{former.version.public} is {former.found}." + (
        f"\nNo more: {', '.join(removed)}." if removed else ""
    )
    return Turned(changes=changes, why=why, remade=dict.fromkeys(modules, "only says the version now"))


def not_dynamic(document: tomlkit.TOMLDocument, field: str) -> bool:
    """Take `field` out of `[project] dynamic`; whether it was there."""
    project: Any = document["project"]
    dynamic = project.get("dynamic", [])
    if field not in dynamic:
        return False
    dynamic.remove(field)
    if not dynamic:
        del project["dynamic"]
    return True


def _is_static(document: tomlkit.TOMLDocument) -> bool:
    project: Any = document["project"]
    return isinstance(project.get("version"), str) and "version" not in project.get("dynamic", ())


def _static_urls(document: tomlkit.TOMLDocument, former: Former) -> None:
    """The only other field that a tool for versions gives: hatch-vcs's hook for metadata."""
    hooks: Any = document.get("tool", {}).get("hatch", {}).get("metadata", {}).get("hooks", {})
    if "vcs" in hooks and not_dynamic(document, "urls"):
        document["project"]["urls"] = tables(former.wheel, {}).get("urls", {})


def _versioned(text: str, version: str) -> str:
    """The manifest with the version below the name."""
    start = text.index("[project]")
    return text[:start] + re.sub(
        r"^(\s*name\s*=.*)$", rf'\g<1>\nversion = "{version}"', text[start:], count=1, flags=re.MULTILINE
    )


def _without_git(document: tomlkit.TOMLDocument) -> Iterator[str]:
    """Take out the build requirements that read git; their names."""
    system: Any = document.get("build-system", {})
    requires: Any = system.get("requires", [])
    for text in [text for text in requires if _name(text) in READ_GIT]:
        requires.remove(text)
        yield str(Requirement(text).name)
    if system.get("build-backend") in _BACKENDS:
        system["build-backend"] = _BACKENDS[system["build-backend"]]
    if "build-system" in document and not requires:
        requires.append(current_requirement(system.get("build-backend", SETUPTOOLS)))


def _name(text: str) -> str:
    try:
        return canonicalize_name(Requirement(text).name)
    except InvalidRequirement:
        return ""
