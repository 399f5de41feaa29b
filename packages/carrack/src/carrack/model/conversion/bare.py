"""Folders that are no distribution yet: code, and perhaps a requirements.txt."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

from carrack.model.conversion.build_system import SETUPTOOLS, current_requirement
from carrack.model.conversion.flit import module_of
from carrack.model.conversion.folder import PYPROJECT, Folder, Left, Step
from carrack.model.conversion.kinds import Conversion
from carrack.model.conversion.markers import said
from carrack.model.conversion.project import project_text, requirements
from carrack.model.conversion.setup_cfg import sections
from carrack.model.conversion.toml import inserted

_FILE = "requirements.txt"


def is_bare(folder: Folder) -> bool:
    """Whether nothing in the folder says a distribution's name: no setup.py, and no table or section of any backend."""
    cfg = sections(folder)
    told = folder.table("project") or folder.table("tool", "poetry") or module_of(folder)
    return not told and "setup.py" not in folder.names and "metadata" not in cfg


def make_distribution(folder: Folder, name: str, version: Version) -> Conversion:
    """A distribution with the requirements of requirements.txt, as they are written there.

    What in that file is no requirement (options, other files, addresses of files) is left, and pins are told of.
    """
    left: list[Left] = []
    texts = list(_requirements(folder, left))
    table = {"version": str(version), "dependencies": requirements(texts, {})}
    system = (
        f'[build-system]\nrequires = ["{current_requirement(SETUPTOOLS)}"]\nbuild-backend = "{SETUPTOOLS}"\n'
    )
    text = inserted(folder.text(PYPROJECT), f"{system}\n{project_text(name, table, {}, ())}")
    step = Step(
        title="Make {name} a distribution",
        changes={PYPROJECT: text},
        why=f"Its name is the folder's, its requirements are those of {_FILE}.",
    )
    return Conversion(steps=(step,), folder=folder.changed(step.changes), left=tuple(left))


def _requirements(folder: Folder, left: list[Left]) -> Iterator[str]:
    pinned = None
    for number, line in folder.lines(_FILE):
        text = re.sub(r"(^|\s)#.*$", "", line).strip().removesuffix("\\").strip()
        if not text or text.startswith("--hash"):
            continue
        try:
            requirement = Requirement(re.sub(r"\s--\w.*$", "", text))
        except InvalidRequirement:
            left.append(
                Left(
                    file=_FILE,
                    line=number,
                    why=f"{text!r} is no requirement (PEP 508), and is not taken over",
                )
            )
            continue
        if any(part.operator == "==" for part in requirement.specifier):
            pinned = pinned or number
        yield said(requirement)
    if pinned:
        why = (
            "says exact versions, as an app's lock does; a package says what it works with, such as >=2.1,<3"
        )
        left.append(Left(file=_FILE, line=pinned, why=why))
