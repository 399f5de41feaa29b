"""From text to typed values, exactly or not at all."""

import datetime as dt
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

_DATE: Final = "[0-9]{4}-[01][0-9]-[0-3][0-9]"
_TIME: Final = "[0-2][0-9](:[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?)?"
_SYNTAX: Final = {
    pa.int64(): "^-?0*[0-9]{1,19}$",
    pa.float64(): "^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?$",
    pa.date32(): f"^{_DATE}$",
    pa.timestamp("us"): f"^{_DATE}([ T]{_TIME})?$",
}
"""What every text looks like that Arrow's cast accepts, and that we do; few that it refuses look so."""


def parse(given: pa.Array, type_: pa.DataType, format_: str | None = None) -> pa.Array:
    """Return the values as `type_`, null where that loses or guesses anything.

    Text is read as: string, itself; bool, `true` or `false` in any case; int64, decimal digits; float64,
    a finite decimal number; date32, `2026-11-24`; timestamp[us], `2026-11-24 13:45:00` with ` ` or `T`, parts
    of the time optional, without a zone. With `format_` (strptime's directives) dates and timestamps are
    read in that form alone. Values that have the type already stay, except for floats that are not finite.
    """
    if not pa.types.is_string(given.type) or pa.types.is_string(type_):
        values = given
    elif pa.types.is_boolean(type_):
        values = _parse_bool(given)
    elif format_:
        values = _parse_formatted(given, format_).cast(type_)
    else:
        values = _parse_plain(given, type_)
    if pa.types.is_floating(type_):
        values = pc.if_else(pc.is_finite(values), values, None)
    return values


def describes(format_: str, type_: pa.DataType) -> bool:
    """Tell whether `format_` can hold a date (and, for a date column, nothing more)."""
    moment = dt.datetime(2001, 2, 3, 4, 5, 6)
    text = pc.strftime(pa.array([moment], pa.timestamp("s")), format=format_)
    parsed = _parse_formatted(text, format_)[0].as_py()
    if parsed is None or parsed.date() != moment.date():
        return False
    return bool(pa.types.is_timestamp(type_) or parsed.time() == dt.time())


def _parse_bool(text: pa.Array) -> pa.Array:
    lower = pc.ascii_lower(text)
    known = pc.is_in(lower, pa.array(["true", "false"]))
    return pc.if_else(known, pc.equal(lower, "true"), None)


def _parse_formatted(text: pa.Array, format_: str) -> pa.Array:
    """Return timestamps. strptime takes 30 February for 1 March, and `2012/2/3`, so it must lead back."""
    moments = pc.strptime(text, format=format_, unit="s", error_is_null=True)
    return pc.if_else(pc.equal(pc.strftime(moments, format=format_), text), moments, None)


def _parse_plain(text: pa.Array, type_: pa.DataType) -> pa.Array:
    """Return the values that Arrow's own cast gives, but for hexadecimal integers."""
    if not (pa.types.is_integer(type_) and _any_contains(text, "xX")):
        try:
            return text.cast(type_)
        except pa.ArrowInvalid:
            pass
    likely = pc.match_substring_regex(text, _SYNTAX[type_])
    return _cast_each(pc.if_else(likely, text, None), type_)


def _any_contains(text: pa.Array, characters: str) -> bool:
    return any(pc.any(pc.match_substring(text, one)).as_py() for one in characters)


def _cast_each(text: pa.Array, type_: pa.DataType) -> pa.Array:
    """Return the values, null where the cast fails, by halving: a bad value costs a few casts of the rest."""
    try:
        return text.cast(type_)
    except pa.ArrowInvalid:
        if len(text) == 1:
            return pa.nulls(1, type_)
        half = len(text) // 2
        return pa.concat_arrays([_cast_each(text[:half], type_), _cast_each(text[half:], type_)])
