"""`[tool.flit.metadata]`, flit's form before PEP 621."""

from __future__ import annotations

import tomlkit

from carrack.model.conversion.folder import Folder
from carrack.model.conversion.toml import remove


def module_of(folder: Folder) -> str | None:
    """The module that the old form names; None where there is no old form."""
    module = folder.table("tool", "flit", "metadata").get("module")
    return None if module is None else str(module)


def without_moved(document: tomlkit.TOMLDocument, module: str, name: str) -> None:
    """Take out what `[project]` says now; the module stays where the distribution's name does not tell it."""
    for key in ("metadata", "scripts", "entrypoints"):
        remove(document, "tool", "flit", key)
    if module == name.replace("-", "_"):
        return
    table = tomlkit.table()
    table.add("name", module)
    tool = document.setdefault("tool", tomlkit.table(is_super_table=True))
    tool.setdefault("flit", tomlkit.table(is_super_table=True)).add("module", table)
