"""Reads pyproject.toml files into a Workspace; every fault in them is found before any is reported."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidName, NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from carrack.adapters.tables import (
    AppTable,
    CarrackTable,
    IndexTable,
    ManifestTable,
    ProjectTable,
    is_address,
    parse,
)
from carrack.errors import WorkspaceError
from carrack.model.graph import cycle
from carrack.model.index import Index
from carrack.model.workspace import App, Package, Workspace

T = TypeVar("T")


def find_root(start: Path) -> Path:
    """The nearest folder at or above `start` whose pyproject.toml has a `[tool.carrack]` table.

    Raises WorkspaceError where there is none.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        manifest = folder / "pyproject.toml"
        if manifest.is_file() and "carrack" in _toml(manifest, str(manifest)).get("tool", ()):
            return folder
    raise WorkspaceError(
        "no pyproject.toml here or above has a [tool.carrack] table",
        address=str(start),
        hint="change to the workspace's folder, or say it with -C FOLDER",
    )


def read_workspace(root: Path, environ: Mapping[str, str]) -> Workspace:
    """Read the workspace at `root`. `environ` gives the addresses of indexes that have an `endpoint-variable`.

    Raises WorkspaceError with every fault of every manifest.
    """
    told = _toml(root / "pyproject.toml", "pyproject.toml").get("tool", {}).get("carrack", {})
    table = parse(CarrackTable, told, ("tool", "carrack"))
    if not isinstance(table, CarrackTable):
        raise _faulty(f"pyproject.toml: {fault}" for fault in table)
    faults: list[str] = []
    packages = _packages(root, table.packages, faults)
    workspace = Workspace(
        root=root,
        packages=packages,
        apps={name: app for name, told in table.apps.items() if (app := _app(root, name, told, faults))},
        indexes={name: _index(name, index, environ) for name, index in table.indexes.items()},
        default_index=table.default_index,
        build_constraints=PurePosixPath(table.build_constraints),
    )
    faults += _graph_faults(workspace)
    if table.default_index is not None and table.default_index not in table.indexes:
        faults.append(
            f"pyproject.toml: tool.carrack.default-index: there is no index {table.default_index!r}"
        )
    if faults:
        raise _faulty(faults)
    return workspace


def read_package(root: Path, path: PurePosixPath) -> Package:
    """Read one distribution's folder, for instance an app's.

    Raises WorkspaceError with every fault of its manifest.
    """
    faults: list[str] = []
    package = _package(root, path, faults)
    if package is None:
        raise _faulty(faults)
    return package


def _faulty(faults: Iterable[str]) -> WorkspaceError:
    faults = tuple(faults)
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return WorkspaceError(
        f"the workspace has {count}", faults=faults, untouched="everything; nothing was written"
    )


def _toml(path: Path, address: str) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WorkspaceError("there is no such file", address=address) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WorkspaceError(f"not valid TOML: {error}", address=address) from None


def _packages(root: Path, globs: Iterable[str], faults: list[str]) -> dict[NormalizedName, Package]:
    folders = {path.parent for glob in globs for path in root.glob(f"{glob}/pyproject.toml")}
    found: dict[NormalizedName, Package] = {}
    for folder in sorted(folders):
        package = _package(root, PurePosixPath(folder.relative_to(root).as_posix()), faults)
        if package is None:
            continue
        if package.name in found:
            faults.append(
                f"{package.manifest}: project.name: {found[package.name].manifest} has the name {package.name} too"
            )
        found[package.name] = package
    if not folders:
        faults.append(f"pyproject.toml: tool.carrack.packages: no package matches {', '.join(globs)}")
    return found


