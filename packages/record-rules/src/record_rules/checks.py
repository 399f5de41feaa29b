"""One rule over one column: which values break it, and the sentence that says so."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from record_rules.model import Column

_SHOWN: Final = 8  # allowed values that a reason lists
_CALLED: Final = {
    "string": "a text",
    "int": "a whole number of 64 bits",
    "float": "a finite number",
    "bool": "true or false",
    "date": "a date",
    "timestamp": "a date and time without a zone",
}

Breaks = Callable[[pa.Array, pa.Array], pa.Array]
"""From a column as given and as typed, to booleans without nulls: true where the rule is broken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """A compiled rule; `complaint` follows the value in a reject's reason."""

    rule: str
    breaks: Breaks
    complaint: str

    def reason(self, column: str, given: object) -> str:
        """Return the sentence for one value."""
        shown = "no value" if given is None else repr(given) if isinstance(given, str) else str(given)
        return f"{column}: {shown[:80]} {self.complaint}"


def compile_checks(column: Column) -> Iterator[Check]:
    """Yield the checks of a column in the order of their making; a missing value passes all but the first."""
    if column.required:
        yield Check(rule="required", breaks=_missing, complaint="where one is required")
    yield Check(rule="type", breaks=_not_typed, complaint=f"is not {_called(column)}")
    for rule, build in _LIMITS.items():
        limit = getattr(column, rule, None)
        if limit is not None:
            broken, complaint = build(limit, column.arrow)
            yield Check(rule=rule, breaks=_of_values(broken), complaint=complaint)


_Broken = Callable[[pa.Array], pa.Array]
"""From typed values to booleans: true where the rule is broken, null where there is no value."""


def _called(column: Column) -> str:
    form = getattr(column, "format", None)
    return f"{_CALLED[column.type]} of the form {form}" if form else _CALLED[column.type]


def _missing(given: pa.Array, typed: pa.Array) -> pa.Array:
    return given.is_null()


def _not_typed(given: pa.Array, typed: pa.Array) -> pa.Array:
    return pc.and_(given.is_valid(), typed.is_null())


def _of_values(broken: _Broken) -> Breaks:
    return lambda given, typed: broken(typed).fill_null(False)


def _min(limit: object, type_: pa.DataType) -> tuple[_Broken, str]:
    return lambda values: pc.less(values, pa.scalar(limit, type_)), f"is less than {limit}"


def _max(limit: object, type_: pa.DataType) -> tuple[_Broken, str]:
    return lambda values: pc.greater(values, pa.scalar(limit, type_)), f"is more than {limit}"


def _pattern(limit: str, type_: pa.DataType) -> tuple[_Broken, str]:
    whole = f"^(?:{limit})$"
    return lambda values: pc.invert(pc.match_substring_regex(values, whole)), f"does not match {limit}"


def _allowed(limit: Sequence[object], type_: pa.DataType) -> tuple[_Broken, str]:
    known = pa.array(limit, type_)
    shown = ", ".join(map(str, limit)) if len(limit) <= _SHOWN else f"the {len(limit)} allowed values"
    return lambda values: pc.and_not(values.is_valid(), pc.is_in(values, known)), f"is not one of {shown}"


def _max_length(limit: int, type_: pa.DataType) -> tuple[_Broken, str]:
    return lambda values: pc.greater(pc.utf8_length(values), limit), f"is longer than {limit} characters"


_LIMITS: Final[dict[str, Callable[[Any, pa.DataType], tuple[_Broken, str]]]] = {
    "min": _min,
    "max": _max,
    "pattern": _pattern,
    "allowed": _allowed,
    "max_length": _max_length,
}
"""By the key in the rules file."""
