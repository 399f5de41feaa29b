"""The shape of `[tool.carrack]` and of a package's pyproject.toml: pydantic at the border; errors name the key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self, TypeVar

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

from batch_params.suggestion import nearest

M = TypeVar("M", bound=BaseModel)

Domain = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9\-]{0,48}[a-z0-9]$")]
Owner = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
Repository = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]{1,99}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]+$")]
OneLine = Annotated[str, StringConstraints(pattern=r"^[^\n]+$")]
Minor = Annotated[str, StringConstraints(pattern=r"^3\.[0-9]+$")]


def _with_slash(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"


def _below(glob: str) -> str:
    path = PurePosixPath(glob)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError("packages are in folders below the workspace's")
    return glob


def _below_or_root(glob: str) -> str:
    """A repository with one package at its root is a workspace too."""
    return glob if glob == "." else _below(glob)


def _name(text: str) -> NormalizedName:
    return canonicalize_name(text, validate=True)


Address = Annotated[str, StringConstraints(pattern=r"^https?://[^@\s]+$")]
Glob = Annotated[str, AfterValidator(_below_or_root)]


def is_address(text: str) -> bool:
    """Whether `text` is an http or https address without credentials in it."""
    try:
        TypeAdapter(Address).validate_python(text)
    except ValidationError:
        return False
    return True


class _Read(BaseModel):
    """A table of which the keys that are not named here are somebody else's."""

    model_config = ConfigDict(
        frozen=True, alias_generator=lambda name: name.replace("_", "-"), hide_input_in_errors=True
    )


class ProjectTable(_Read):
    """`[project]` of a package (PEP 621), as far as a release needs it."""

    name: str
    version: str | None = None
    requires_python: str = ""
    dependencies: tuple[str, ...] = ()
    dynamic: tuple[str, ...] = ()
    readme: Any = None
    license: Any = None
    license_files: tuple[str, ...] = ()


class BuildSystemTable(_Read):
    """`[build-system]` of a package; what it requires where it does not say is PEP 518's default."""

    requires: tuple[str, ...] = ("setuptools>=40.8.0",)


class WheelsTable(_Read):
    """`[tool.carrack.wheels]` of a package that has native ones."""

    model_config = ConfigDict(extra="forbid")

    pythons: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^cp3[0-9]+$")], ...], Field(min_length=1)
    ]
    machines: Annotated[tuple[Literal["x86_64", "aarch64"], ...], Field(min_length=1)] = ("x86_64", "aarch64")


class PackageTable(_Read):
    """`[tool.carrack]` of a package."""

    model_config = ConfigDict(extra="forbid")

    wheels: WheelsTable | None = None


class ManifestTable(_Read):
    """A package's pyproject.toml."""

    project: ProjectTable
    build_system: BuildSystemTable = BuildSystemTable()
    tool: Mapping[str, Any] = {}


class _Table(_Read):
    """A table of ours: a key that is not named here is a mistake."""

    model_config = ConfigDict(extra="forbid")


class IndexTable(_Table):
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

    @model_validator(mode="after")
    def _one_endpoint(self) -> Self:
        if self.endpoint is not None and self.endpoint_variable is not None:
            raise ValueError("say endpoint or endpoint-variable, not both")
        return self


class AppTable(_Table):
    """`[tool.carrack.apps.NAME]`."""

    path: str
    requirements: tuple[str, ...] | None = None
    lock: str
    pythons: Annotated[tuple[Minor, ...], Field(min_length=1)]
    machines: Annotated[tuple[str, ...], Field(min_length=1)] = ("x86_64", "aarch64")


class BumpTable(_Table):
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


class CITable(_Table):
    """`[tool.carrack.ci]`: what `ci init` writes into other files."""

    index: str | None = None
    role: str = "${{ secrets.CARRACK_ROLE }}"
    python: Minor = "3.12"
    setup: Annotated[tuple[OneLine, ...], Field(min_length=1)] = ("python -m pip install carrack",)
    test: OneLine = 'python -m pytest "$PACKAGE_PATH"'


class CarrackTable(_Table):
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
    table = _NESTED.get(str(location[0]), model)
    known = [field.alias or name for name, field in table.model_fields.items()]
    close = nearest(str(location[-1]), known)
    return f"; did you mean {close!r}?" if close else f"; known are: {', '.join(known)}"


_NESTED: Mapping[str, type[BaseModel]] = {
    "indexes": IndexTable,
    "apps": AppTable,
    "bump": BumpTable,
    "ci": CITable,
    "wheels": WheelsTable,
}
