"""Rules, compiled, over batches of records."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from record_io import Batch, Reject
from record_rules.checks import compile_checks
from record_rules.model import Rules
from record_rules.parsing import parse

_IN_JSON: Final = {pa.date32(): pa.string(), pa.timestamp("us"): pa.string()}
"""How a value is read where JSON has no type for it."""


class Checker:
    """Checks batch after batch; `reading` is the schema to read with, `schema` that of the good records."""

    def __init__(self, rules: Rules) -> None:
        columns = rules.columns
        self.schema = pa.schema(
            [pa.field(name, one.arrow, not one.required) for name, one in columns.items()]
        )
        self.reading = pa.schema(
            [(name, _IN_JSON.get(one.arrow, one.arrow)) for name, one in columns.items()]
        )
        self._formats = [getattr(one, "format", None) for one in columns.values()]
        self._checks = [(name, check) for name, one in columns.items() for check in compile_checks(one)]

    def check(self, batch: Batch) -> Batch:
        """Return the batch with its good records, typed, and the others among its rejects.

        A reject names the first rule that its record breaks, in the order of the rules file. Nothing is lost:
        the size stays the same. Rejects are in the order of the file.
        """
        given = batch.records
        typed = pa.RecordBatch.from_arrays(
            [parse(*one) for one in zip(given.columns, self.schema.types, self._formats, strict=True)],
            schema=self.schema,
        )
        broken = self._first_broken(given, typed)
        good = broken.is_null()
        rejects = sorted((*batch.rejects, *self._rejects(batch, broken)), key=lambda reject: reject.number)
        return replace(
            batch,
            records=typed.filter(good),
            numbers=batch.numbers.filter(good),
            rejects=tuple(rejects),
        )

    def _first_broken(self, given: pa.RecordBatch, typed: pa.RecordBatch) -> pa.Array:
        """Return for each record the place in `_checks` of the first rule that it breaks, or null."""
        first = pa.nulls(given.num_rows, pa.int32())
        for place, (column, check) in enumerate(self._checks):
            breaks = check.breaks(given[column], typed[column])
            if pc.any(breaks).as_py():
                first = pc.coalesce(first, pc.if_else(breaks, pa.scalar(place, pa.int32()), None))
        return first

    def _rejects(self, batch: Batch, broken: pa.Array) -> Iterator[Reject]:
        bad = broken.is_valid()
        places, numbers = broken.filter(bad).to_pylist(), batch.numbers.filter(bad).to_pylist()
        records = batch.records.filter(bad).to_pylist()
        for place, number, record in zip(places, numbers, records, strict=True):
            column, check = self._checks[place]
            reason = check.reason(column, record[column])
            yield Reject(
                file=batch.file, number=number, column=column, rule=check.rule, reason=reason, record=record
            )
