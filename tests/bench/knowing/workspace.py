"""A git workspace of many packages in four layers, a tag for each release, and an index that has every release."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import httpx
from tests.bench.index.servers import Server
from tests.carrack.repositories import EPOCH, GIT_ENVIRON
from tests.codeartifact_local.conftest import DOMAIN, wheel

from codeartifact_local.settings import Settings

_LAYERS, _NEEDS, _CHANGED = 4, 2, 50
"""Layers of packages; how many of the layer below each needs; one of so many changed since its release."""


def name(number: int) -> str:
    """A package's name."""
    return f"package-{number:04}"


def fill(server: Server, packages: int) -> None:
    """Upload the sdist and the wheel of each package's release."""
    with httpx.Client(trust_env=False, timeout=120) as http:
        for number in range(packages):
            for file in (_sdist(number), wheel(name(number), "1.0")):
                server.upload(http, file)


def _sdist(number: int) -> tuple[str, bytes]:
    """An sdist whose files have the time of the release's commit, as `carrack build` makes them."""
    top, packed = f"{name(number).replace('-', '_')}-1.0", io.BytesIO()
    facts = f"Metadata-Version: 2.1\nName: {name(number)}\nVersion: 1.0\n"
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for member, text in (("pyproject.toml", ""), ("PKG-INFO", facts)):
            info = tarfile.TarInfo(f"{top}/{member}")
            info.size, info.mtime = len(text), EPOCH + 60 * (1 + number)
            archive.addfile(info, io.BytesIO(text.encode()))
    return f"{top}.tar.gz", packed.getvalue()


def generate(root: Path, packages: int) -> None:
    """Make the workspace in `root`.

    Every release is a commit with a tag of its own; since then, one package in 50 changed, and another one in 50 has
    a new version.
    """
    subprocess.run(["git", "init", "-q", "-b", "main", root], env=GIT_ENVIRON, check=True)
    story = "".join(_story(packages))
    for arguments, told in ((["fast-import", "--quiet"], story), (["reset", "-q", "--hard"], "")):
        subprocess.run(["git", "-C", root, *arguments], env=GIT_ENVIRON, input=told.encode(), check=True)


def _story(packages: int) -> Iterator[str]:
    """What `git fast-import` is told."""
    yield _commit(0) + _file("pyproject.toml", _ROOT)
    for number in range(packages):
        for path, text in _files(number, packages).items():
            yield _file(f"packages/{name(number)}/{path}", text)
    for number in range(packages):
        yield _commit(1 + number) + _module(number, "released")
        yield f"reset refs/tags/{name(number)}-v1.0\nfrom refs/heads/main\n\n"
    yield _commit(1 + packages)
    for number in range(0, packages, _CHANGED):
        yield _module(number, "changed")
    for number in range(1, packages, _CHANGED):
        yield _file(f"packages/{name(number)}/pyproject.toml", _manifest(number, packages, "1.1"))


def _commit(minute: int) -> str:
    who = f"committer A. Maintainer <maintainer@example.com> {EPOCH + 60 * minute} +0000"
    return f"commit refs/heads/main\n{who}\ndata 8\na change\n"


def _file(path: str, text: str) -> str:
    return f"M 644 inline {path}\ndata {len(text)}\n{text}\n"


def _module(number: int, word: str) -> str:
    module = name(number).replace("-", "_")
    return _file(f"packages/{name(number)}/src/{module}/state.py", f'STATE = "{word}"\n')


def _files(number: int, packages: int) -> dict[str, str]:
    module = f"src/{name(number).replace('-', '_')}"
    return {
        "pyproject.toml": _manifest(number, packages, "1.0"),
        "README.md": f"# {name(number)}\n",
        **{f"{module}/module_{letter}.py": f'"""Module {letter}."""\n' for letter in "abcd"},
    }


def _manifest(number: int, packages: int, version: str) -> str:
    layer = max(packages // _LAYERS, 1)
    below = [number - layer - other for other in range(_NEEDS)] if number >= layer else []
    needs = "".join(f'    "{name(other)}>=1.0,<2",\n' for other in below if other >= 0)
    return (
        '[build-system]\nrequires = ["hatchling>=1.27,<2"]\nbuild-backend = "hatchling.build"\n\n'
        f'[project]\nname = "{name(number)}"\nversion = "{version}"\ndescription = "A package"\n'
        f'readme = "README.md"\nrequires-python = ">=3.11"\ndependencies = [\n{needs}]\n'
    )


_ROOT = f"""[tool.carrack]
default-index = "bench"

[tool.carrack.indexes.bench]
domain = "{DOMAIN}"
owner = "{Settings().account}"
region = "us-east-1"
repository = "dev"
endpoint-variable = "CODEARTIFACT_LOCAL_URL"
tags = true
"""
