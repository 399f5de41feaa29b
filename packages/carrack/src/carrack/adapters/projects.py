"""Reads one distribution's pyproject.toml into a Package."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from carrack.adapters.self_contained import unbuildable
from carrack.adapters.tables import ManifestTable, PackageTable, parse
from carrack.errors import WorkspaceError
from carrack.model.wheels import WheelTarget, wheel_targets
from carrack.model.workspace import Package

T = TypeVar("T")


def read_package(root: Path, path: PurePosixPath) -> Package:
    """Read one distribution's folder, for instance an app's.

    Raises WorkspaceError with every fault of its manifest.
    """
    faults: list[str] = []
    package = collect_package(root, path, faults)
    if package is None:
        raise faulty(faults)
    return package


def collect_package(root: Path, path: PurePosixPath, faults: list[str]) -> Package | None:
    """The distribution in the folder `path`; None, and every reason added to `faults`, where it cannot be read."""
    address = str(path / "pyproject.toml")
    table = _manifest(root, address, faults)
    if table is None:
        return None
    project, before = table.project, len(faults)
    name = _read(partial(canonicalize_name, project.name, validate=True), f"{address}: project.name", faults)
    version = _version(table, address, faults)
    requires = collect_requirements(project.dependencies, f"{address}: project.dependencies", faults)
    python = _read(
        partial(SpecifierSet, project.requires_python), f"{address}: project.requires-python", faults
    )
    wanted = _targets(table, path, faults)
    faults += (f"{address}: {fault}" for fault in unbuildable(table))
    if name is None or version is None or python is None or len(faults) > before:
        return None
    return Package(
        name=name,
        version=version,
        path=path,
        requires=requires,
        build_requires=table.build_system.requires,
        requires_python=python,
        targets=wanted,
    )


def _manifest(root: Path, address: str, faults: list[str]) -> ManifestTable | None:
    try:
        table = parse(ManifestTable, load_toml(root / address, address))
    except WorkspaceError as error:
        faults.append(str(error))
        return None
    if isinstance(table, ManifestTable):
        return table
    faults += [f"{address}: {fault}" for fault in table]
    return None


def _version(table: ManifestTable, address: str, faults: list[str]) -> Version | None:
    """A plan is made without running any backend, so what it stands on must be written down."""
    project = table.project
    if "version" in project.dynamic:
        faults.append(f"{address}: project.dynamic: version must be static; {_remedy(table)}")
    if "dependencies" in project.dynamic:
        faults.append(
            f"{address}: project.dynamic: dependencies must be static; write dependencies = […] under [project] "
            "and drop it from dynamic"
        )
    if project.version is None:
        if "version" not in project.dynamic:
            faults.append(f"{address}: project.version: is missing")
        return None
    return _read(partial(Version, project.version), f"{address}: project.version", faults)


def _targets(table: ManifestTable, path: PurePosixPath, faults: list[str]) -> tuple[WheelTarget, ...]:
    told = table.tool.get("carrack", {})
    if not path.parts or "packages" in told or "indexes" in told or "apps" in told:
        # This is the workspace's own file, which is a distribution too; its other tables are read as that.
        told = {"wheels": told["wheels"]} if "wheels" in told and not path.parts else {}
    read = parse(PackageTable, _table(told), ("tool", "carrack"))
    if not isinstance(read, PackageTable):
        faults += [f"{path / 'pyproject.toml'}: {fault}" for fault in read]
        return ()
    return wheel_targets(read.wheels.pythons, read.wheels.machines) if read.wheels else ()


def _remedy(table: ManifestTable) -> str:
    """What makes a version static that the backend takes from elsewhere, by the table that says from where."""
    write = 'write version = "X.Y.Z" under [project] and drop it from dynamic'
    tool = table.tool
    hatch = _table(_table(tool.get("hatch")).get("version"))
    pdm = _table(_table(tool.get("pdm")).get("version"))
    attribute = _table(_table(_table(tool.get("setuptools")).get("dynamic")).get("version")).get("attr")
    from_git = [
        name for name in ("setuptools_scm", "setuptools-scm", "versioningit", "versioneer") if name in tool
    ]
    from_git += ["hatch.version"] * ("source" in hatch) + ["pdm.version"] * (pdm.get("source") == "scm")
    if from_git:
        return f"{write}, with the last release's, and remove [tool.{from_git[0]}]: bump and tags do its work here"
    place = hatch.get("path") or pdm.get("path") or attribute
    if place:
        return f'{write}; let {place} say importlib.metadata.version("{table.project.name}")'
    return write


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def collect_requirements(texts: Iterable[str], address: str, faults: list[str]) -> tuple[Requirement, ...]:
    """The requirements that `texts` say (PEP 508); what is none is added to `faults` with its address."""
    read = (_read(partial(Requirement, text), f"{address}: {text!r}", faults) for text in texts)
    return tuple(requirement for requirement in read if requirement is not None)


def _read(parse_it: Callable[[], T], address: str, faults: list[str]) -> T | None:
    try:
        return parse_it()
    except (InvalidName, InvalidVersion, InvalidRequirement, InvalidSpecifier) as error:
        faults.append(f"{address}: {str(error).splitlines()[0]}")
    return None


def load_toml(path: Path, address: str) -> dict[str, Any]:
    """The tables of a file. Raises WorkspaceError where there is no such file, or it is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WorkspaceError("there is no such file", address=address) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WorkspaceError(f"not valid TOML: {error}", address=address) from None


def faulty(faults: Iterable[str]) -> WorkspaceError:
    """The error that tells all of `faults`."""
    faults = tuple(faults)
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return WorkspaceError(
        f"the workspace has {count}", faults=faults, untouched="everything; nothing was written"
    )
