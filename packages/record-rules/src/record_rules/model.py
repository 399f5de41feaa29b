"""The rules file as types: what may be written in it, and what each key means."""

import datetime as dt
from typing import Annotated, ClassVar, Literal, Self

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    NaiveDatetime,
    PositiveInt,
    model_validator,
)

from record_rules.parsing import describes


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Column(_Table):
    """What all columns have: whether each record must have a value; if not, a missing one is null."""

    required: bool = True
    arrow: ClassVar[pa.DataType]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        least, most = getattr(self, "min", None), getattr(self, "max", None)
        if least is not None and most is not None and least > most:
            raise ValueError(f"min {least} is more than max {most}")
        return self

    @model_validator(mode="after")
    def _dated(self) -> Self:
        format_ = getattr(self, "format", None)
        if format_ is not None and not describes(format_, self.arrow):
            raise ValueError(f"format {format_!r} does not describe a {self.arrow}")
        return self


def _compiled(pattern: str) -> str:
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid as error:
        raise ValueError(str(error)) from error
    return pattern


class StringColumn(_Column):
    """Text as it is; a quoted empty value is a text of no characters."""

    arrow = pa.string()
    type: Literal["string"]
    pattern: Annotated[str, AfterValidator(_compiled)] | None = None
    """A regular expression (RE2) that must match the whole value."""
    allowed: Annotated[list[str], Field(min_length=1)] | None = None
    max_length: PositiveInt | None = None
    """In characters (Unicode code points)."""


Int64 = Annotated[int, Field(ge=-(2**63), lt=2**63)]


class IntColumn(_Column):
    """Whole numbers of 64 bits, in decimal digits."""

    arrow = pa.int64()
    type: Literal["int"]
    min: Int64 | None = None
    max: Int64 | None = None
    allowed: Annotated[list[Int64], Field(min_length=1)] | None = None


class FloatColumn(_Column):
    """Finite numbers of 64 bits."""

    arrow = pa.float64()
    type: Literal["float"]
    min: FiniteFloat | None = None
    max: FiniteFloat | None = None


class BoolColumn(_Column):
    """`true` and `false`."""

    arrow = pa.bool_()
    type: Literal["bool"]


Format = Annotated[str, Field(min_length=1)]  # Arrow 26 crashes on an empty one


class DateColumn(_Column):
    """Days, as `2026-11-24` or in the form that `format` gives in strptime's directives."""

    arrow = pa.date32()
    type: Literal["date"]
    format: Format | None = None
    min: dt.date | None = None
    max: dt.date | None = None


class TimestampColumn(_Column):
    """Moments without a zone, in microseconds, as `2026-11-24 13:45:00` or in the form of `format`."""

    arrow = pa.timestamp("us")
    type: Literal["timestamp"]
    format: Format | None = None
    min: NaiveDatetime | None = None
    max: NaiveDatetime | None = None


Column = Annotated[
    StringColumn | IntColumn | FloatColumn | BoolColumn | DateColumn | TimestampColumn,
    Field(discriminator="type"),
]


class Rules(_Table):
    """The whole file: the columns that are kept, in order, and those of them that make up a record's key."""

    key: Annotated[list[str], Field(min_length=1)]
    columns: Annotated[dict[str, Column], Field(min_length=1)]

    @model_validator(mode="after")
    def _key_fits(self) -> Self:
        for name in self.key:
            column = self.columns.get(name)
            if column is None:
                raise ValueError(f"key: there is no column {name!r}")
            if not column.required or isinstance(column, FloatColumn):
                raise ValueError(f"key: {name!r} must be required, and not a float, to tell records apart")
        if len(set(self.key)) < len(self.key):
            raise ValueError("key: a column is named twice")
        return self
