"""Reads one distribution's pyproject.toml into a Package."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from carrack.adapters.self_contained import unbuildable
from carrack.adapters.static_metadata import dynamic, projectless, table_of
from carrack.adapters.tables import BuildSystemTable, ManifestTable, PackageTable, RequirementsTable, parse
from carrack.errors import WorkspaceError
from carrack.model.wheels import WheelTarget, wheel_targets
from carrack.model.workspace import Package, RequirementList

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
    version = (
        _read(partial(Version, project.version), f"{address}: project.version", faults)
        if project.version
        else None
    )
    requires, *optional = collect_lists(table, PurePosixPath(address), faults)
    built_with = collect_requirements(
        table.build_system.requires, f"{address}: build-system.requires", faults
    )
    python = _read(
        partial(SpecifierSet, project.requires_python), f"{address}: project.requires-python", faults
    )
    wanted = _targets(table, path, faults)
    faults += (f"{address}: {fault}" for fault in (*dynamic(table), *unbuildable(table)))
    if name is None or version is None or python is None or len(faults) > before:
        return None
    return Package(
        name=name,
        version=version,
        path=path,
        requires=requires.requirements,
        optional=tuple(optional),
        build_requires=built_with,
        requires_python=python,
        targets=wanted,
        scripts=tuple(project.scripts),
    )


def build_requirements(folder: Path) -> tuple[str, ...]:
    """What the distribution in `folder` needs to be built: PEP 518's table, or its default where there is none.

    Raises WorkspaceError where its pyproject.toml cannot be read.
    """
    manifest = folder / "pyproject.toml"
    told = load_toml(manifest, "pyproject.toml") if manifest.is_file() else {}
    table = parse(BuildSystemTable, table_of(told.get("build-system")), ("build-system",))
    if not isinstance(table, BuildSystemTable):
        raise faulty(f"pyproject.toml: {fault}" for fault in table)
    return table.requires


def _manifest(root: Path, address: str, faults: list[str]) -> ManifestTable | None:
    try:
        told = load_toml(root / address, address)
    except WorkspaceError as error:
        faults.append(str(error))
        return None
    if "project" not in told:
        faults.append(f"{address}: project: is missing; {projectless(table_of(told.get('tool')))}")
        return None
    table = parse(ManifestTable, told)
    if isinstance(table, ManifestTable):
        return table
    faults += [f"{address}: {fault}" for fault in table]
    return None


def _targets(table: ManifestTable, path: PurePosixPath, faults: list[str]) -> tuple[WheelTarget, ...]:
    told = table.tool.get("carrack", {})
    if not path.parts or "packages" in told or "indexes" in told or "apps" in told:
        # This is the workspace's own file, which is a distribution too; its other tables are read as that.
        told = {"wheels": told["wheels"]} if "wheels" in told and not path.parts else {}
    read = parse(PackageTable, table_of(told), ("tool", "carrack"))
    if not isinstance(read, PackageTable):
        faults += [f"{path / 'pyproject.toml'}: {fault}" for fault in read]
        return ()
    return wheel_targets(read.wheels.pythons, read.wheels.machines) if read.wheels else ()


def collect_lists(
    table: RequirementsTable, manifest: PurePosixPath, faults: list[str]
) -> tuple[RequirementList, ...]:
    """What a manifest requires: its dependencies, even if there are none, then each extra's and each group's."""
    project = table.project
    texts: dict[tuple[str, ...], tuple[str, ...]] = {("project", "dependencies"): project.dependencies}
    texts |= {
        ("project", "optional-dependencies", key): some for key, some in project.optional_dependencies.items()
    }
    for key, entries in table.dependency_groups.items():
        texts["dependency-groups", key] = tuple(entry for entry in entries if isinstance(entry, str))
    return tuple(
        RequirementList(
            manifest=manifest,
            key=key,
            requirements=collect_requirements(some, f"{manifest}: {'.'.join(key)}", faults),
        )
        for key, some in texts.items()
    )


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
