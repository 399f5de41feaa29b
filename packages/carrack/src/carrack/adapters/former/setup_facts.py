"""A build backend that says what setuptools makes of setup.py and setup.cfg, instead of building.

It is copied into a folder, and runs in that folder's build environment, with whatever setuptools is there: it uses
nothing of Carrack. Its "sdist" holds one file, facts.json, in the words of `model.conversion.setuptools.SetupFacts`.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import sys
import tarfile
import zipfile
from typing import Any

LEGACY = False
"""Whether setup.py may import what is beside it, as it could before PEP 517."""

_SCRIPT = "import setuptools\nsetuptools.setup()\n"
_COMPILED = (
    "ext_modules",
    "libraries",
    "cffi_modules",
    "rust_extensions",
    "milksnake_tasks",
    "mypyc_modules",
)


def get_requires_for_build_sdist(settings: Any = None) -> list[str]:
    """What setup.py wants before it can run, as setuptools' own backend finds it out."""
    meta = importlib.import_module("setuptools.build_meta")
    found: list[str] = (meta.__legacy__ if LEGACY else meta).get_requires_for_build_sdist(settings)
    return found


def build_sdist(folder: str, settings: Any = None) -> str:
    """Run setup.py up to its commands; write the facts as facts-0.tar.gz into `folder`."""
    importlib.import_module("setuptools")
    core = importlib.import_module("distutils.core")
    if LEGACY:
        sys.path.insert(0, os.getcwd())
    if not os.path.exists("setup.py"):
        with open("setup.py", "w", encoding="utf-8") as script:
            script.write(_SCRIPT)
    dist = core.run_setup("setup.py", ["--quiet", "build"], stop_after="config")
    content = json.dumps(facts(dist), default=str).encode()
    with tarfile.open(os.path.join(folder, "facts-0.tar.gz"), "w:gz") as sdist:
        for name in ("pyproject.toml", os.path.relpath(__file__)):
            sdist.add(name, f"facts-0/{name}")
        member = tarfile.TarInfo("facts-0/facts.json")
        member.size = len(content)
        sdist.addfile(member, io.BytesIO(content))
    return "facts-0.tar.gz"


def build_wheel(folder: str, settings: Any = None, metadata: Any = None) -> str:
    """An empty archive: whoever builds the sdist above wants a wheel as well."""
    with zipfile.ZipFile(os.path.join(folder, "facts-0-py3-none-any.whl"), "w"):
        return "facts-0-py3-none-any.whl"


def facts(dist: Any) -> dict[str, Any]:
    """What a distribution of setuptools says of its layout."""
    return {
        "packages": _listed(dist.packages),
        "py_modules": _listed(dist.py_modules),
        "package_dir": {name: str(place) for name, place in (dist.package_dir or {}).items()},
        "package_data": _globs(getattr(dist, "package_data", None)),
        "exclude_package_data": _globs(getattr(dist, "exclude_package_data", None)),
        "include_package_data": bool(getattr(dist, "include_package_data", None)),
        "data_files": [_data(entry) for entry in dist.data_files or []],
        "scripts": _listed(dist.scripts) or [],
        "namespace_packages": _listed(getattr(dist, "namespace_packages", None)) or [],
        "platforms": [text for text in _texts(dist.metadata.platforms) if text.upper() != "UNKNOWN"],
        "license_files": _license_files(dist),
        "setup_requires": _texts(getattr(dist, "setup_requires", None)),
        "compiled": [str(name) for key in _COMPILED for name in _names(getattr(dist, key, None))],
        "commands": {name: f"{kind.__module__}.{kind.__qualname__}" for name, kind in dist.cmdclass.items()},
    }


def _listed(told: Any) -> list[str] | None:
    return None if told is None else [str(item) for item in told]


def _texts(told: Any) -> list[str]:
    """A list, or a text with a line for each."""
    lines = told.splitlines() if isinstance(told, str) else list(told or [])
    return [text for line in lines if (text := str(line).partition(" #")[0].strip())]


def _globs(told: Any) -> dict[str, list[str]]:
    return {str(name): _texts(globs) for name, globs in (told or {}).items()}


def _data(entry: Any) -> tuple[str, list[str]]:
    return ("", [entry]) if isinstance(entry, str) else (str(entry[0]), [str(file) for file in entry[1]])


def _license_files(dist: Any) -> list[str] | None:
    """What the project says itself: setup() and setup.cfg leave these options where they were said."""
    told = dist.get_option_dict("metadata") if hasattr(dist, "get_option_dict") else {}
    for key in ("license_files", "license_file"):
        if key in told:
            return [text.strip() for text in told[key][1].replace(",", "\n").splitlines() if text.strip()]
    return None


def _names(told: Any) -> list[str]:
    if isinstance(told, (str, bytes)):
        told = [told]
    return [str(getattr(item, "name", item[0] if isinstance(item, tuple) else item)) for item in told or []]