def _package(root: Path, path: PurePosixPath, faults: list[str]) -> Package | None:
    address = f"{path}/pyproject.toml"
    table = _manifest(root, address, faults)
    if table is None:
        return None
    project, before = table.project, len(faults)
    name = _read(partial(canonicalize_name, project.name, validate=True), f"{address}: project.name", faults)
    version = _version(project, address, faults)
    requires = _requirements(project.dependencies, f"{address}: project.dependencies", faults)
    python = _read(
        partial(SpecifierSet, project.requires_python), f"{address}: project.requires-python", faults
    )
    if name is None or version is None or python is None or len(faults) > before:
        return None
    return Package(
        name=name,
        version=version,
        path=path,
        requires=requires,
        build_requires=table.build_system.requires,
        requires_python=python,
    )


def _manifest(root: Path, address: str, faults: list[str]) -> ManifestTable | None:
    try:
        table = parse(ManifestTable, _toml(root / address, address))
    except WorkspaceError as error:
        faults.append(str(error))
        return None
    if isinstance(table, ManifestTable):
        return table
    faults += [f"{address}: {fault}" for fault in table]
    return None


def _version(project: ProjectTable, address: str, faults: list[str]) -> Version | None:
    """A plan is made without running any backend, so what it stands on must be written down."""
    for key, example in (("version", '"X.Y.Z"'), ("dependencies", "[…]")):
        if key in project.dynamic:
            faults.append(
                f"{address}: project.dynamic: {key} must be static; write {key} = {example} under [project] "
                "and drop it from dynamic"
            )
    if project.version is None:
        if "version" not in project.dynamic:
            faults.append(f"{address}: project.version: is missing")
        return None
    return _read(partial(Version, project.version), f"{address}: project.version", faults)


def _requirements(texts: Iterable[str], address: str, faults: list[str]) -> tuple[Requirement, ...]:
    read = (_read(partial(Requirement, text), f"{address}: {text!r}", faults) for text in texts)
    return tuple(requirement for requirement in read if requirement is not None)


def _read(parse_it: Callable[[], T], address: str, faults: list[str]) -> T | None:
    try:
        return parse_it()
    except (InvalidName, InvalidVersion, InvalidRequirement, InvalidSpecifier) as error:
        faults.append(f"{address}: {str(error).splitlines()[0]}")
    return None


def _app(root: Path, name: str, table: AppTable, faults: list[str]) -> App | None:
    """An app requires what its table says, else what its own pyproject.toml says."""
    path = PurePosixPath(table.path)
    key: tuple[str, ...]
    if table.requirements is None:
        package = _package(root, path, faults)
        if package is None:
            return None
        manifest, key, requirements = path / "pyproject.toml", ("project", "dependencies"), package.requires
    else:
        manifest, key = PurePosixPath("pyproject.toml"), ("tool", "carrack", "apps", name, "requirements")
        requirements = _requirements(table.requirements, f"{manifest}: {'.'.join(key)}", faults)
    return App(
        name=name,
        path=path,
        requirements=requirements,
        lock=PurePosixPath(table.lock),
        pythons=table.pythons,
        machines=table.machines,
        manifest=manifest,
        key=key,
    )


def _index(name: str, table: IndexTable, environ: Mapping[str, str]) -> Index:
    endpoint = environ.get(table.endpoint_variable) if table.endpoint_variable else table.endpoint
    unset = None
    if table.endpoint_variable and not (endpoint and is_address(endpoint)):
        endpoint, unset = None, table.endpoint_variable
    return Index(
        name=name,
        domain=table.domain,
        owner=table.owner,
        region=table.region,
        repository=table.repository,
        store=table.store,
        profile=table.profile,
        endpoint=endpoint,
        repository_endpoint=table.repository_endpoint,
        unset_variable=unset,
    )


def _graph_faults(workspace: Workspace) -> list[str]:
    faults = [
        f"{package.manifest}: project.dependencies: '{requirement}' does not admit {needed}, as it is in the tree"
        for package in workspace.packages.values()
        for requirement in package.requires
        if (needed := workspace.packages.get(canonicalize_name(requirement.name)))
        and not requirement.specifier.contains(needed.version, prereleases=True)
    ]
    circle = cycle({name: workspace.dependencies(name) for name in workspace.packages})
    if circle:
        faults.append(f"these packages need each other in a circle: {' -> '.join(circle)}")
    return faults
