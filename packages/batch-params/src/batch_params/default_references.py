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
    """A field whose default holds references, by their ways inside of it.

    `field` is None where it is a dataclass's or a named tuple's.
    """

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
    fields = [*_fields(value, is_default=is_default)]
    for step, part, field, is_given in fields:
        here, by_default = (*path, step), is_default or not is_given
        if by_default and (inside := dict(_references(part))):
            yield Default(path=here, field=field, value=part, references=inside)
        yield from find_defaults(part, here, is_default=by_default)
    for step, part in () if fields else _items(value):
        if not isinstance(part, str | int | float):  # which a long list is mostly of
            yield from find_defaults(part, (*path, step), is_default=is_default)


def _fields(holder: Any, *, is_default: bool) -> Iterator[tuple[str | int, Any, FieldInfo | None, bool]]:
    """List the fields with their values, and whether they were given.

    Dataclasses and named tuples do not say; but a reference that is still in one is a default: a document's are
    replaced by now. What a named tuple in a default holds was found with that default.
    """
    if isinstance(holder, BaseModel):
        for name, field in type(holder).model_fields.items():
            yield name, getattr(holder, name, None), field, name in holder.model_fields_set
    elif dataclasses.is_dataclass(holder) and not isinstance(holder, type):
        for each in dataclasses.fields(holder):
            yield each.name, getattr(holder, each.name, None), None, False
    elif isinstance(holder, tuple) and hasattr(holder, "_fields") and not is_default:
        for step, part in enumerate(holder):
            yield step, part, None, False


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
        here = str(step) if isinstance(value, dict) else step
        yield from _references(part, (*path, here), is_secret=is_secret)


def plain_texts(value: Any) -> Iterator[str | bytes]:
    """Find every text that is not in a secret, with fields and parts."""
    if isinstance(value, str | bytes):
        yield value
    for _, part, *_ in _fields(value, is_default=True):
        yield from plain_texts(part)
    for _, part in _items(value):
        yield from plain_texts(part)
