"""A file of parameters, read as the job reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from batch_params.document import Document, Source, read_document
from batch_params.problems import ConfigError, Problem
from carrack.errors import JobError


def read_parameters(name: str, data: bytes) -> Mapping[str, Any]:
    """The JSON object in `data`. Raises JobError with the line and column of everything that the job would refuse.

    And of numbers with more digits than a float keeps: what is sent is what is written here.
    """
    try:
        document = read_document(Source(name=name, data=data))
        problems = [*document.problems, *_rounded(document)]
    except ConfigError as error:
        problems = list(error.problems)
    if problems:
        raise JobError(
            "these are no parameters",
            faults=tuple(map(str, problems)),
            address=name,
            untouched="the queue; nothing was submitted",
        )
    return document.value


def _rounded(document: Document) -> Iterator[Problem]:
    """The numbers that would come out as others, in the order of the text."""
    for place, key in sorted((document.places[key].value, key) for key in document.rounded):
        yield Problem(
            source=document.source,
            position=place,
            key=key,
            message="has more digits than a number keeps; write it as a string",
        )
