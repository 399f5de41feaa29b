"""A build backend that runs a package's own code, as setuptools runs setup.py; for tests of what that code reaches.

`build.py` of the package runs with `facts`, a dictionary that goes into the wheel as facts.json.
"""

import io
import json
import os
import tarfile
import tomllib
import zipfile
from typing import Any


def get_requires_for_build_sdist(settings: object = None) -> list[str]:
    """PEP 517: what the package's `tool.shared.requires` says."""
    found: list[str] = _manifest().get("tool", {}).get("shared", {}).get("requires", [])
    return found


def get_requires_for_build_wheel(settings: object = None) -> list[str]:
    """PEP 517: the same."""
    return get_requires_for_build_sdist()


def build_sdist(folder: str, settings: object = None) -> str:
    """PEP 517: every file of the package, and pyproject.toml."""
    stem = _stem()
    with tarfile.open(os.path.join(folder, f"{stem}.tar.gz"), "w:gz") as archive:
        for name in sorted(os.listdir()):
            archive.add(name, f"{stem}/{name}", recursive=False)
        archive.addfile(tarfile.TarInfo(f"{stem}/PKG-INFO"), io.BytesIO())
    return f"{stem}.tar.gz"


def build_wheel(folder: str, settings: object = None, metadata: object = None) -> str:
    """PEP 517: what build.py found out."""
    import shared_lazily  # type: ignore[import-not-found]  # what a backend loads only now

    facts: dict[str, Any] = {"lazily": shared_lazily.VALUE}
    name = f"{_stem()}-py3-none-any.whl"
    with open("build.py", encoding="utf-8") as code:
        exec(compile(code.read(), "build.py", "exec"), {"facts": facts, "__name__": "build"})  # noqa: S102
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr(zipfile.ZipInfo("facts.json"), json.dumps(facts, sort_keys=True))
    return name


def _manifest() -> dict[str, Any]:
    with open("pyproject.toml", "rb") as file:
        return tomllib.load(file)


def _stem() -> str:
    project = _manifest()["project"]
    return f"{project['name'].replace('-', '_')}-{project['version']}"
