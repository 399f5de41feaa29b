"""RFC 8259 JSON with the place of every key and value.

The standard library's parser keeps no places, lets the last of two equal keys win and reads NaN. Here the
structure is parsed by hand; strings, numbers and literals are still the standard library's.
"""

import json
import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from batch_params.problems import KeyPath, Position

JsonValue = dict[str, "JsonValue"] | list["JsonValue"] | str | int | float | bool | None

MAX_DEPTH = 100
"""Arrays and objects inside one another. RFC 8259, section 9, allows a limit; pydantic's own is about 200."""

_SPACE = re.compile(r"[ \t\n\r]*")
_SCALARS = json.JSONDecoder()


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a value begins, and where its key does; an array's item and the root are their own key."""

    key: Position
    value: Position


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that this JSON may not have, although one could read on."""

    key: KeyPath
    position: Position
    message: str


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A JSON text's value, the place of every key path in it, and what is wrong with it all the same.

    `rounded` are the numbers that have more digits than a double could keep.
    """

    value: JsonValue
    places: Mapping[KeyPath, Place]
    rounded: frozenset[KeyPath]
    faults: tuple[Fault, ...]


class InvalidJsonError(ValueError):
    """The text is not JSON; says where reading stopped, and never quotes the text."""

    def __init__(self, message: str, position: Position) -> None:
        super().__init__(message)
        self.position = position


def parse(text: str) -> Parsed:
    """Read a whole JSON text.

    Duplicate keys (the last one stands), numbers that are not finite and exponents beyond all numbers become faults.

    Raises InvalidJsonError where the text is not JSON, has an escape that is no character, or is nested
    deeper than `MAX_DEPTH`.
    """
    reader = _Reader(text)
    value = reader.read()
    return Parsed(
        value=value,
        places=reader.places,
        rounded=frozenset(reader.rounded),
        faults=tuple(reader.faults),
    )


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.places: dict[KeyPath, Place] = {}
        self.rounded: set[KeyPath] = set()
        self.faults: list[Fault] = []

    def read(self) -> JsonValue:
        self._skip()
        value = self._value((), self._position())
        self._skip()
        if self._next():
            raise self._invalid("text after the end of the JSON value")
        return value

    def _value(self, path: KeyPath, key: Position) -> JsonValue:
        if len(path) > MAX_DEPTH:
            raise self._invalid(f"nested deeper than {MAX_DEPTH} levels")
        self.places[path] = Place(key=key, value=self._position())
        match self._next():
            case "{":
                return self._object(path)
            case "[":
                return self._array(path)
            case _:
                return self._scalar(path)

    def _object(self, path: KeyPath) -> dict[str, JsonValue]:
        found: dict[str, JsonValue] = {}
        for position in self._items("}"):
            if self._next() != '"':
                raise self._invalid("expected a key in double quotes")
            key = str(self._scalar(path))
            if key in found:
                first = self.places[*path, key].key
                self._fault((*path, key), position, f"duplicate key; the first is on line {first.line}")
            self._skip()
            if self._next() != ":":
                raise self._invalid("expected ':' after the key")
            self._skip(1)
            found[key] = self._value((*path, key), position)
        return found

    def _array(self, path: KeyPath) -> list[JsonValue]:
        found: list[JsonValue] = []
        for position in self._items("]"):
            found.append(self._value((*path, len(found)), position))
        return found

    def _items(self, end: str) -> Iterator[Position]:
        """Stop at the start of each item of the array or object that begins here, and leave it behind."""
        self._skip(1)
        while self._next() != end:
            yield self._position()
            self._skip()
            if self._next() == ",":
                self._skip(1)
                if self._next() == end:
                    raise self._invalid(f"trailing comma before {end!r}")
            elif self._next() != end:
                raise self._invalid(f"expected ',' or {end!r}")
        self._at += 1

    def _scalar(self, path: KeyPath) -> JsonValue:
        start, began = self._position(), self._at
        try:
            value, self._at = _SCALARS.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            self._at = error.pos
            raise self._invalid(error.msg.lower()) from None
        except ValueError:  # int() refuses thousands of digits (CVE-2020-10735)
            raise self._invalid("number with too many digits") from None
        if isinstance(value, float) and not math.isfinite(value):
            self._fault(path, start, "NaN and infinite numbers are not JSON")
        elif isinstance(value, float):
            self._compare(path, start, value, self._text[began : self._at])
        if isinstance(value, str) and not is_unicode(value):
            raise InvalidJsonError("half of a surrogate pair is not a character", start)
        scalar: JsonValue = value
        return scalar

    def _compare(self, path: KeyPath, start: Position, value: float, written: str) -> None:
        try:
            if Decimal(repr(value)) != Decimal(written):
                self.rounded.add(path)
        except InvalidOperation:  # an exponent of about 19 digits
            self._fault(path, start, "has an exponent that no number holds")

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, count: int = 0) -> None:
        """Leave `count` characters behind, and the white space after them."""
        space = _SPACE.match(self._text, self._at + count)
        self._at = space.end() if space else self._at

    def _position(self) -> Position:
        line = bisect_right(self._line_starts, self._at)
        return Position(line=line, column=self._at - self._line_starts[line - 1] + 1)

    def _fault(self, key: KeyPath, position: Position, message: str) -> None:
        self.faults.append(Fault(key=key, position=position, message=message))

    def _invalid(self, message: str) -> InvalidJsonError:
        return InvalidJsonError(
            message if self._next() else f"{message}, but the text ends", self._position()
        )


def is_unicode(text: str) -> bool:
    """Tell whether a text can be written as UTF-8: whether it has no half of a surrogate pair."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
