"""The merged parameters held against a model: the model's instance, or every problem at once."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.config import ExtraValues
from pydantic_core import ErrorDetails

from batch_params.exactness import inexact
from batch_params.exit_codes import EX_USAGE
from batch_params.explanation import explain, locate
from batch_params.merge import Merged
from batch_params.messages import UNKNOWN_KEY
from batch_params.problems import ConfigError, KeyPath, Position, Problem
from batch_params.shape import Shape

ModelT = TypeVar("ModelT", bound=BaseModel)
Errors = list[ErrorDetails]


def validate(model: type[ModelT], merged: Merged, shape: Shape) -> ModelT:
    """Read the parameters as the model, in pydantic's strict mode for JSON.

    Nothing is coerced (`"3"` is no integer, `true` is not 1), but a string still becomes a date, path, enum,
    decimal or duration where the model has one. Unknown keys are refused at every depth, except in a model
    whose own configuration says `extra="allow"` or `extra="ignore"`.

    Raises ConfigError with the documents' and the model's problems: the strongest source first, each in the order of
    its text. What a model's validator raises other than ValueError and AssertionError is a bug and passes through.
    """
    outcome = check(model, merged, shape)
    if isinstance(outcome, list):
        # Raised outside of any `except`: pydantic's exception holds the input and must not travel along.
        raise ConfigError(outcome)
    return outcome


def foresee(
    model: type[BaseModel], merged: Merged, shape: Shape, references: Collection[KeyPath]
) -> list[Problem]:
    """Find what is wrong whatever the references lead to: nothing about them, nor about what holds them."""
    try:
        outcome = check(model, merged, shape)
    except Exception:
        if references:  # a validator tripped over one, it may be; it is run again with what it leads to
            return []
        raise
    problems = outcome if isinstance(outcome, list) else []
    certain = {problem.key for problem in merged.problems}
    return [
        problem
        for problem in problems
        if problem.key in certain or not any(path[: len(problem.key)] == problem.key for path in references)
    ]


def check(model: type[ModelT], merged: Merged, shape: Shape) -> ModelT | list[Problem]:
    """Do as `validate` does, but give the problems back."""
    outcome = _attempt(model, merged, extra="forbid")
    if isinstance(outcome, list):
        outcome = _leniently(model, merged, shape, outcome)
    elif (
        shape.has_lenient
    ):  # such a model has no `model_extra`, not even an empty one, where keys were forbidden
        outcome = _attempt(model, merged, extra=None)
    found = _problems(merged, shape, outcome if isinstance(outcome, list) else [])
    problems = [replace(each, exit_code=EX_USAGE) if each.source.startswith("--") else each for each in found]
    if problems or isinstance(outcome, list):
        order = {document.source: -place for place, document in enumerate(merged.documents)}
        return sorted(problems, key=lambda problem: _order(problem, order))
    return outcome


def _attempt(model: type[ModelT], merged: Merged, *, extra: ExtraValues | None) -> ModelT | Errors:
    try:
        return model.model_validate_json(merged.text, strict=True, extra=extra)
    except ValidationError as error:
        return error.errors(include_url=False, include_input=False)


def _leniently(model: type[ModelT], merged: Merged, shape: Shape, errors: Errors) -> ModelT | Errors:
    """Forgive unknown keys where a model itself asks for it: `extra` for one call overrules all models."""
    unknown = [error for error in errors if error["type"] in UNKNOWN_KEY]
    refused = [error for error in unknown if not shape.is_lenient(locate(error, merged, shape).path[:-1])]
    if len(refused) == len(unknown):
        return errors
    again = _attempt(model, merged, extra=None)
    if isinstance(again, list):
        return [*refused, *(error for error in again if error["type"] not in UNKNOWN_KEY)]
    return refused or again


def _problems(merged: Merged, shape: Shape, errors: Errors) -> Iterator[Problem]:
    own = [replace(problem, key=shape.public(problem.key)) for problem in merged.problems]
    own += inexact(merged, shape)
    faulty = {problem.key for problem in own}
    yield from own
    yield from (problem for problem in explain(errors, merged, shape) if problem.key not in faulty)


def _order(problem: Problem, sources: Mapping[str, int]) -> tuple[int, Position]:
    # What stands in no source comes last.
    return sources.get(problem.source, 1), problem.position or Position(line=0, column=0)
