"""The shape of `[tool.carrack]` and of a package's pyproject.toml: pydantic at the border; errors name the key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

from packaging.utils import NormalizedName, canonicalize_name
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from carrack.adapters.job_table import JobTable
from carrack.adapters.table import Read, Table
from carrack.model.build_environment import DEFAULT_REQUIRES

M = TypeVar("M", bound=BaseModel)

Domain = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9\-]{0,48}[a-z0-9]$")]
Owner = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
Repository = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]{1,99}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]+$")]
OneLine = Annotated[str, StringConstraints(pattern=r"^[^\n]+$")]
Amount = Annotated[Decimal, Field(ge=0, le=10**6)]
ImageReference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/:@\-]*$")]
Minor = Annotated[str, StringConstraints(pattern=r"^3\.[0-9]+$")]


def _with_slash(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"


def _below(glob: str) -> str:
    path = PurePosixPath(glob)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError("must be below the workspace's folder")
    return glob


_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_GIT_ADDRESS = re.compile(r"(https?|ssh|git\+ssh|file)://\S+|[\w.-]+@[\w.-]+:\S+")
_STORE = re.compile(r"s3://[^/\s]+/\S*|https?://\S+|file:///\S*")


def _git_address(url: str) -> str:
    if not _GIT_ADDRESS.fullmatch(url):
        raise ValueError("say the repository's address: https://…, ssh://…, git@HOST:PATH or file:///…")
    if "://" in url and (urlsplit(url).password or ("@" in url and url.startswith("http"))):
        raise ValueError(
            "no credentials in an address, which is in every clone and every log; git's credential helpers or an ssh "
            "agent have them"
        )
    return url


def _store(prefix: str) -> str:
    if not _STORE.fullmatch(prefix) or (urlsplit(prefix).username is not None):
        raise ValueError(
            "say where the wheels are put: s3://BUCKET/PREFIX/, https://… or file:///…, without credentials"
        )
    return _with_slash(prefix)


def _inside(folder: str) -> str:
    path = PurePosixPath(folder)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError("is a folder inside the repository")
    return folder


def _below_or_root(glob: str) -> str:
    """A repository with one package at its root is a workspace too."""
    return glob if glob == "." else _below(glob)


def _name(text: str) -> NormalizedName:
    return canonicalize_name(text, validate=True)


def _repository(text: str) -> str:
    from carrack.model.registry import parse_repository  # here, because few apps say where their image goes

    parse_repository(text, account="", region="")
    return text


Address = Annotated[str, StringConstraints(pattern=r"^https?://[^@\s]+$")]
Glob = Annotated[str, AfterValidator(_below_or_root)]


def is_address(text: str) -> bool:
    """Whether `text` is an http or https address without credentials in it."""
    try:
        TypeAdapter(Address).validate_python(text)
    except ValidationError:
        return False
    return True


class ProjectRequirementsTable(Read):
    """What `[project]` (PEP 621) requires."""

    dependencies: tuple[str, ...] = ()
    optional_dependencies: Mapping[str, tuple[str, ...]] = {}


class ProjectTable(ProjectRequirementsTable):
    """`[project]` of a package, as far as a release needs it."""

    name: str
    version: str | None = None
    requires_python: str = ""
    dynamic: tuple[str, ...] = ()
    scripts: Mapping[str, str] = {}
    readme: Any = None
    license: Any = None
    license_files: tuple[str, ...] = ()


class BuildSystemTable(Read):
    """`[build-system]` of a package; what it requires where it does not say is PEP 518's default."""

    requires: tuple[str, ...] = DEFAULT_REQUIRES


class WheelsTable(Read):
    """`[tool.carrack.wheels]` of a package that has native ones."""

    model_config = ConfigDict(extra="forbid")

    pythons: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^cp3[0-9]+$")], ...], Field(min_length=1)
    ]
    machines: Annotated[tuple[Literal["x86_64", "aarch64"], ...], Field(min_length=1)] = ("x86_64", "aarch64")


