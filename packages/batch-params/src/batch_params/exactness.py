"""Numbers that the model's own types would round."""

from collections.abc import Iterator

from batch_params.document import kind
from batch_params.merge import Merged
from batch_params.problems import KeyPath, Problem
from batch_params.shape import Shape, parts
from batch_params.strict_json import JsonValue

_EXACT_INTEGERS = 2**53  # a double has no room for all larger ones


def inexact(merged: Merged, shape: Shape) -> Iterator[Problem]:
    """Find integers that a float does not hold, and fractions that a decimal would get already rounded.

    JSON's numbers are read as doubles (RFC 8259, section 6); a decimal is exact where it is written as a string.
    """
    for path in _numbers(merged.value, ()):
        if (why := _why(merged, shape, path)) is not None:
            source, position = merged.address(path)
            yield Problem(source=source, position=position, key=shape.public(path), message=why)


def _numbers(value: JsonValue, path: KeyPath) -> Iterator[KeyPath]:
    if isinstance(value, float) or (
        isinstance(value, int) and not isinstance(value, bool) and abs(value) > _EXACT_INTEGERS
    ):
        yield path
    for step, part in parts(value):
        yield from _numbers(part, (*path, step))


def _why(merged: Merged, shape: Shape, path: KeyPath) -> str | None:
    value, kinds, origin = merged.at(path), shape.kinds(path), merged.origin(path)
    if isinstance(value, int):
        is_float = "number" in kinds and not kinds & {"integer", "string"}
        return "is an integer that a float cannot hold exactly" if is_float and _rounds(value) else None
    is_decimal = {"number", "string"} <= kinds
    if is_decimal and origin is not None and origin.path in origin.document.rounded:
        return f"is {kind(value)} that would be rounded; write it as a string"
    return None


def _rounds(value: int) -> bool:
    try:
        return int(float(value)) != value
    except OverflowError:
        return True
