"""Checks an operation's input against the constraints of its shapes, and words faults as the service does."""

import re
import unicodedata
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from codeartifact_local.protocol.errors import ValidationError

if TYPE_CHECKING:
    from botocore.model import Shape

_CONTROL = r"\x00-\x1f\x7f-\x9f"
# The model's patterns are Java's; Python has no category classes. `_legible` makes the odd categories NUL.
_JAVA_CLASSES = {
    r"[^\p{C}\p{IsWhitespace}]": rf"[^{_CONTROL}\s]",
    r"[\P{C}\s]": r"[^\x00]",
    r"\P{C}": rf"[^{_CONTROL}]",
}
_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "blob": (bytes, str, AsyncIterator),
    "timestamp": (datetime,),
}


def check_input(shape: "Shape | None", value: dict[str, Any]) -> None:
    """Return when `value` is an input that the model allows.

    Raises:
        ValidationError: it is not; the message counts and names every fault.
    """
    faults = list(_faults(shape, value, "")) if shape is not None else []
    if faults:
        count = f"{len(faults)} validation error{'s' if len(faults) > 1 else ''} detected: "
        raise ValidationError(count + "; ".join(faults))


def _faults(shape: "Shape", value: Any, path: str) -> Iterator[str]:
    kind = shape.type_name
    if not _is_of(kind, value):
        yield _fault(value, path, f"Member must be of type {kind}")
    elif kind == "structure":
        yield from _structure_faults(shape, value, path)
    elif kind == "list":
        yield from _size_faults(shape, value, path, len(value), "length")
        for position, item in enumerate(value, start=1):
            yield from _faults(shape.member, item, f"{path}.{position}.member")
    elif kind == "map":
        for key, item in value.items():
            yield from _faults(shape.key, key, f"{path}.key")
            yield from _faults(shape.value, item, f"{path}.{key}.member")
    elif kind == "string":
        yield from _string_faults(shape, value, path)
    elif kind in ("integer", "long"):
        yield from _size_faults(shape, value, path, value, "value")


def _is_of(kind: str, value: object) -> bool:
    if isinstance(value, bool) and kind != "boolean":
        return False  # Python's True is an int, JSON's is not
    return isinstance(value, _TYPES[kind])


def _structure_faults(shape: "Shape", value: dict[str, Any], path: str) -> Iterator[str]:
    for name, member in shape.members.items():
        member_path = f"{path}.{name}" if path else name
        if value.get(name) is not None:
            yield from _faults(member, value[name], member_path)
        elif name in shape.required_members:
            yield f"Value null at '{member_path}' failed to satisfy constraint: Member must not be null"


def _string_faults(shape: "Shape", value: str, path: str) -> Iterator[str]:
    yield from _size_faults(shape, value, path, len(value), "length")
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(_legible(value)):
        yield _fault(value, path, f"Member must satisfy regular expression pattern: {pattern}")
    if shape.enum and value not in shape.enum:
        yield _fault(value, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")


def _size_faults(shape: "Shape", value: Any, path: str, size: int, what: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield _fault(value, path, f"Member must have {what} greater than or equal to {least}")
    if most is not None and size > most:
        yield _fault(value, path, f"Member must have {what} less than or equal to {most}")


def _fault(value: Any, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    for java, python in _JAVA_CLASSES.items():
        pattern = pattern.replace(java, python)
    return re.compile(pattern)


def _legible(text: str) -> str:
    return "".join("\0" if unicodedata.category(c)[0] == "C" and not c.isspace() else c for c in text)
