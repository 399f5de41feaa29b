"""A build backend of one file, so that tests build for real and need no public index. It knows `src/NAME` only."""

from __future__ import annotations

import io
import tarfile
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def build_wheel(
    wheel_directory: str, config_settings: object = None, metadata_directory: str | None = None
) -> str:
    """PEP 517: the modules in src."""
    modules = {path.relative_to("src").as_posix(): path.read_text() for path in _sources()}
    return _wheel(Path(wheel_directory), modules)


def build_editable(
    wheel_directory: str, config_settings: object = None, metadata_directory: str | None = None
) -> str:
    """PEP 660: a path file that names src."""
    return _wheel(Path(wheel_directory), {f"{_stem()}.pth": str(Path("src").resolve())})


def build_sdist(sdist_directory: str, config_settings: object = None) -> str:
    """PEP 517: pyproject.toml and src."""
    with tarfile.open(Path(sdist_directory, f"{_stem()}.tar.gz"), "w:gz") as archive:
        for path in (Path("pyproject.toml"), *_sources()):
            archive.add(path, f"{_stem()}/{path}")
        content = _metadata().encode()
        member = tarfile.TarInfo(f"{_stem()}/PKG-INFO")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return f"{_stem()}.tar.gz"


def _wheel(folder: Path, files: Mapping[str, str]) -> str:
    info = f"{_stem()}.dist-info"
    metadata = {
        f"{info}/METADATA": _metadata(),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tiny\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, *metadata, f"{info}/RECORD"))
    name = f"{_stem()}-py3-none-any.whl"
    with zipfile.ZipFile(folder / name, "w") as archive:
        for member, text in {**files, **metadata, f"{info}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(member), text)  # a time that is always the same
    return name


def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    return project


def _stem() -> str:
    return f"{_project()['name'].replace('-', '_')}-{_project()['version']}"


def _sources() -> list[Path]:
    return sorted(Path("src").rglob("*.py"))


def _metadata() -> str:
    project = _project()
    requires = "".join(f"Requires-Dist: {requirement}\n" for requirement in project.get("dependencies", ()))
    return f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n{requires}"
