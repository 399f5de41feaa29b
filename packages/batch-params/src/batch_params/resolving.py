"""References replaced by the secrets that they lead to, asked for together."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from batch_params.aws.asking import Answers
from batch_params.aws.service import Aws
from batch_params.aws.unavailable import UnavailableError
from batch_params.merge import Merged
from batch_params.problems import ConfigError, KeyPath, Problem
from batch_params.references import Reference
from batch_params.shape import Shape
from batch_params.sources.text import read_value
from batch_params.strict_json import InvalidJsonError, JsonValue, parse

Answered = Mapping[Reference, JsonValue | UnavailableError]
Found = Sequence[tuple[KeyPath, Reference]]


def resolve(merged: Merged, found: Found, shape: Shape, aws: Aws) -> Merged:
    """Put the secrets in the place of their references; a text is read as its key's type asks.

    Raises ConfigError with every reference that leads to nothing, or to what its key's type cannot be read from.
    """
    answers = answer([each for _, each in found], aws)
    problems = []
    for path, each in found:
        value, faults = read_answer(each, path, answers[each], shape)
        problems += [_problem(merged, shape, path, each, fault) for fault in faults]
        merged = merged.with_value(path, value)
    if problems:
        raise ConfigError(problems)
    return merged


def read_answer(
    found: Reference, path: KeyPath, value: JsonValue | UnavailableError, shape: Shape
) -> tuple[JsonValue, list[UnavailableError]]:
    """Give what stands for a reference at a path, a text read as its type asks; and what is wrong with it.

    A fault has the reference's own place: one inside of the secret would tell of it.
    """
    if isinstance(value, UnavailableError):
        return None, [value]
    if not isinstance(value, str):
        return value, []
    reading = read_value(str(found), path, value, shape)
    faults = (f"leads to a text with a fault: {fault.message}" for fault in reading.problems)
    return reading.value, [*map(UnavailableError, faults)]


def answer(found: Iterable[Reference], aws: Aws) -> Answered:
    """Look up references, each service's together: the secret of each, or why there is none."""
    wanted = [*dict.fromkeys(found)]
    asked = {"ssm": aws.parameters, "secretsmanager": aws.secrets}
    texts = {
        store: _texts(ask, [each.name for each in wanted if each.store == store])
        for store, ask in asked.items()
    }
    return {each: _picked(each, texts[each.store][each.name]) for each in wanted}


def _texts(ask: Callable[[Sequence[str]], Answers], names: Sequence[str]) -> Answers:
    try:
        return ask([name for name in names if name]) | {"": UnavailableError("names nothing")}
    except UnavailableError as refusal:
        return dict.fromkeys(names, refusal)


def _picked(found: Reference, text: str | UnavailableError) -> JsonValue | UnavailableError:
    if isinstance(text, UnavailableError) or found.key is None:
        return text
    try:
        value = parse(text).value
    except InvalidJsonError:
        value = None
    if not isinstance(value, dict):
        return UnavailableError("holds no JSON object, so nothing can be picked by #key")
    return (
        value[found.key] if found.key in value else UnavailableError("holds a JSON object without this #key")
    )


def _problem(
    merged: Merged, shape: Shape, path: KeyPath, found: Reference, failure: UnavailableError
) -> Problem:
    source, position = merged.address(path)
    return Problem(
        source=source,
        position=position,
        key=shape.public(path),
        message=f"{found}: {failure}",
        exit_code=failure.exit_code,
    )