class PackageTable(Read):
    """`[tool.carrack]` of a package."""

    model_config = ConfigDict(extra="forbid")

    wheels: WheelsTable | None = None


class RequirementsTable(Read):
    """What a pyproject.toml requires, whoever's it is. A group may have tables in it (PEP 735's includes)."""

    project: ProjectRequirementsTable = ProjectRequirementsTable()
    dependency_groups: Mapping[str, tuple[Any, ...]] = {}


class ManifestTable(RequirementsTable):
    """A package's pyproject.toml."""

    project: ProjectTable
    build_system: BuildSystemTable = BuildSystemTable()
    tool: Mapping[str, Any] = {}


class IndexTable(Table):
    """`[tool.carrack.indexes.NAME]`; patterns are those of the CodeArtifact API."""

    domain: Domain
    owner: Owner
    region: Region
    repository: Repository
    store: Repository = "pypi-store"
    profile: str | None = None
    endpoint: Address | None = None
    endpoint_variable: str | None = None
    repository_endpoint: Annotated[Address, AfterValidator(_with_slash)] | None = None
    tags: bool | None = None
    publishes_per_second: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _one_endpoint(self) -> Self:
        if self.endpoint is not None and self.endpoint_variable is not None:
            raise ValueError("say endpoint or endpoint-variable, not both")
        return self


class SourceTable(Table):
    """`[tool.carrack.apps.NAME.sources]` of one package: exactly one of git, submodule and runtime."""

    git: Annotated[str, AfterValidator(_git_address)] | None = None
    commit: str | None = None
    submodule: Annotated[str, AfterValidator(_below)] | None = None
    runtime: Annotated[str, AfterValidator(_store)] | None = None
    subdirectory: Annotated[str, AfterValidator(_inside)] = "."

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(value is not None for value in (self.git, self.submodule, self.runtime)) != 1:
            raise ValueError("say one of git (with commit), submodule and runtime")
        if (self.commit is not None) != (self.git is not None):
            raise ValueError("git and commit go together")
        if self.commit is not None and not _COMMIT.fullmatch(self.commit):
            raise ValueError(
                f"commit: {self.commit!r} is no full commit id (40 hex digits); a branch, a tag or a short id can mean "
                "another commit tomorrow: git rev-parse says the full one"
            )
        if self.runtime is not None and self.subdirectory != ".":
            raise ValueError("subdirectory goes with git or submodule")
        return self


class AppTable(Table):
    """`[tool.carrack.apps.NAME]`."""

    path: str
    requirements: tuple[str, ...] | None = None
    lock: str
    pythons: Annotated[tuple[Minor, ...], Field(min_length=1)]
    machines: Annotated[tuple[str, ...], Field(min_length=1)] = ("x86_64", "aarch64")
    sources: Mapping[Annotated[NormalizedName, AfterValidator(_name)], SourceTable] = {}
    repository: Annotated[str, AfterValidator(_repository)] | None = None
    dockerfile: Annotated[str, AfterValidator(_below)] | None = None
    base: ImageReference | None = None
    base_brings: tuple[Annotated[NormalizedName, AfterValidator(_name)], ...] = ()
    sources_image: ImageReference | None = None
    job: JobTable | None = None

    @model_validator(mode="after")
    def _a_base_that_brings(self) -> Self:
        if self.base_brings and self.dockerfile and not self.base:
            raise ValueError("base-brings wants base, the image that the Dockerfile is built on")
        return self


class BumpTable(Table):
    """`[tool.carrack.bump]`."""

    dependents: Literal["keep", "exact", "compatible", "minimum"] = "keep"
    edges: Mapping[
        Annotated[str, StringConstraints(pattern=r"^\s*\S+\s*->\s*\S+\s*$")],
        Literal["keep", "exact", "compatible", "minimum"],
    ] = {}
    groups: tuple[Annotated[tuple[str, ...], Field(min_length=2)], ...] = ()
    sources: Annotated[tuple[Literal["changes", "commits"], ...], Field(min_length=1)] = (
        "changes",
        "commits",
    )
    changes: Annotated[str, AfterValidator(_below)] = "changes"


