"""Workspaces of packages that depend on each other, for every tool that is measured: Carrack's and uv's at once."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.carrack.repositories import EPOCH, GIT_ENVIRON

from codeartifact_local.settings import Settings

HATCHLING, SETUPTOOLS, FLIT, UV_BUILD, MIXED = "hatchling", "setuptools", "flit", "uv_build", "mixed"
LAYERS, CHAIN = "4 layers", "a chain"
_BACKENDS = {
    HATCHLING: ("hatchling", "hatchling.build", ""),
    SETUPTOOLS: ("setuptools", "setuptools.build_meta", '[tool.setuptools.packages.find]\nwhere = ["src"]\n'),
    FLIT: ("flit-core", "flit_core.buildapi", ""),
    UV_BUILD: ("uv-build", "uv_build", ""),
}
"""Each backend's distribution, its module, and what its manifest says beside."""
_LAYERS, _NEEDS, _MODULES, _FUNCTIONS = 4, 2, 6, 40
DOMAIN, STORE, REPOSITORY, INDEX, QUOTA_INDEX = "bench", "pypi-store", "run", "bench", "bench-quota"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a workspace is like."""

    packages: int
    backend: str = HATCHLING
    graph: str = LAYERS


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """A workspace that was generated, committed to git."""

    root: Path
    shape: Shape

    @property
    def folders(self) -> Sequence[Path]:
        """The packages' folders; whoever needs another comes after it."""
        return sorted((self.root / "packages").iterdir())


def generate(root: Path, shape: Shape, constraints: str) -> Workspace:
    """Write the workspace's files, and commit them."""
    for path, text in _files(shape, constraints):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    date = f"{EPOCH} +0000"
    environ = {**GIT_ENVIRON, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    for command in (["init", "-q", "-b", "main"], ["add", "--all"], ["commit", "-qm", "packages"]):
        subprocess.run(["git", "-C", root, *command], env=environ, check=True)
    return Workspace(root=root, shape=shape)


def _files(shape: Shape, constraints: str) -> Iterator[tuple[str, str]]:
    yield "pyproject.toml", _ROOT
    yield ".gitignore", "dist/\n.carrack/\n"
    yield "build-constraints.txt", constraints
    for number in range(shape.packages):
        folder, module = f"packages/{_name(number)}", _name(number).replace("-", "_")
        yield f"{folder}/pyproject.toml", _manifest(number, shape)
        yield f"{folder}/README.md", f"# {_name(number)}\n\nA package of a measurement.\n"
        yield f"{folder}/src/{module}/__init__.py", f'"""Package {number}."""\n\n__version__ = "1.0.0"\n'
        for letter in "abcdef"[:_MODULES]:
            yield f"{folder}/src/{module}/module_{letter}.py", _module(number, letter)


def _name(number: int) -> str:
    return f"package-{number:04}"


def _manifest(number: int, shape: Shape) -> str:
    backend = shape.backend
    if backend == MIXED:
        backend = list(_BACKENDS)[number % len(_BACKENDS)]
    distribution, module, more = _BACKENDS[backend]
    needs = "".join(f'    "{_name(other)}>=1.0,<2",\n' for other in _needs(number, shape))
    return (
        f'[build-system]\nrequires = ["{distribution}"]\nbuild-backend = "{module}"\n\n'
        f'[project]\nname = "{_name(number)}"\nversion = "1.0.0"\ndescription = "A package"\n'
        f'readme = "README.md"\nrequires-python = ">=3.11"\ndependencies = [\n{needs}]\n{more}'
    )


def _needs(number: int, shape: Shape) -> Sequence[int]:
    """Two of the layer below, or the one before in a chain."""
    layer = 1 if shape.graph == CHAIN else max(shape.packages // _LAYERS, 1)
    many = 1 if shape.graph == CHAIN else _NEEDS
    return [other for other in range(number - layer, number - layer - many, -1) if other >= 0]


def _module(number: int, letter: str) -> str:
    return f'"""Module {letter} of package {number}."""\n' + "".join(
        f"\n\ndef function_{one}(value: int) -> int:\n    return value * {number + one}\n"
        for one in range(_FUNCTIONS)
    )


def _index(name: str, more: str) -> str:
    return f"""
[tool.carrack.indexes.{name}]
domain = "{DOMAIN}"
owner = "{Settings().account}"
region = "{Settings().region}"
repository = "{REPOSITORY}"
store = "{STORE}"
endpoint-variable = "CODEARTIFACT_LOCAL_URL"
{more}"""


_ROOT = f"""[tool.carrack]
default-index = "{INDEX}"
{_index(INDEX, "")}{_index(QUOTA_INDEX, "publishes-per-second = 10" + chr(10))}
[tool.uv.workspace]
members = ["packages/*"]
"""
