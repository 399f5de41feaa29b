"""uv_build without hooks: uv has that backend in it, and builds many packages in one process.

Only where our own uv is of the very version that the constraints pin uv_build to: the version is in each wheel. Where
uv does not do it, for whatever reason, the hooks do, and say why.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import uv
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from carrack.adapters.builder.one_package import Build, settle_sdist
from carrack.model.artifact import Kinds
from carrack.model.build_environment import said_of

_BACKEND = canonicalize_name("uv-build")
_PIN = re.compile(r"^uv[-_.]build\s*==\s*([^\s;]+)\s+--hash", re.IGNORECASE | re.MULTILINE)
_ROOT = '[tool.uv.workspace]\nmembers = ["*"]\n'
_ALONE = ("--offline", "--no-index", "--no-config", "--no-cache", "--no-sources", "--quiet")
_ONLY = {Kinds.BOTH: (), Kinds.SDIST: ("--sdist",), Kinds.WHEEL: ("--wheel",)}


def build_directly(builds: Sequence[Build], environ: Mapping[str, str]) -> dict[str, Mapping[str, Any]]:
    """What uv made of those that it can build, by name, as `build_package` would say it; the rest is missing."""
    pinned: defaultdict[str, list[Build]] = defaultdict(list)
    for build in builds:
        version = _pinned(build)
        if version and _is_plain(Path(build.source)):
            pinned[version].append(build)
    made: dict[str, Mapping[str, Any]] = {}
    for version, group in pinned.items():
        # No uv, a file that cannot be read, a full disk: the hooks do it, or say it by the package's name.
        with suppress(OSError):
            program = _uv(version, environ)
            made |= _build(program, group, environ) if program else {}
    return made


def _pinned(build: Build) -> str | None:
    """The one version that uv_build is pinned to, where it is all that is required."""
    try:
        names = {canonicalize_name(one.name) for one in map(Requirement, build.requires) if not one.url}
    except InvalidRequirement:
        return None
    pins = _PIN.findall(said_of([_BACKEND], build.constraints))
    return pins[0] if names == {_BACKEND} and len(pins) == 1 else None


def _is_plain(source: Path) -> bool:
    """Whether the backend is uv_build itself, and no code of the package."""
    try:
        system = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    except (OSError, ValueError, KeyError):
        return False
    return system.get("build-backend") == "uv_build" and "backend-path" not in system


def _uv(version: str, environ: Mapping[str, str]) -> str | None:
    """Our own uv, if it has this version; whatever is called uv on PATH builds nothing that is published."""
    found = uv.find_uv_bin()
    said = subprocess.run([found, "--version"], env=environ, capture_output=True, text=True, check=False)
    return found if said.stdout.split()[:2] == ["uv", version] else None


def _build(
    program: str, builds: Collection[Build], environ: Mapping[str, str]
) -> dict[str, Mapping[str, Any]]:
    """Build them as one workspace; nothing where uv does not build all."""
    with tempfile.TemporaryDirectory(prefix="uv-") as scratch:
        root, out = Path(scratch, "workspace"), Path(scratch, "out")
        root.mkdir()
        (root / "pyproject.toml").write_text(_ROOT, encoding="utf-8")
        for build in builds:
            # Of links to the files: uv packs no sdist of a folder that is a link itself.
            shutil.copytree(build.source, root / build.name, symlinks=True, copy_function=_link)
        kinds = _ONLY[next(iter(builds)).kinds]
        command = [program, "build", "--all-packages", *_ALONE, *kinds, "--python", sys.executable]
        done = subprocess.run(
            [*command, "--out-dir", str(out)], cwd=root, env=environ, capture_output=True, check=False
        )
        if done.returncode:
            return {}
        taken = {build.name: _taken(build, out) for build in builds}
        return {name: facts for name, facts in taken.items() if facts["files"]}


def _link(old: str, new: str) -> None:
    """A link, or a copy on another file system, or where the kernel lets only a file's owner link it."""
    try:
        os.link(old, new, follow_symlinks=False)
    except OSError:
        shutil.copy2(old, new)


def _taken(build: Build, out: Path) -> Mapping[str, Any]:
    """The files of a package, the sdist first, brought to where they are to be."""
    stem = re.compile(rf"{re.escape(build.name.replace('-', '_'))}-[^-]+(-[^/]*\.whl|\.tar\.gz)")
    files = sorted(
        (path for path in out.iterdir() if stem.fullmatch(path.name)), key=lambda path: path.suffix
    )
    for path in files:
        shutil.move(path, build.out / path.name)
        if path.suffix == ".gz":
            settle_sdist(build, path.name)
    return {"files": [path.name for path in files], "installed": [_BACKEND]}