class CITable(Table):
    """`[tool.carrack.ci]`: what `ci init` writes into other files.

    What brings the command has no default: a public package of that name is not this toolkit.
    """

    index: str | None = None
    role: OneLine = "${{ secrets.CARRACK_ROLE }}"
    reader: OneLine = "${{ secrets.CARRACK_READER_ROLE }}"
    token: OneLine = "${{ github.token }}"  # noqa: S105 - an expression
    branch: Annotated[str, StringConstraints(pattern=r"^[\w./-]+$")] = "main"
    python: Minor = "3.12"
    setup: tuple[OneLine, ...] = ()
    test: OneLine = 'python -m pytest "$PACKAGE_PATH"'


class PricesTable(Table):
    """`[tool.carrack.prices.REGION]`: what stands in place of Carrack's own table."""

    read: date
    source: OneLine = "pyproject.toml"
    gb_month: Amount
    ten_thousand_requests: Amount
    free_gb: Amount = Decimal(2)
    free_requests: Annotated[int, Field(ge=0)] = 100_000
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "USD"


class CarrackTable(Table):
    """`[tool.carrack]`."""

    packages: tuple[Glob, ...] = ("packages/*",)
    default_index: str | None = None
    build_constraints: str = "build-constraints.txt"
    private_names: tuple[Annotated[NormalizedName, AfterValidator(_name)], ...] | None = None
    apps: Mapping[str, AppTable] = {}
    indexes: Mapping[str, IndexTable] = {}
    wheels: WheelsTable | None = None
    bump: BumpTable = BumpTable()
    ci: CITable = CITable()
    prices: Mapping[str, PricesTable] = {}


def parse(model: type[M], table: Mapping[str, Any], at: tuple[str, ...] = ()) -> M | tuple[str, ...]:
    """The table, or every fault in it, each as `key.of.the.fault: what is wrong`; `at` is the table's own key."""
    try:
        return model.model_validate(table)
    except ValidationError as error:
        return tuple(_faults(error, model, at))


def _faults(error: ValidationError, model: type[BaseModel], at: tuple[str, ...]) -> Iterator[str]:
    for problem in error.errors(include_input=False, include_url=False):
        where = ".".join((*at, *map(str, problem["loc"]))) or "the file"
        if problem["type"] == "extra_forbidden":
            yield f"{where}: there is no such key{_suggestion(problem['loc'], model)}"
        elif problem["type"] == "missing":
            yield f"{where}: is missing"
        else:
            message = problem["msg"].removeprefix("Value error, ")
            yield f"{where}: {message[:1].lower()}{message[1:]}"


def _suggestion(location: tuple[int | str, ...], model: type[BaseModel]) -> str:
    from batch_params.suggestion import nearest  # here, because it brings more than good tables need

    table, keys = model, map(str, location[:-1])
    for key in keys:
        table = _NESTED.get(key, table)
        if key in _OF_NAMES:
            next(keys, None)  # an app may be called `job`
    known = [field.alias or name for name, field in table.model_fields.items()]
    close = nearest(str(location[-1]), known)
    return f"; did you mean {close!r}?" if close else f"; known are: {', '.join(known)}"


_NESTED: Mapping[str, type[BaseModel]] = {
    "indexes": IndexTable,
    "apps": AppTable,
    "sources": SourceTable,
    "job": JobTable,
    "bump": BumpTable,
    "ci": CITable,
    "prices": PricesTable,
    "wheels": WheelsTable,
}
_OF_NAMES = frozenset({"indexes", "apps", "sources", "prices"})
"""Tables of tables, each under a name that somebody chose."""
