"""A text that stands for a value, as flags and environment variables give one, read as its key's type asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from batch_params.document import Document
from batch_params.problems import KeyPath, Problem
from batch_params.shape import Shape
from batch_params.strict_json import InvalidJsonError, JsonValue, Place, is_unicode, parse

_WORDS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
_ONLY_JSON = {"array", "object", "null"}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a text says; places only where it is JSON with parts."""

    value: JsonValue = field(repr=False)
    places: Mapping[KeyPath, Place] = field(default_factory=dict, repr=False)
    rounded: frozenset[KeyPath] = frozenset()
    problems: tuple[Problem, ...] = ()


def read_text(source: str, path: tuple[str, ...], text: str, shape: Shape) -> Document:
    """Read a text as the value at a path, as a document of its own.

    Where a string may stand, the text is it, as it is. Anything else is JSON; `yes`, `on`, `1` and their opposites
    are booleans too. What can be neither stays a string, which the model then refuses: nothing is rounded or cut.
    """
    reading = read_value(source, path, text, shape)
    return Document(
        source=source,
        value=nested(path, reading.value),
        places=reading.places,
        rounded=reading.rounded,
        problems=reading.problems,
        is_text=True,
    )


def nested(path: tuple[str, ...], value: JsonValue) -> dict[str, JsonValue]:
    """Put a value into as many objects as its path has keys."""
    for key in reversed(path):
        value = {key: value}
    assert isinstance(value, dict)  # noqa: S101  -- a path has a key at least
    return value


def read_value(source: str, path: KeyPath, text: str, shape: Shape) -> Reading:
    """Read a text as the value at a path."""
    kinds = shape.kinds(path)
    if not is_unicode(text):
        problem = Problem(source=source, key=shape.public(path), message="is not UTF-8")
        return Reading(value=None, problems=(problem,))
    if "string" in kinds or shape.is_choice(path, text):
        return Reading(value=text)
    if "boolean" in kinds and not kinds & {"integer", "number"} and text.casefold() in _WORDS:
        return Reading(value=_WORDS[text.casefold()])
    try:
        return _json(source, path, text, shape)
    except InvalidJsonError as error:
        if not kinds <= _ONLY_JSON:
            return Reading(value=text)
        problem = Problem(
            source=source, position=error.position, key=shape.public(path), message=f"invalid JSON: {error}"
        )
        return Reading(value=None, problems=(problem,))


def _json(source: str, path: KeyPath, text: str, shape: Shape) -> Reading:
    parsed = parse(text)
    has_parts = isinstance(parsed.value, list | dict)
    return Reading(
        value=parsed.value,
        places={(*path, *inner): place for inner, place in parsed.places.items()} if has_parts else {},
        rounded=frozenset((*path, *inner) for inner in parsed.rounded),
        problems=tuple(
            Problem(
                source=source,
                position=fault.position if has_parts else None,
                key=shape.public((*path, *fault.key)),
                message=fault.message,
            )
            for fault in parsed.faults
        ),
    )
