"""Names and values of a container's variables, as AWS Batch and Amazon ECS take them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

RESERVED = "AWS_BATCH"
"""API reference, ContainerOverrides: no variable may begin so, since Batch sets those."""

CONFIGURATION = ("CONFIG_JSON", "CONFIG_JSON_GZ")
"""What carries a job's configuration (`batch_params.transport`): one of the two, and a request sets it."""


def configuration_faults(names: Iterable[str]) -> Iterator[str]:
    """What is wrong with variables that somebody chose: a job that has both refuses to choose between them."""
    for name in names:
        if name in CONFIGURATION:
            yield f"environment: {name} is what `--param-json` sets, in the form that fits"


def environment_faults(
    environment: Iterable[Mapping[str, str]], secrets: Iterable[Mapping[str, str]]
) -> Iterator[str]:
    """What is wrong with variables in the API's form, beside the secrets of the definition."""
    secret = [one["name"] for one in secrets]
    names = [one["name"] for one in environment]
    for name in (*names, *secret):
        if not name or "=" in name or "\0" in name:
            yield f"environment: {name!r} is no name of a variable"
        elif name.upper().startswith(RESERVED):
            yield f"environment: {name}: names that begin with {RESERVED} are AWS Batch's own"
    for name, count in Counter(names).items():
        if count > 1:
            yield f"environment: {name} is there twice"
        if name in secret:
            yield f"environment: {name} is one of the definition's secrets, and Amazon ECS starts no task with both"
    for one in environment:
        if not one["value"]:
            yield f"environment: {one['name']} is empty; whether AWS Batch keeps it is not documented, so leave it out"
        elif "\0" in one["value"]:
            yield f"environment: {one['name']} has a NUL in it, which no process can be given"
