"""Plans as files: JSON that people can read, and that `publish --plan` holds against the world."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from packaging.utils import canonicalize_name
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from carrack.errors import PlanError
from carrack.model.binding import SCHEMA, Binding, Ground


class _Package(BaseModel):
    """What a plan says of one package."""

    model_config = ConfigDict(strict=True, extra="forbid")

    state: str
    version: str
    versions: list[str]
    revision: str | None


class _Plan(BaseModel):
    """The file."""

    model_config = ConfigDict(strict=True, extra="forbid")

    schema_number: Literal[1] = Field(alias="schema")
    index: str
    commit: str = Field(pattern="^[0-9a-f]{40,64}$")
    asked: list[str]
    packages: dict[str, _Package]


def format_plan(binding: Binding) -> str:
    """The file's text."""
    return (
        _Plan(
            schema=SCHEMA,
            index=binding.index,
            commit=binding.commit,
            asked=list(binding.asked),
            packages={
                name: _Package(
                    state=ground.state,
                    version=ground.version,
                    versions=list(ground.versions),
                    revision=ground.revision,
                )
                for name, ground in binding.packages.items()
            },
        ).model_dump_json(by_alias=True, indent=2)
        + "\n"
    )


def read_plan(file: Path) -> Binding:
    """What a file that `format_plan` made says.

    Raises PlanError where it is not there, or not such a file.
    """
    try:
        plan = _Plan.model_validate_json(file.read_bytes())
    except OSError as error:
        raise PlanError(f"the plan cannot be read: {error.strerror}", address=str(file)) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise PlanError(
            f"this is no plan of `carrack plan --out`: {where + ': ' if where else ''}{first['msg']}",
            address=str(file),
            untouched="the index; nothing was written",
            hint=f"carrack plan --out {file}",
        ) from None
    return Binding(
        commit=plan.commit,
        index=plan.index,
        asked=tuple(map(canonicalize_name, plan.asked)),
        packages={
            canonicalize_name(name): Ground(
                state=package.state,
                version=package.version,
                versions=tuple(package.versions),
                revision=package.revision,
            )
            for name, package in plan.packages.items()
        },
    )
