"""One source read as strict JSON: a value, and where every part of it stands."""

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from batch_params.problems import ConfigError, KeyPath, Position, Problem
from batch_params.strict_json import InvalidJsonError, JsonValue, Parsed, Place, parse

_OTHER_MARKS = {  # UTF-32's little-endian mark begins with UTF-16's
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


@dataclass(frozen=True, kw_only=True)
class Source:
    """The bytes of a JSON document and the name by which messages call it. The bytes may hold secrets."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Document:
    """A JSON object with the place of everything in it. `problems` are faults that did not stop the reading.

    `is_text` is for a flag or variable that was read as its key's type asks: it has places only inside of arrays and
    objects. The value may hold secrets and is kept out of the repr.
    """

    source: str
    value: dict[str, JsonValue] = field(repr=False)
    places: Mapping[KeyPath, Place] = field(default_factory=dict, repr=False)
    rounded: frozenset[KeyPath] = frozenset()
    problems: tuple[Problem, ...] = ()
    is_text: bool = False

    def at(self, path: KeyPath) -> JsonValue:
        """Give the value that a path leads to."""
        value: Any = self.value
        for step in path:
            value = value[step]
        found: JsonValue = value
        return found

    def position(self, path: KeyPath, *, of_key: bool = False) -> Position | None:
        """Give where the value or its key stands; for an absent one, where the object that lacks it does."""
        while path and path not in self.places:
            path, of_key = path[:-1], False
        if path not in self.places:
            return None
        return self.places[path].key if of_key else self.places[path].value


def read_document(source: Source) -> Document:
    """Read a source's bytes as a JSON object in UTF-8, with or without a byte order mark.

    Raises ConfigError, exit code 78, where they are in another encoding, empty, not JSON, or not an object.
    """
    text = _decoded(source)
    if not text.strip(" \t\r\n"):
        raise _refused(source, "is empty; a JSON object is needed, such as {}")
    parsed = _parsed(source, text)
    if not isinstance(parsed.value, dict):
        message = f"must be a JSON object, not {kind(parsed.value)}"
        raise _refused(source, message, parsed.places[()].value)
    faults = (
        Problem(source=source.name, position=fault.position, key=fault.key, message=fault.message)
        for fault in parsed.faults
    )
    return Document(
        source=source.name,
        value=parsed.value,
        places=parsed.places,
        rounded=parsed.rounded,
        problems=tuple(faults),
    )


def kind(value: JsonValue) -> str:
    """Name the kind of a JSON value with its article, so that a message need not show the value."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a number with a fraction or an exponent"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"


def _decoded(source: Source) -> str:
    for mark, encoding in _OTHER_MARKS.items():
        if source.data.startswith(mark):
            raise _refused(source, f"is {encoding}, not UTF-8; save it as UTF-8")
    data = source.data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
    position = Position(line=before.count("\n") + 1, column=len(before) - before.rfind("\n"))
    raise _refused(source, "is not UTF-8 from here on; save it as UTF-8", position)


def _parsed(source: Source, text: str) -> Parsed:
    try:
        return parse(text)
    except InvalidJsonError as error:
        raise _refused(source, f"invalid JSON: {error}", error.position) from None


def _refused(source: Source, message: str, position: Position | None = None) -> ConfigError:
    return ConfigError([Problem(source=source.name, position=position, message=message)])
