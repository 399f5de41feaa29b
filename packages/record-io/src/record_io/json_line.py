"""One line of JSON Lines, read slowly and told exactly what is wrong with it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from record_io.streams import MARK

_KINDS: Final = {
    pa.string(): ("a text", (str,)),
    pa.int64(): ("a whole number of 64 bits", (int,)),
    pa.float64(): ("a number", (int, float)),
    pa.bool_(): ("true or false", (bool,)),
}


@dataclass
class LineError(Exception):
    """Why a line is not a record: the rule it breaks, and the column where that is known."""

    rule: str
    reason: str
    column: str | None = None


class _Members(list[tuple[str, object]]):
    """The members of a JSON object in order, with repeated names: what a dict would hide."""


def parse_line(line: str, schema: pa.Schema) -> dict[str, object]:
    """Return the values of the columns of `schema` that the line has. Raises LineError if it is no record."""
    if MARK in line:
        raise LineError("utf-8", "a byte is not UTF-8")
    try:
        members = json.loads(line, object_pairs_hook=_Members)
    except (ValueError, RecursionError) as error:
        raise LineError("json", f"not JSON: {error}") from error
    if not isinstance(members, _Members):
        raise LineError("json", "not a JSON object")
    return _record(members, schema)


def _record(members: Iterable[tuple[str, object]], schema: pa.Schema) -> dict[str, object]:
    record: dict[str, object] = {}
    for name, value in members:
        if name in record:
            raise LineError("json", f"{name}: is named twice", name)
        if name in schema.names:
            record[name] = _value(name, value, schema.field(name).type)
    return record


def _value(name: str, value: object, type_: pa.DataType) -> object:
    """Return `value` if it has the type; an integer may stand for a float, and null for anything."""
    called, kinds = _KINDS[type_]
    if value is None:
        return None
    try:
        if type(value) in kinds:  # exactly: a bool is an int to isinstance
            given = float(value) if isinstance(value, int) and float in kinds else value
            return pa.scalar(given, type_).as_py()
    except (OverflowError, UnicodeEncodeError):
        pass  # an integer too large for the type, or half of a surrogate pair
    raise LineError("type", f"{name}: {json.dumps(value)[:80]} is not {called}", name)
