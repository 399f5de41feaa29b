"""The step to `[dependency-groups]` (PEP 735) from what Poetry, PDM and setup.py call development dependencies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import tomlkit
from packaging.requirements import InvalidRequirement, Requirement

from carrack.model.conversion import poetry
from carrack.model.conversion.folder import PYPROJECT, UNTURNED, Folder, Left, Turned
from carrack.model.conversion.former import Former
from carrack.model.conversion.markers import said
from carrack.model.conversion.project import requirements
from carrack.model.conversion.setup_cfg import sections
from carrack.model.conversion.setup_script import read_script
from carrack.model.conversion.toml import inserted, remove, text_of


def write_groups(folder: Folder, former: Former) -> Turned:
    """Every group of development requirements; what PEP 508 has no word for stays where it is, but for paths."""
    document = folder.pyproject
    left: list[Left] = []
    found = {
        **_of_poetry(folder, former.folder, document, left),
        **_of_pdm(folder, former.folder, document, left),
    }
    tests = _of_setup(folder, left)
    if tests and "test" not in folder.table("dependency-groups"):
        found["test"] = tests
    found = {name: texts for name, texts in found.items() if texts}
    if not found and not left:
        return UNTURNED
    if not found:
        return Turned(changes={}, left=tuple(left))
    groups: Any = document.get("dependency-groups")
    if groups is not None:
        groups.update({name: requirements(texts, {}) for name, texts in found.items()})
        return Turned(changes={PYPROJECT: text_of(document)}, left=tuple(left))
    table = tomlkit.table()
    for name, texts in found.items():
        table.add(name, requirements(texts, {}))
    text = inserted(text_of(document), tomlkit.dumps({"dependency-groups": table}), "project")
    return Turned(changes={PYPROJECT: text}, left=tuple(left))


def _of_setup(folder: Folder, left: list[Left]) -> list[str]:
    """`tests_require` of setup.py and setup.cfg, which setuptools itself knows no more."""
    script = read_script(folder.text("setup.py"))
    told = script.literal("tests_require") if script else None
    if script and told is None and script.line("tests_require"):
        why = (
            "tests_require is not written down here; say it in pyproject.toml: [dependency-groups] test = […]"
        )
        left.append(Left(file="setup.py", line=script.line("tests_require"), why=why))
    texts = told.splitlines() if isinstance(told, str) else list(told or ())
    texts += sections(folder).get("options", {}).get("tests_require", "").replace(";", "\n").splitlines()
    return [said(Requirement(text)) for text in texts if is_requirement(text)]


def _of_poetry(
    folder: Folder, before: Folder, document: tomlkit.TOMLDocument, left: list[Left]
) -> Mapping[str, list[str]]:
    found = {}
    for name, told in poetry.groups(folder).items():
        read, faults = poetry.group_requirements(before, told)
        left += faults
        found[name] = [text for texts in read.values() for text in texts]
        paths = [key for key, one in told.items() if isinstance(one, dict) and {"path", "file"} & one.keys()]
        for entry in [*read, *paths, "python"]:
            remove(document, "tool", "poetry", "dev-dependencies", entry)
            remove(document, "tool", "poetry", "group", name, "dependencies", entry)
    return found


def _of_pdm(
    folder: Folder, before: Folder, document: tomlkit.TOMLDocument, left: list[Left]
) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, told in folder.table("tool", "pdm", "dev-dependencies").items():
        kept = [text for text in told if not is_requirement(text)]
        found[name] = [said(Requirement(text)) for text in told if text not in kept]
        remove(document, "tool", "pdm", "dev-dependencies", name)
        if kept:
            document["tool"]["pdm"].setdefault("dev-dependencies", {})[name] = kept
        left += (_no_requirement(before, text) for text in kept)
    return found


def is_requirement(text: str) -> bool:
    """Whether `text` is one in PEP 508's form."""
    try:
        Requirement(text)
    except InvalidRequirement:
        return False
    return True


def _no_requirement(folder: Folder, text: str) -> Left:
    why = f"{text!r} is no requirement (PEP 508); make what it stands for a package, and require that"
    return Left(file=PYPROJECT, line=folder.line(PYPROJECT, re.escape(text)), why=why)
