"""Numbers that the model's own types would round."""

from collections.abc import Iterator

from batch_params.merge import Merged
from batch_params.problems import KeyPath, Problem
from batch_params.shape import Shape, parts
from batch_params.strict_json import JsonValue

_EXACT_INTEGERS = 2**53  # a double has no room for all larger ones


def inexact(merged: Merged, shape: Shape) -> Iterator[Problem]:
    """Find integers that a float does not hold, and fractions that a decimal would get already rounded.

    JSON's numbers are read as doubles (RFC 8259, section 6); a decimal is exact where it is written as a string.
    """
    has_rounded = any(document.rounded for document in merged.documents)
    for path, value in _numbers(merged.value, ()):
        if isinstance(value, int):
            why = _why_not_integer(value, shape.kinds(path))
        else:
            why = _why_not_fraction(merged, path, shape) if has_rounded else None
        if why is not None:
            source, position = merged.address(path)
            yield Problem(source=source, position=position, key=shape.public(path), message=why)


def _numbers(value: JsonValue, path: KeyPath) -> Iterator[tuple[KeyPath, int | float]]:
    is_large = isinstance(value, int) and abs(value) > _EXACT_INTEGERS
    if isinstance(value, int | float) and (is_large or isinstance(value, float)):
        yield path, value
    for step, part in parts(value):
        yield from _numbers(part, (*path, step))


def _why_not_integer(value: int, kinds: set[str]) -> str | None:
    is_float = "number" in kinds and not kinds & {"integer", "string"}
    return "is an integer that a float cannot hold exactly" if is_float and _rounds(value) else None


def _why_not_fraction(merged: Merged, path: KeyPath, shape: Shape) -> str | None:
    origin = merged.origin(path)
    is_rounded = origin is not None and origin.path in origin.document.rounded
    if is_rounded and {"number", "string"} <= shape.kinds(path):
        return "is a number with a fraction or an exponent that would be rounded; write it as a string"
    return None


def _rounds(value: int) -> bool:
    try:
        return int(float(value)) != value
    except OverflowError:
        return True
