"""Reads pyproject.toml files into a Workspace; every fault in them is found before any is reported."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import inf
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from packaging.utils import NormalizedName, canonicalize_name

from carrack.adapters.projects import collect_lists, collect_package, collect_requirements, faulty, load_toml
from carrack.adapters.tables import (
    AppTable,
    BumpTable,
    CarrackTable,
    IndexTable,
    PricesTable,
    RequirementsTable,
    SourceTable,
    is_address,
    parse,
)
from carrack.errors import WorkspaceError
from carrack.model.consistency import contradictions
from carrack.model.index import LISTINGS_PER_SECOND, PUBLISHES_PER_SECOND, Index
from carrack.model.requirements import Policy
from carrack.model.workspace import App, BumpRules, CISettings, Package, RequirementList, Workspace

if TYPE_CHECKING:
    from carrack.model.code_sources import CodeSource
    from carrack.model.prices import Prices


def find_root(start: Path) -> Path:
    """The nearest folder at or above `start` whose pyproject.toml has a `[tool.carrack]` table.

    Raises WorkspaceError where there is none.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        manifest = folder / "pyproject.toml"
        if manifest.is_file() and "carrack" in load_toml(manifest, str(manifest)).get("tool", ()):
            return folder
    raise WorkspaceError(
        "no pyproject.toml here or above has a [tool.carrack] table",
        address=str(start),
        hint="change to the workspace's folder, or say it with -C FOLDER; carrack init FOLDER makes a new one",
    )


def read_folders(root: Path) -> tuple[tuple[PurePosixPath, ...], PurePosixPath]:
    """Every folder where the workspace at `root` looks for packages, and its file of build constraints.

    Of the packages nothing is read: they may be in forms that are no package here yet. Raises WorkspaceError with every
    fault of `[tool.carrack]`.
    """
    table = _carrack_table(root)
    found = {path for glob in table.packages for path in root.glob(glob) if path.is_dir()}
    folders = tuple(PurePosixPath(path.relative_to(root).as_posix()) for path in sorted(found))
    return folders, PurePosixPath(table.build_constraints)


def _carrack_table(root: Path) -> CarrackTable:
    told = load_toml(root / "pyproject.toml", "pyproject.toml").get("tool", {}).get("carrack", {})
    table = parse(CarrackTable, told, ("tool", "carrack"))
    if not isinstance(table, CarrackTable):
        raise faulty(f"pyproject.toml: {fault}" for fault in table)
    return table


def read_workspace(root: Path, environ: Mapping[str, str], *, may_be_empty: bool = False) -> Workspace:
    """Read the workspace at `root`. `environ` gives the addresses of indexes that have an `endpoint-variable`.

    Raises WorkspaceError with every fault of every manifest; that there is no package is one, unless it `may_be_empty`.
    """
    manifest = load_toml(root / "pyproject.toml", "pyproject.toml")
    table = _carrack_table(root)
    faults: list[str] = []
    packages = _packages(root, table.packages, faults)
    if not (packages or faults or may_be_empty):
        faults.append(
            f"pyproject.toml: tool.carrack.packages: no package matches {', '.join(table.packages)}"
        )
    workspace = Workspace(
        root=root,
        packages=packages,
        apps={name: app for name, told in table.apps.items() if (app := _app(root, name, told, faults))},
        indexes={name: _index(name, index, environ) for name, index in table.indexes.items()},
        default_index=table.default_index,
        build_constraints=PurePosixPath(table.build_constraints),
        bump_rules=_bump_rules(table.bump, packages, faults),
        ci=CISettings(**table.ci.model_dump()),
        package_globs=table.packages,
        private_names=table.private_names,
        prices={region: _prices(region, told) for region, told in table.prices.items()},
        lists=_own_lists(manifest, faults),
    )
    faults += contradictions(workspace)
    regions = {index.region for index in table.indexes.values()}
    faults += [
        f"pyproject.toml: tool.carrack.prices.{region}: no index of the workspace is in that region"
        for region in table.prices
        if region not in regions
    ]
    if table.default_index is not None and table.default_index not in table.indexes:
        faults.append(
            f"pyproject.toml: tool.carrack.default-index: there is no index {table.default_index!r}"
        )
    if faults:
        raise faulty(faults)
    return workspace


def _prices(region: str, table: PricesTable) -> Prices:
    from carrack.model.prices import Prices

    return Prices(region=region, **table.model_dump())


