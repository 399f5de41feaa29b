"""Where a model's defaults hold references: in its own fields, and in models, lists and dictionaries in it."""

import dataclasses
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Secret, SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from batch_params.exit_codes import EX_CONFIG
from batch_params.problems import KeyPath, Problem
from batch_params.references import Reference, reference

SECRETS = (SecretStr, SecretBytes, Secret)
LISTS = (list, tuple, set, frozenset, deque)


@dataclass(frozen=True, kw_only=True)
class Default:
    """A field whose default holds references, by their ways inside of it; `field` is None where it is a dataclass's."""

    path: KeyPath
    field: FieldInfo | None
    value: Any
    references: Mapping[KeyPath, Reference]

    def problem(self, inner: KeyPath, message: str, exit_code: int = EX_CONFIG) -> Problem:
        """Tell of something at a way inside of it."""
        key = tuple(step if isinstance(step, int) else str(step) for step in (*self.path, *inner))
        return Problem(source="default", key=key, message=message, exit_code=exit_code)


def find_defaults(value: Any, path: KeyPath = (), *, is_default: bool = False) -> Iterator[Default]:
    """Find the fields that were given by nobody, and hold references."""
    for name, field, is_given in _fields(value):
        part, here, by_default = getattr(value, name, None), (*path, name), is_default or not is_given
        if by_default and (inside := dict(_references(part))):
            yield Default(path=here, field=field, value=part, references=inside)
        yield from find_defaults(part, here, is_default=by_default)
    for step, part in _items(value):
        if not isinstance(part, str | int | float):  # which a long list is mostly of
            yield from find_defaults(part, (*path, step), is_default=is_default)


def _fields(holder: Any) -> Iterator[tuple[str, FieldInfo | None, bool]]:
    """List the fields, and whether they were given: a dataclass does not say, but a default is the very same object."""
    if isinstance(holder, BaseModel):
        for name, field in type(holder).model_fields.items():
            yield name, field, name in holder.model_fields_set
    elif dataclasses.is_dataclass(holder) and not isinstance(holder, type):
        for each in dataclasses.fields(holder):
            default = each.default.default if isinstance(each.default, FieldInfo) else each.default
            yield each.name, None, getattr(holder, each.name, None) is not default


def _items(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, LISTS):
        yield from enumerate(value)


def _references(
    value: Any, path: KeyPath = (), *, is_secret: bool = False
) -> Iterator[tuple[KeyPath, Reference]]:
    if isinstance(value, SECRETS):
        yield from _references(value.get_secret_value(), path, is_secret=True)
    elif is_secret and isinstance(value, str | bytes):
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        if each := reference(text):
            yield path, each
    for step, part in _items(value):
        yield from _references(part, (*path, step), is_secret=is_secret)
