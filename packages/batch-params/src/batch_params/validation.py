"""A document held against a model: the model's instance, or every problem at once."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.config import ExtraValues
from pydantic_core import ErrorDetails

from batch_params.document import Document
from batch_params.exit_codes import EX_CONFIG
from batch_params.explanation import explain, locate
from batch_params.messages import UNKNOWN_KEY
from batch_params.problems import ConfigError, Position, Problem
from batch_params.shape import Shape

ModelT = TypeVar("ModelT", bound=BaseModel)
Errors = list[ErrorDetails]


def validate(model: type[ModelT], document: Document) -> ModelT:
    """Read the document as the model, in pydantic's strict mode for JSON.

    Nothing is coerced (`"3"` is no integer, `true` is not 1), but a string still becomes a date, path, enum,
    decimal or duration where the model has one. Unknown keys are refused at every depth, except in a model
    whose own configuration says `extra="allow"` or `extra="ignore"`.

    Raises ConfigError, exit code 78, with the document's and the model's problems in the order of the text.
    What a model's validator raises other than ValueError and AssertionError is a bug and passes through.
    """
    outcome = _attempt(model, document, extra="forbid")
    if not isinstance(outcome, list) and not document.problems:
        return outcome
    shape = Shape.of(model)
    if isinstance(outcome, list):
        outcome = _leniently(model, document, shape, outcome)
    if not isinstance(outcome, list) and not document.problems:
        return outcome
    problems = _problems(document, shape, outcome if isinstance(outcome, list) else [])
    # Raised outside of any `except`: pydantic's exception holds the input and must not travel along.
    raise ConfigError(sorted(problems, key=_order), exit_code=EX_CONFIG)


def _attempt(model: type[ModelT], document: Document, *, extra: ExtraValues | None) -> ModelT | Errors:
    try:
        return model.model_validate_json(document.text, strict=True, extra=extra)
    except ValidationError as error:
        return error.errors(include_url=False, include_input=False)


def _leniently(model: type[ModelT], document: Document, shape: Shape, errors: Errors) -> ModelT | Errors:
    """Forgive unknown keys where a model itself asks for it: `extra` for one call overrules all models."""
    unknown = [error for error in errors if error["type"] in UNKNOWN_KEY]
    refused = [error for error in unknown if not shape.is_lenient(locate(error, document, shape).path[:-1])]
    if len(refused) == len(unknown):
        return errors
    again = _attempt(model, document, extra=None)
    if isinstance(again, list):
        return [*refused, *(error for error in again if error["type"] not in UNKNOWN_KEY)]
    return refused or again


def _problems(document: Document, shape: Shape, errors: Errors) -> Iterator[Problem]:
    faulty = {problem.key for problem in document.problems}
    yield from (replace(problem, key=shape.public(problem.key)) for problem in document.problems)
    yield from (problem for problem in explain(errors, document, shape) if problem.key not in faulty)


def _order(problem: Problem) -> Position:
    return problem.position or Position(line=0, column=0)
