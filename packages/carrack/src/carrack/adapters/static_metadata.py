"""What in a manifest a plan cannot stand on, because only the build backend knows it; each with its remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from carrack.adapters.tables import ManifestTable

_FROM_GIT = ("setuptools_scm", "setuptools-scm", "versioningit", "versioneer")
_NOT_FROM_GIT = ("regex", "code", "env")
"""Hatch's own sources of versions; all others are plugins, which ask git."""


def dynamic(table: ManifestTable) -> Iterator[str]:
    """A sentence, with its key, for each thing that is not written down."""
    project = table.project
    if "version" in project.dynamic:
        yield f"project.dynamic: version must be static; {_version_remedy(table)}"
    elif project.version is None:
        yield "project.version: is missing"
    for key, form in (("dependencies", "dependencies = […]"), ("optional-dependencies", "them")):
        if key in project.dynamic:
            yield f"project.dynamic: {key} must be static; write {form} under [project] and drop it from dynamic"


def projectless(tool: Mapping[str, Any]) -> str:
    """What to do with a manifest that has no [project], by what it has under `tool`."""
    if "poetry" in tool:
        return "write what [tool.poetry] says under [project], which Poetry reads since 2.0"
    if "metadata" in table_of(tool.get("flit")):
        return "write what [tool.flit.metadata] says under [project], which flit reads since 3.2"
    return "write name, version and dependencies under [project]; setuptools takes the rest from setup.cfg and setup.py"


def _version_remedy(table: ManifestTable) -> str:
    """What makes a version static that the backend takes from elsewhere, by the table that says from where."""
    tool = table.tool
    hatch = table_of(table_of(tool.get("hatch")).get("version"))
    pdm = table_of(table_of(tool.get("pdm")).get("version"))
    setuptools = table_of(table_of(table_of(tool.get("setuptools")).get("dynamic")).get("version"))
    poetry = table_of(tool.get("poetry")).get("version")
    write = f'write version = "{poetry or "X.Y.Z"}" under [project] and drop it from dynamic'
    from_git = [name for name in _FROM_GIT if name in tool]
    from_git += ["hatch.version"] * (hatch.get("source", "regex") not in _NOT_FROM_GIT)
    from_git += ["pdm.version"] * (pdm.get("source") == "scm")
    if from_git:
        return f"{write}, with the last release's, and remove [tool.{from_git[0]}]: bump and tags do its work here"
    if place := hatch.get("path") or pdm.get("path") or setuptools.get("attr"):
        return f'{write}; let {place} say importlib.metadata.version("{table.project.name}")'
    if file := setuptools.get("file"):
        return f"{write}, and remove {file}"
    return (
        f"{write}, and from [tool.poetry]"
        if poetry
        else f"{write}; bump raises a __version__ in the code too"
    )


def table_of(value: Any) -> Mapping[str, Any]:
    """`value` if it is a table, else an empty one: other tools' tables may have any shape."""
    return value if isinstance(value, Mapping) else {}
