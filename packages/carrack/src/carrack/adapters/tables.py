"""The shape of `[tool.carrack]`: pydantic at the border, and errors that name the key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

Domain = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9\-]{0,48}[a-z0-9]$")]
Owner = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
Repository = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]{1,99}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]+$")]
Minor = Annotated[str, StringConstraints(pattern=r"^3\.[0-9]+$")]


def _with_slash(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"


Address = Annotated[str, StringConstraints(pattern=r"^https?://[^@\s]+$")]


class _Table(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=lambda name: name.replace("_", "-"),
        hide_input_in_errors=True,
    )


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


class AppTable(_Table):
    """`[tool.carrack.apps.NAME]`."""

    path: str
    requirements: tuple[str, ...] | None = None
    lock: str
    pythons: Annotated[tuple[Minor, ...], Field(min_length=1)]
    machines: Annotated[tuple[str, ...], Field(min_length=1)] = ("x86_64", "aarch64")


class CarrackTable(_Table):
    """`[tool.carrack]`."""

    packages: tuple[str, ...] = ("packages/*",)
    default_index: str | None = None
    build_constraints: str = "build-constraints.txt"
    apps: Mapping[str, AppTable] = {}
    indexes: Mapping[str, IndexTable] = {}


def parse(table: Mapping[str, Any]) -> CarrackTable | tuple[str, ...]:
    """The table, or every fault in it, each as `tool.carrack.key: what is wrong`."""
    try:
        return CarrackTable.model_validate(table)
    except ValidationError as error:
        return tuple(_faults(error))


def _faults(error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_input=False, include_url=False):
        where = ".".join(("tool", "carrack", *map(str, problem["loc"])))
        if problem["type"] == "extra_forbidden":
            yield f"{where}: there is no such key{_suggestion(problem['loc'])}"
        else:
            yield f"{where}: {problem['msg'][:1].lower()}{problem['msg'][1:]}"


def _suggestion(location: tuple[int | str, ...]) -> str:
    nested: dict[str, type[BaseModel]] = {"indexes": IndexTable, "apps": AppTable}
    model = nested.get(str(location[0]), CarrackTable)
    known = [field.alias or name for name, field in model.model_fields.items()]
    close = get_close_matches(str(location[-1]), known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are: {', '.join(known)}"
