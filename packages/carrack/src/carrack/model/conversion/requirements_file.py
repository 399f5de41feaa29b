"""The step from requirements that another file has to `[project] dependencies`."""

from __future__ import annotations

from typing import Any

from carrack.model.conversion.build_system import is_setuptools
from carrack.model.conversion.folder import PYPROJECT, UNTURNED, Folder, Left, Turned
from carrack.model.conversion.former import Former
from carrack.model.conversion.project import fields, tables
from carrack.model.conversion.toml import remove, text_of
from carrack.model.conversion.version import not_dynamic

_TABLES = ("optional-dependencies", "scripts", "gui-scripts", "entry-points", "urls")


def write_dependencies(folder: Folder, former: Former) -> Turned:
    """What `[project]` leaves to setuptools or a hook still: requirements, and for setuptools all but the readme."""
    document = folder.pyproject
    project: Any = document["project"]
    wanted = [name for name in project.get("dynamic", ()) if _is_static_now(folder, name)]
    if not wanted:
        return UNTURNED
    notes = former.notes(folder)
    told = dict(fields(former.wheel, former.version.public, None, notes, None))
    below = {key.partition(".")[0]: value for key, value in tables(former.wheel, notes).items()}
    for name in wanted:
        not_dynamic(document, name)
        remove(document, "tool", "setuptools", "dynamic", name)
        value = below.get(name) if name in _TABLES else told.get(name)
        if name == "entry-points":
            value = {k: v for k, v in former.wheel.entry_points.items() if not k.endswith("_scripts")}
        if value:
            project[name] = value
    remove(document, "tool", "hatch", "metadata", "hooks", "requirements_txt")
    read = [
        file for file in folder.matching("*requirements*.txt", "requirements/*.txt") if _is_read(folder, file)
    ]
    left = tuple(
        Left(
            file=file,
            line=1,
            why="its lines are in [project] now, and no build reads it any more",
        )
        for file in read
    )
    return Turned(changes={PYPROJECT: text_of(document)}, left=left)


def _is_static_now(folder: Folder, name: str) -> bool:
    if name == "readme":
        return False
    return is_setuptools(folder) or name in ("dependencies", "optional-dependencies")


def _is_read(folder: Folder, file: str) -> bool:
    name = file.rpartition("/")[2].replace(".", r"\.")
    return any(folder.line(script, name) for script in ("setup.py", "setup.cfg", PYPROJECT)) or (
        file == "requirements.txt" and "pbr" in folder.text("setup.py")
    )