def _own_lists(manifest: Mapping[str, Any], faults: list[str]) -> tuple[RequirementList, ...]:
    table = parse(RequirementsTable, manifest)
    if isinstance(table, RequirementsTable):
        return collect_lists(table, PurePosixPath("pyproject.toml"), faults)
    faults += [f"pyproject.toml: {fault}" for fault in table]
    return ()


def _bump_rules(table: BumpTable, packages: Collection[NormalizedName], faults: list[str]) -> BumpRules:
    at = "pyproject.toml: tool.carrack.bump"

    def known(text: str, key: str) -> NormalizedName:
        name = canonicalize_name(text)
        if name not in packages:
            faults.append(f"{at}.{key}: there is no package {text!r}")
        return name

    edges = {}
    for text, policy in table.edges.items():
        dependent, needed = (known(part.strip(), "edges") for part in text.split("->"))
        edges[dependent, needed] = Policy(policy)
    groups = tuple(tuple(known(name, "groups") for name in group) for group in table.groups)
    grouped = [name for group in groups for name in group]
    faults += [
        f"{at}.groups: {name} is in two groups" for name in sorted(set(grouped)) if grouped.count(name) > 1
    ]
    return BumpRules(
        dependents=Policy(table.dependents),
        edges=edges,
        groups=groups,
        sources=table.sources,
        changes=PurePosixPath(table.changes),
    )


def _packages(root: Path, globs: Iterable[str], faults: list[str]) -> dict[NormalizedName, Package]:
    folders = {path.parent for glob in globs for path in root.glob(f"{glob}/pyproject.toml")}
    found: dict[NormalizedName, Package] = {}
    for folder in sorted(folders):
        package = collect_package(root, PurePosixPath(folder.relative_to(root).as_posix()), faults)
        if package is None:
            continue
        if package.name in found:
            faults.append(
                f"{package.manifest}: project.name: {found[package.name].manifest} has the name {package.name} too"
            )
        found[package.name] = package
    return found


def _app(root: Path, name: str, table: AppTable, faults: list[str]) -> App | None:
    """An app requires what its table says, else what its own pyproject.toml says."""
    path = PurePosixPath(table.path)
    key: tuple[str, ...]
    optional: tuple[RequirementList, ...] = ()
    if table.requirements is None:
        package = collect_package(root, path, faults)
        if package is None:
            return None
        manifest, key, requirements = path / "pyproject.toml", ("project", "dependencies"), package.requires
        optional = package.optional
    else:
        manifest, key = PurePosixPath("pyproject.toml"), ("tool", "carrack", "apps", name, "requirements")
        requirements = collect_requirements(table.requirements, f"{manifest}: {'.'.join(key)}", faults)
    return App(
        name=name,
        path=path,
        requirements=requirements,
        lock=PurePosixPath(table.lock),
        pythons=table.pythons,
        machines=table.machines,
        manifest=manifest,
        key=key,
        optional=optional,
        sources={package: _source(source) for package, source in table.sources.items()},
        repository=table.repository,
        dockerfile=PurePosixPath(table.dockerfile) if table.dockerfile else None,
        base=table.base,
        base_brings=table.base_brings,
        sources_image=table.sources_image,
        job=table.job.settings(name) if table.job else None,
    )


def _source(table: SourceTable) -> CodeSource:
    from carrack.model.code_sources import GitSource, RuntimeSource, SubmoduleSource

    subdirectory = PurePosixPath(table.subdirectory)
    if table.git is not None and table.commit is not None:
        return GitSource(url=table.git, commit=table.commit, subdirectory=subdirectory)
    if table.submodule is not None:
        return SubmoduleSource(path=PurePosixPath(table.submodule), subdirectory=subdirectory)
    return RuntimeSource(prefix=table.runtime or "")


def _index(name: str, table: IndexTable, environ: Mapping[str, str]) -> Index:
    endpoint = environ.get(table.endpoint_variable) if table.endpoint_variable else table.endpoint
    unset = None
    if table.endpoint_variable and not (endpoint and is_address(endpoint)):
        endpoint, unset = None, table.endpoint_variable
    is_local = table.endpoint_variable is not None
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
        tags=not is_local if table.tags is None else table.tags,
        publishes_per_second=table.publishes_per_second or (inf if is_local else PUBLISHES_PER_SECOND),
        listings_per_second=inf if is_local else LISTINGS_PER_SECOND,
    )
