"""What AWS Batch refuses, said before it is asked; and what it takes, and fails the job for afterwards.

Sources: API reference, RegisterJobDefinition and SubmitJob; user guide, "Service quotas"
(https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html). The length of overrides is Amazon ECS's
(https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html, `overrides`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from carrack.model.jobs.environment import environment_faults
from carrack.model.jobs.job import JSON
from carrack.model.jobs.references import command_faults, parameter_faults, references, substituted
from carrack.model.jobs.resources import merged, resource_faults
from carrack.model.jobs.retry_rules import strategy_faults

DEFINITION_BYTES, REQUEST_BYTES = 24 * 1024, 30 * 1024
OVERRIDE_CHARACTERS, OVERRIDE_GOAL = 8192, 7000
"""The goal leaves room for the variables that Batch adds: whether they count is not documented."""
ARRAY = range(2, 10_001)
MOST_DEPENDENCIES, LEAST_TIMEOUT, MOST_TAGS = 20, 60, 50

_JOB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_DEFINITION_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_QUEUE = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}|arn:[^\s:]+:batch:[^\s]+:job-queue/[A-Za-z0-9_-]{1,128}"
)
_TAG = re.compile(r"[\w +\-=.:/@]*")


def definition_faults(definition: JSON) -> tuple[str, ...]:
    """Everything that speaks against registering this."""
    container = definition["containerProperties"]
    platform = definition.get("platformCapabilities", ("EC2",))
    wanted = merged(container.get("resourceRequirements", ()))
    return tuple(
        chain(
            _name("definition", definition["jobDefinitionName"], _DEFINITION_NAME),
            command_faults(container.get("command", ()), definition.get("parameters", {})),
            _empty_arguments(container.get("command", ())),
            environment_faults(container.get("environment", ()), container.get("secrets", ())),
            resource_faults(wanted, platform),
            _roles(container, platform),
            strategy_faults(definition.get("retryStrategy", {"attempts": 1})),
            _timeout(definition),
            _tags(definition.get("tags", {})),
            _size("the job definition", definition, DEFINITION_BYTES),
        )
    )


def request_faults(request: JSON, definition: JSON) -> tuple[str, ...]:
    """Everything that speaks against submitting this for the revision `definition`, as the service describes that."""
    container, overrides = definition.get("containerProperties", {}), request.get("containerOverrides", {})
    wanted = merged(container.get("resourceRequirements", ()), overrides.get("resourceRequirements", ()))
    command = overrides.get("command", container.get("command", ()))
    return tuple(
        chain(
            _name("name", request["jobName"], _JOB_NAME),
            _name("queue", request["jobQueue"], _QUEUE),
            parameter_faults(command, definition.get("parameters", {}), request.get("parameters", {})),
            environment_faults(overrides.get("environment", ()), container.get("secrets", ())),
            resource_faults(wanted, definition.get("platformCapabilities") or ("EC2",)),
            strategy_faults(request["retryStrategy"]) if "retryStrategy" in request else (),
            _timeout(request),
            _array(request),
            _dependencies(request),
            _tags(request.get("tags", {})),
            _size("the request", request, REQUEST_BYTES),
            _overrides(request, definition),
        )
    )


def override_length(request: JSON, definition: JSON) -> int:
    """The characters of what Batch hands to Amazon ECS as overrides, with the command as it will be.

    ECS counts "the JSON formatting characters of the override structure".
    """
    overrides = request.get("containerOverrides", {})
    command = overrides.get("command", definition.get("containerProperties", {}).get("command", ()))
    told: dict[str, Any] = {"name": "default", **overrides}
    if references(command) or "command" in overrides:
        values = {**definition.get("parameters", {}), **request.get("parameters", {})}
        known = {name: values.get(name, "") for name in references(command)}
        told["command"] = substituted(command, known)
    return len(json.dumps({"containerOverrides": [told]}, ensure_ascii=False, separators=(",", ":")))


def size(request: JSON) -> int:
    """The bytes of a request as boto3 sends it."""
    return len(json.dumps(request).encode())


def _name(what: str, name: str, pattern: re.Pattern[str]) -> Iterator[str]:
    if not pattern.fullmatch(name):
        yield f"{what}: {name!r}; AWS Batch takes at most 128 letters, digits, _ and -, a letter or digit first"


def _empty_arguments(command: Any) -> Iterator[str]:
    if "" in command:
        yield "command: has an empty argument, which AWS Batch does not take"


def _roles(container: JSON, platform: Any) -> Iterator[str]:
    if container.get("executionRoleArn"):
        return
    if "FARGATE" in platform:
        yield "execution-role: is missing, and jobs on Fargate need one"
    elif container.get("secrets"):
        yield "execution-role: is missing; it reads the `secrets`"


def _timeout(told: JSON) -> Iterator[str]:
    seconds = told.get("timeout", {}).get("attemptDurationSeconds")
    if seconds is not None and seconds < LEAST_TIMEOUT:
        yield f"timeout: {seconds} s; AWS Batch takes {LEAST_TIMEOUT} at least"


def _array(request: JSON) -> Iterator[str]:
    count = request.get("arrayProperties", {}).get("size")
    if count is not None and count not in ARRAY:
        yield f"array: {count}; AWS Batch takes {ARRAY[0]} to {ARRAY[-1]:,}"


def _dependencies(request: JSON) -> Iterator[str]:
    some = request.get("dependsOn", ())
    if len(some) > MOST_DEPENDENCIES:
        yield (
            f"depends-on: {len(some)} jobs; AWS Batch takes {MOST_DEPENDENCIES}: let an array stand between, whose "
            "parent is one job"
        )
    if any("type" in one for one in some) and "arrayProperties" not in request:
        yield "depends-on: n-to-n and sequential are for arrays (--array N)"


def _tags(tags: Mapping[str, str]) -> Iterator[str]:
    if len(tags) > MOST_TAGS:
        yield f"tags: {len(tags)}; AWS Batch takes {MOST_TAGS}"
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or len(value) > 256 or key.lower().startswith("aws:"):
            yield f"tags: {key!r}: at most 128 characters, its value 256, and not `aws:` first"
        elif not _TAG.fullmatch(key) or not _TAG.fullmatch(value):
            yield f"tags: {key!r}: letters, digits, spaces and + - = . _ : / @ alone"


def _size(what: str, told: JSON, most: int) -> Iterator[str]:
    if (found := size(told)) > most:
        yield f"{what} has {found:,} bytes; AWS Batch takes {most:,}"


def _overrides(request: JSON, definition: JSON) -> Iterator[str]:
    if (found := override_length(request, definition)) > OVERRIDE_CHARACTERS:
        yield (
            f"the overrides have {found:,} characters; AWS Batch takes the job and then fails it at more than "
            f"{OVERRIDE_CHARACTERS:,}: give the app's job an `overflow` (s3://BUCKET/PREFIX/), or say less"
        )
