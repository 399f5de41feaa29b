"""References that stand in a model's defaults, which no document gave and pydantic does not validate."""

import copy
import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Secret, SecretBytes, SecretStr, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from batch_params.aws.service import Aws
from batch_params.aws.unavailable import UnavailableError
from batch_params.default_references import LISTS, SECRETS, Default, find_defaults, plain_texts
from batch_params.messages import sentence
from batch_params.problems import ConfigError, KeyPath, Problem
from batch_params.references import Reference
from batch_params.resolving import Answered, answer, read_answer
from batch_params.schema import schema_of
from batch_params.shape import Shape
from batch_params.strict_json import JsonValue

ModelT = TypeVar("ModelT", bound=BaseModel)
_FIXED = "stands in a default where nothing can be put in its place; give this key in another source"


class _FixedError(Exception):
    """A default that no document could have given: there is no way to put a secret into it."""


def resolve_defaults(instance: ModelT, aws: Aws) -> ModelT:
    """Put secrets in the place of references in defaults: in the model, and in models, lists and dictionaries in it.

    A default with a secret in it is held to its field's type as what a document gives is; validators of the model see
    no default.

    Raises ConfigError with every reference that leads to nothing or to what the type refuses, and every one that stands
    where nothing can be put in its place.
    """
    found = [*find_defaults(instance)]
    answers = answer([each for default in found for each in default.references.values()], aws)
    problems: list[Problem] = []
    for default in found:
        try:
            instance = _with(instance, default.path, _resolved(default, answers))
        except _FixedError:
            problems += [
                default.problem(inner, f"{each}: {_FIXED}") for inner, each in default.references.items()
            ]
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return instance


def _resolved(default: Default, answers: Answered) -> Any:
    """Read the default anew by its field's type, as JSON with the secrets in it."""
    adapter = _type_of(default.field)
    secrets, problems = _secrets(default, answers, Shape(root=schema_of(adapter)))
    if problems:
        raise ConfigError(problems)
    try:
        new = adapter.validate_json(_json(default.value, secrets), strict=True)
        return _kept(default.value, new, secrets)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
    # Raised outside of any `except`: pydantic's exception holds the input and must not travel along.
    raise ConfigError([*_refused(default, errors, [*secrets.values()])])


def _type_of(field: FieldInfo | None) -> TypeAdapter[Any]:
    if field is None:
        raise _FixedError
    type_: Any = Annotated[field.annotation, None, *field.metadata]
    try:
        return TypeAdapter(type_)
    except PydanticUserError:  # for which pydantic has no reading
        raise _FixedError from None


def _kept(old: Any, new: Any, secrets: Mapping[KeyPath, JsonValue]) -> Any:
    """Give the new value, but with a secret in it wherever there was one: a type such as `Any` asks for none."""
    kept = _wrapped(old, new)
    bare = {*plain_texts(kept)} - {*plain_texts(old)}
    if any(text in bare for secret in secrets.values() if isinstance(secret, str) for text in _forms(secret)):
        raise _FixedError
    return kept


def _forms(secret: str) -> tuple[str, bytes]:
    return secret, secret.encode()


def _wrapped(old: Any, new: Any) -> Any:
    """Wrap again what was a secret, where old and new are alike; the new value's lists and dictionaries are fresh."""
    if isinstance(old, SECRETS):
        return new if isinstance(new, SECRETS) else _secret(old, new)
    if isinstance(old, dict) and isinstance(new, dict):
        for key in new.keys() & old.keys():
            new[key] = _wrapped(old[key], new[key])
    elif isinstance(old, LISTS) and isinstance(new, list | deque | tuple) and len(old) == len(new):
        parts = [*map(_wrapped, old, new)]
        if type(new) is tuple:
            return tuple(parts)
        if isinstance(new, list | deque):  # a named tuple stays as it is
            new.clear()
            new.extend(parts)
    return new


def _secret(old: SecretStr | SecretBytes | Secret[Any], new: Any) -> Any:
    if isinstance(old, SecretBytes) and isinstance(new, str):
        new = new.encode()
    kinds = {SecretStr: str, SecretBytes: bytes}
    if not all(isinstance(new, kind) for secret, kind in kinds.items() if isinstance(old, secret)):
        raise _FixedError
    return type(old)(new)


def _secrets(
    default: Default, answers: Answered, shape: Shape
) -> tuple[dict[KeyPath, JsonValue], list[Problem]]:
    secrets: dict[KeyPath, JsonValue] = {}
    problems: list[Problem] = []
    for inner, each in default.references.items():
        secrets[inner], faults = _read(each, inner, answers[each], shape)
        problems += [default.problem(inner, f"{each}: {fault}", fault.exit_code) for fault in faults]
    return secrets, problems


def _read(
    each: Reference, inner: KeyPath, found: JsonValue | UnavailableError, shape: Shape
) -> tuple[JsonValue, list[UnavailableError]]:
    if isinstance(found, str) and shape.kinds(inner) <= {"any", "null"}:  # of which the type says nothing
        return found, []
    return read_answer(each, inner, found, shape)


def _json(value: Any, secrets: Mapping[KeyPath, JsonValue]) -> str:
    try:
        return json.dumps(_plain(value, (), secrets), allow_nan=False)
    except (TypeError, ValueError):
        raise _FixedError from None


def _plain(value: Any, path: KeyPath, secrets: Mapping[KeyPath, JsonValue]) -> Any:
    if path in secrets:
        return secrets[path]
    if isinstance(value, SECRETS):
        return _plain(value.get_secret_value(), path, secrets)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, dict):
        return {key: _plain(part, (*path, str(key)), secrets) for key, part in value.items()}
    if isinstance(value, LISTS):
        return [_plain(part, (*path, step), secrets) for step, part in enumerate(value)]
    return value


def _refused(
    default: Default, errors: Sequence[ErrorDetails], secrets: Sequence[JsonValue]
) -> Iterator[Problem]:
    said: dict[KeyPath, list[str]] = {}
    for error in errors:
        place = error["loc"]
        inner = next((path for path in default.references if place[: len(path)] == path), ())
        said.setdefault(inner, []).append(sentence(error, is_secret=True, secrets=secrets))
    for inner, sentences in said.items():
        yield default.problem(inner, " or ".join(dict.fromkeys(sentences)))


def _with(value: Any, path: KeyPath, new: Any) -> Any:
    """Copy a value, for a default may be shared, with a part replaced; what counts as given stays the same."""
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, BaseModel):
        made = value.model_copy(update={str(step): _with(getattr(value, str(step)), rest, new)})
        made.model_fields_set.intersection_update(set(value.model_fields_set))
        return made
    if type(value) is tuple:
        return tuple(_with(part, rest, new) if index == step else part for index, part in enumerate(value))
    if isinstance(value, list | dict):
        changed: Any = copy.copy(value)
        changed[step] = _with(changed[step], rest, new)
        return changed
    raise _FixedError
