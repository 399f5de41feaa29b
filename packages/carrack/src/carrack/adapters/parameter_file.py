"""A file of parameters, read as strictly as the job reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

from batch_params.strict_json import InvalidJsonError, Parsed, parse
from carrack.errors import JobError


def read_parameters(name: str, data: bytes) -> Mapping[str, Any]:
    """The JSON object in `data`. Raises JobError with the line and column of everything that the job would refuse.

    And of numbers with more digits than a float keeps: what is sent is what is written here.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(name, [f"{name}: is not UTF-8 from byte {error.start} on"]) from None
    try:
        parsed = parse(text)
    except InvalidJsonError as error:
        place = f"{name}:{error.position.line}:{error.position.column}"
        raise _refused(name, [f"{place}: invalid JSON: {error}"]) from None
    faults = [*_faults(name, parsed), *_rounded(name, text)]
    if not isinstance(parsed.value, dict):
        faults.append(f"{name}:1:1: must be a JSON object")
    if faults:
        raise _refused(name, faults)
    value: Mapping[str, Any] = parsed.value  # type: ignore[assignment]
    return value


def _faults(name: str, parsed: Parsed) -> Iterator[str]:
    for fault in parsed.faults:
        place = f"{name}:{fault.position.line}:{fault.position.column}"
        yield f"{place}: {'.'.join(map(str, fault.key))}: {fault.message}"


def _rounded(name: str, text: str) -> list[str]:
    """The numbers that would come out as others."""
    numbers: list[str] = []

    def note(number: str) -> float:
        with suppress(InvalidOperation):  # an exponent that no number holds, which is a fault already
            if Decimal(number) != Decimal(repr(float(number))):
                numbers.append(
                    f"{name}: {number[:40]} has more digits than a number keeps; write it as a string"
                )
        return float(number)

    json.loads(text, parse_float=note)
    return numbers


def _refused(name: str, faults: list[str]) -> JobError:
    return JobError(
        "these are no parameters",
        faults=tuple(faults),
        address=name,
        untouched="the queue; nothing was submitted",
    )
