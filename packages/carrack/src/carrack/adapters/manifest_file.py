"""The manifest in an image as a file: JSON that people and programs read."""

from __future__ import annotations

from typing import Annotated, Literal

from packaging.utils import canonicalize_name
from packaging.version import Version
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from carrack.errors import BuildError
from carrack.model.image_manifest import SCHEMA, Distribution, Manifest, Wheel


class _Wheel(BaseModel):
    """One file."""

    name: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


def _readable(text: object) -> object:
    Version(str(text))  # its ValueError says what is wrong
    return text


class _Distribution(BaseModel):
    """One distribution."""

    name: str
    version: Annotated[str, BeforeValidator(_readable)]
    source: str
    folder: str
    wheels: list[_Wheel] = []
    commit: str | None = None
    tag: str | None = None


class _Manifest(BaseModel):
    """The file. Keys that are not known here are a later version's."""

    model_config = ConfigDict(hide_input_in_errors=True)

    schema_number: Literal[1] = Field(alias="schema")
    app: str
    version: str
    commit: str
    dirty: bool
    lock: str
    receipt: str
    base: str | None
    base_id: str | None
    platform: str
    distributions: list[_Distribution]


def format_manifest(manifest: Manifest) -> str:
    """The file's text."""
    told = {
        **{key: value for key, value in vars(manifest).items() if key != "distributions"},
        "schema": SCHEMA,
        "distributions": [_told(one) for one in manifest.distributions],
    }
    return _Manifest.model_validate(told).model_dump_json(by_alias=True, indent=1, exclude_none=False) + "\n"


def _told(one: Distribution) -> dict[str, object]:
    return {**vars(one), "version": str(one.version), "wheels": [vars(wheel) for wheel in one.wheels]}


def parse_manifest(content: bytes, image: str) -> Manifest:
    """What a file that `format_manifest` made says. Raises BuildError where it is none; `image` is where it was."""
    try:
        read = _Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BuildError(
            f"its manifest is not one that carrack can read: {where + ': ' if where else ''}{first['msg']}",
            address=image,
        ) from None
    told = {key: value for key, value in dict(read).items() if key not in ("schema_number", "distributions")}
    return Manifest(**told, distributions=tuple(map(_distribution, read.distributions)))


def _distribution(read: _Distribution) -> Distribution:
    return Distribution(
        name=canonicalize_name(read.name),
        version=Version(read.version),
        source=read.source,
        folder=read.folder,
        wheels=tuple(Wheel(name=wheel.name, sha256=wheel.sha256) for wheel in read.wheels),
        commit=read.commit,
        tag=read.tag,
    )
