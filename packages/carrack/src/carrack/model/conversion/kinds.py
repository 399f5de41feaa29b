"""A conversion as a row of steps, one a kind, and whether anything is to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from carrack.model.conversion import flit, poetry
from carrack.model.conversion.build_system import is_setuptools, requires_of, write_build_system
from carrack.model.conversion.folder import PYPROJECT, Changes, Folder, Left, Step, Turned
from carrack.model.conversion.former import Former
from carrack.model.conversion.groups import is_requirement, write_groups
from carrack.model.conversion.layout import is_to_do, write_layout
from carrack.model.conversion.metadata import write_metadata
from carrack.model.conversion.poetry import MOVED
from carrack.model.conversion.read_git import READ_GIT, required_names
from carrack.model.conversion.requirements_file import write_dependencies
from carrack.model.conversion.toml import with_comments
from carrack.model.conversion.version import write_version
from carrack.model.conversion.version_modules import repeated


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """What is to be committed, what the folder is then, and what is left."""

    steps: tuple[Step, ...] = ()
    folder: Folder
    left: tuple[Left, ...] = ()
    remade: Mapping[str, str] = field(default_factory=dict)
    """Files of the folder that are in both wheels with other contents, on purpose, each with the reason."""


def convert(folder: Folder, former: Former) -> Conversion:
    """Every step that changes something, each from what the one before it left."""
    steps: list[Step] = []
    left: list[Left] = []
    remade: dict[str, str] = {}
    for title, turn in _turns(folder, former):
        turned = turn(folder, former)
        changes = _with_comments(folder, turned.changes)
        folder = folder.changed(changes)
        left += turned.left
        remade |= turned.remade
        if changes:
            steps.append(Step(title=title, changes=changes, why=turned.why))
    left += repeated(folder, former)
    return Conversion(steps=tuple(steps), folder=folder, left=tuple(dict.fromkeys(left)), remade=remade)


def _with_comments(folder: Folder, changes: Changes) -> Changes:
    text = changes.get(PYPROJECT)
    return changes if text is None else {**changes, PYPROJECT: with_comments(folder.text(PYPROJECT), text)}


def _turns(folder: Folder, former: Former) -> Iterator[tuple[str, Callable[[Folder, Former], Turned]]]:
    if "project" not in folder.table() or (former.facts and former.facts.setup_requires):
        yield "Write down what {name} is built with", write_build_system
    yield "Let pyproject.toml say {name}'s metadata (PEP 621)", write_metadata
    yield "Give {name} a static version", write_version
    yield "Let [project] say what {name} requires", write_dependencies
    yield "Make {name}'s development requirements dependency groups (PEP 735)", write_groups
    yield "Let pyproject.toml say {name}'s packages and files", write_layout


def to_do(folder: Folder) -> tuple[str, ...]:
    """Why the folder is not in the form that everything here needs: one reason a line; none where it is."""
    return tuple(_to_do(folder))


def _to_do(folder: Folder) -> Iterator[str]:
    project = folder.table("project")
    tool = folder.table("tool")
    if not project:
        yield f"{PYPROJECT} has no [project]"
    yield from (f"[project] {name} is dynamic" for name in project.get("dynamic", ()) if name in _STATIC)
    if project and not isinstance(project.get("version", ""), str):
        yield "[project] version is a table"
    if is_setuptools(folder) and is_to_do(folder):
        yield "setup.py or setup.cfg say what pyproject.toml has a word for"
    if READ_GIT & set(required_names(requires_of(folder))):
        yield "a build requirement reads git"
    if set(tool.get("poetry", {})) & _MOVED_OF_POETRY - set(project.get("dynamic", ())):
        yield "[tool.poetry] says what [project] has a word for"
    if flit.module_of(folder) is not None:
        yield "[tool.flit.metadata] is from before PEP 621"
    if any(_convertible(folder, told) for told in poetry.groups(folder).values()):
        yield "[tool.poetry] has development groups"
    if any(
        is_requirement(text)
        for told in tool.get("pdm", {}).get("dev-dependencies", {}).values()
        for text in told
    ):
        yield "[tool.pdm] has development dependencies"


_STATIC = ("version", "dependencies", "optional-dependencies")
_MOVED_OF_POETRY = frozenset(MOVED) - {"dependencies"}


def _convertible(folder: Folder, told: Mapping[str, object]) -> bool:
    return bool(poetry.group_requirements(folder, told)[0])
