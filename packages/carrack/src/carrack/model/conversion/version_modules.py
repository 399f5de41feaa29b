"""Modules that tools for versions wrote, as modules that say the version and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import PurePosixPath

from carrack.model.conversion.folder import PYPROJECT, Changes, Folder, Left
from carrack.model.conversion.former import Former

_SAYS = {
    "version": "version = __version__\n",
    "__version_tuple__": (
        '__version_tuple__ = tuple(int(part) if part.isdigit() else part for part in __version__.split("."))\n'
    ),
    "version_tuple": "version_tuple = __version_tuple__\n",
    "__commit_id__": "__commit_id__ = None\n",
    "commit_id": "commit_id = None\n",
}
"""How each name is given that tools write, in an order in which they can be."""
_VERSIONEER = '''

def get_versions():
    """The version, in the form that versioneer gave it."""
    return {"version": __version__, "full-revisionid": None, "dirty": False, "error": None, "date": None}
'''
FOLLOWED = re.compile(r"""^__version__(?: *: *[\w.]+)? *= *["']""")
"""How a version is written that `carrack bump` raises."""

FOLLOWED_FILES = re.compile(
    r"(?:src/)?(?:[^/]+/(?:__init__|__about__|__version__|_version|version)|[^/]+)\.py"
)
"""Where `carrack bump` looks for it (adapters/manifest_edits.py)."""


def version_modules(folder: Folder, former: Former) -> Mapping[str, str]:
    """Each module that a tool wrote into the wheel, and versioneer's own, as one that says the version literally."""
    version = former.version.public
    found = {
        name: _module(version, text)
        for name, text in former.generated(folder).items()
        if former.wheel.metadata["version"] in text and _names(text)
    }
    for name in former.sources(folder):
        text = folder.text(name)
        stays = former.facts and former.facts.wraps_versioneer
        if "def get_versions" in text and "versioneer" in text and not stays:
            found[name] = _module(version, "") + _VERSIONEER
    return found


def ignored(folder: Folder, modules: Mapping[str, str]) -> Changes:
    """The .gitignore files of the folder without the lines that are for these modules."""
    changes: dict[str, str | None] = {}
    for file in folder.matching(".gitignore", "*/.gitignore"):
        lines = folder.text(file).splitlines(keepends=True)
        kept = [line for line in lines if not any(_covers(file, line, name) for name in modules)]
        if kept != lines:
            rest = re.sub(r"^#.*(scm|version).*\n(?=\n|\Z)", "", "".join(kept), flags=re.MULTILINE)
            changes[file] = rest if rest.strip() else None
    return changes


def _covers(file: str, line: str, name: str) -> bool:
    pattern = line.strip().lstrip("/").removeprefix("**/")
    if not pattern or pattern.startswith("#"):
        return False
    below = PurePosixPath(file).parent.as_posix()
    name = name.removeprefix(f"{below}/") if below != "." else name
    return name == pattern or (name.endswith(f"/{pattern}") or fnmatch(name, pattern))


def repeated(folder: Folder, former: Former) -> Iterator[Left]:
    """Where else the version is written, so that `carrack bump` does not raise it."""
    version = former.version.public
    name = former.wheel.metadata["name"]
    for file in former.sources(folder):
        for number, line in folder.lines(file):
            if not re.match(r"__version__\s*[:=]", line) or str(version) not in line:
                continue
            if not (FOLLOWED.match(line) and FOLLOWED_FILES.fullmatch(file)):
                why = f"`carrack bump` does not follow this; importlib.metadata.version({name!r}) says the version"
                yield Left(file=file, line=number, why=why)
    for file in sorted(folder.texts):
        if "/" not in file and file != PYPROJECT and folder.text(file).strip().removeprefix("v") == version:
            why = "says the version too, and `carrack bump` does not follow it; remove it where nothing reads it"
            yield Left(file=file, line=1, why=why)


def _module(version: str, generated: str) -> str:
    """A module with the names that `generated` gives."""
    names = _names(generated)
    wanted = names | ({"__version_tuple__"} if "version_tuple" in names else set())
    lines = "".join(says for name, says in _SAYS.items() if name in wanted)
    return f'"""The version; `carrack bump` raises it."""\n\n__version__ = "{version}"\n{lines}'


def _names(text: str) -> frozenset[str]:
    """The names for versions that a module gives; none where it does more than that."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return frozenset()
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    names = {t.id for node in assigned for t in node.targets if isinstance(t, ast.Name)}
    return frozenset(names & {"__version__", *_SAYS})
