"""What of a folder no step converts, and people should know."""

from __future__ import annotations

from collections.abc import Iterator

from carrack.model.conversion.folder import PYPROJECT, Folder, Left
from carrack.model.conversion.former import Former

_CONDA = ("environment*.y*ml", "*/environment*.y*ml", "meta.yaml", "*/meta.yaml", "conda.recipe/*")
_APART = {
    "Pipfile": "is an environment of pipenv, not this distribution's requirements",
    "Pipfile.lock": "is an environment of pipenv, not this distribution's requirements",
    "poetry.lock": "is Poetry's own lock, which no build reads; Poetry makes it anew from [project]",
    "pdm.lock": "is PDM's own lock, which no build reads",
}
_ACCIDENTS = frozenset(
    {"test", "tests", "testing", "doc", "docs", "example", "examples", "benchmarks", "scripts"}
)
"""Names at the top of a wheel that hardly anybody means to install for everybody."""


def noticed(folder: Folder) -> Iterator[Left]:
    """Files beside the package that say what is needed in other words."""
    for name in folder.matching(*_CONDA):
        yield Left(
            file=name, line=1, why="is conda's, and is not read; what pip shall install, [project] says"
        )
    for name, why in _APART.items():
        if name in folder.names:
            yield Left(file=name, line=1, why=why)


def noticed_in_wheel(folder: Folder, former: Former) -> Iterator[Left]:
    """What is in the wheel as it was, and stays in it."""
    for name in sorted(_ACCIDENTS & set(former.wheel.packages)):
        count = sum(file.startswith(f"{name}/") for file in former.wheel.files)
        why = f"{name}/ is in the wheel as a package of its own ({count} files), as it was before; "
        yield Left(
            file=PYPROJECT,
            why=f"{why}leave it out with [tool.setuptools.packages.find] exclude, if nobody wants it",
        )
    for file in former.sources(folder):
        if line := folder.line(file, r"^\s*(import pkg_resources|from pkg_resources)"):
            why = "pkg_resources is not in setuptools 82 and later; importlib.metadata and importlib.resources stay"
            yield Left(file=file, line=line, why=why)
    if former.compiled and "wheels" not in folder.table("tool", "carrack"):
        why = 'its wheels are native: say for which, [tool.carrack.wheels] pythons = ["cp312"], machines = ["x86_64"]'
        yield Left(file=PYPROJECT, why=why)
