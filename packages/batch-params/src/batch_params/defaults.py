"""References that stand in a model's defaults, which no document gave and pydantic does not validate."""

from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, Secret, SecretBytes, SecretStr

from batch_params.aws.service import Aws
from batch_params.aws.unavailable import UnavailableError
from batch_params.problems import ConfigError, KeyPath, Problem
from batch_params.references import Reference, reference
from batch_params.resolving import answer

ModelT = TypeVar("ModelT", bound=BaseModel)
_SECRETS = (SecretStr, SecretBytes, Secret)


def resolve_defaults(instance: ModelT, aws: Aws) -> ModelT:
    """Put secrets in the place of references in defaults, those of the model and of models in it.

    Raises ConfigError with every reference that leads to nothing.
    """
    found = dict(_found(instance))
    answers = answer(found.values(), aws)
    problems = [
        Problem(source="default", key=path, message=f"{each}: {failure}", exit_code=failure.exit_code)
        for path, each in found.items()
        if isinstance(failure := answers[each], UnavailableError)
    ]
    if problems:
        raise ConfigError(problems)
    for path, each in found.items():
        instance = _with(instance, path, answers[each])
    return instance


def _found(
    model: BaseModel, path: KeyPath = (), *, is_default: bool = False
) -> Iterator[tuple[KeyPath, Reference]]:
    for name in type(model).model_fields:
        value, here = getattr(model, name), (*path, name)
        by_default = is_default or name not in model.model_fields_set
        if isinstance(value, BaseModel):
            yield from _found(value, here, is_default=by_default)
        elif (
            by_default
            and isinstance(value, _SECRETS)
            and (each := reference(_text(value.get_secret_value())))
        ):
            yield here, each


def _text(secret: Any) -> str:
    return secret.decode("utf-8", "replace") if isinstance(secret, bytes) else str(secret)


def _with(model: Any, path: KeyPath, secret: Any) -> Any:
    """Copy a model, for a default may be shared, with one secret replaced; what counts as given stays the same."""
    name = str(path[0])
    value = getattr(model, name)
    if path[1:]:
        new = _with(value, path[1:], secret)
    else:
        new = type(value)(str(secret).encode() if isinstance(value, SecretBytes) else secret)
    given = set(model.model_fields_set)
    copy = model.model_copy(update={name: new})
    copy.model_fields_set.intersection_update(given)
    return copy
