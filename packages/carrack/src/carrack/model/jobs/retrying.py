"""The request that runs a failed job again, or the failed children of an array, made of what DescribeJobs tells.

DescribeJobs shows a job with its definition's values and the submission's mixed. What is equal to the definition, which
the retry names by the same revision, is left to it; the rest is what the submission said, and is said again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from batch_params.shard import COUNT, MAP, parse_map
from carrack.model.jobs.job import JSON, Job
from carrack.model.jobs.references import references
from carrack.model.jobs.request import REQUEST
from carrack.model.jobs.shards import compose, format_ranges

RETRY_OF = "carrack:retry-of"
"""The tag with the id of the job that a job is a retry of."""

_OURS = (MAP, COUNT)
_SAME = {
    "shareIdentifier": "shareIdentifier",
    "schedulingPriority": "schedulingPriorityOverride",
    "retryStrategy": "retryStrategy",
    "timeout": "timeout",
    "propagateTags": "propagateTags",
}
"""Members of DescribeJobs' answer that SubmitJob takes, under its own names."""


def retry_of(job: Job) -> str | None:
    """The job that `job` is a retry of."""
    told: str | None = job.told.get("tags", {}).get(RETRY_OF)
    return told


def shards_of(job: Job) -> tuple[int, ...]:
    """The map in a job's environment: which shards of the first array it has; empty where it has no map.

    Raises ValueError for one that cannot be read.
    """
    text = _environment(job.told.get("container", {})).get(MAP)
    return parse_map(text) if text is not None else ()


def retry_request(job: Job, definition: JSON, failed: Sequence[int] = (), after: Sequence[str] = ()) -> JSON:
    """Make SubmitJob's request for a retry of `job`, or of the children `failed` of the array that it is.

    `definition` is the revision that it ran with. An array has two children or more, so that one child becomes a plain
    job. `after` are jobs that it waits for. The same retry has the same request's id.

    Raises ValueError where the job's map cannot be read.
    """
    request: dict[str, Any] = {
        "jobName": job.name,
        "jobQueue": job.told["jobQueue"],
        "jobDefinition": job.definition,
    }
    request |= {
        ours: value
        for theirs, ours in _SAME.items()
        if (value := job.told.get(theirs)) and value != definition.get(theirs)
    }
    identity = f"retry:{job.id}:{hashlib.sha256(repr(tuple(failed)).encode()).hexdigest()[:12]}"
    tags = _differing(job.told.get("tags", {}), definition.get("tags", {}))
    request["tags"] = {**_own_tags(tags), RETRY_OF: job.id, REQUEST: identity}
    if len(failed) > 1:
        request["arrayProperties"] = {"size": len(failed)}
    if needed := _dependencies(job, after, is_array=len(failed) > 1):
        request["dependsOn"] = needed
    defined = definition.get("containerProperties", {})
    overrides = _overrides(job, defined, _shard_variables(job, failed))
    own = _differing(job.told.get("parameters", {}), definition.get("parameters", {}))
    used = references(overrides.get("command") or defined.get("command", ()))
    if parameters := {name: value for name, value in own.items() if name in used}:
        request["parameters"] = parameters
    return {**request, "containerOverrides": overrides} if overrides else request


def _own_tags(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if not key.startswith("aws:")}


def _dependencies(job: Job, after: Sequence[str], *, is_array: bool) -> list[JSON]:
    """What it waits for: the jobs it is told to; and children that ran one after the other do so again."""
    told = job.told.get("dependsOn", ())
    sequential = [one for one in told if one.get("type") == "SEQUENTIAL" and "jobId" not in one]
    return [*({"jobId": one} for one in after), *(sequential if is_array else ())]


def _shard_variables(job: Job, failed: Sequence[int]) -> dict[str, str]:
    """The map of the failed children, in the indexes of the first array; that of a plain job stays as it is."""
    told = _environment(job.told.get("container", {}))
    if not job.array_size:
        return {name: told[name] for name in _OURS if name in told}
    shards = compose(shards_of(job), failed)
    return {MAP: format_ranges(shards), COUNT: told.get(COUNT, str(job.array_size))}


def _overrides(job: Job, defined: JSON, shards: Mapping[str, str]) -> JSON:
    told = job.told.get("container", {})
    environment = {
        name: value
        for name, value in _differing(_environment(told), _environment(defined)).items()
        if not name.startswith("AWS_BATCH") and name not in _OURS
    } | dict(shards)
    found: dict[str, Any] = {}
    if environment:
        found["environment"] = [{"name": name, "value": value} for name, value in environment.items()]
    if command := _command(job, told, defined):
        found["command"] = command
    if resources := _resources(told, defined):
        found["resourceRequirements"] = resources
    return found


def _command(job: Job, told: JSON, defined: JSON) -> list[str]:
    """The command, where it is not the definition's own, with or without its placeholders filled."""
    command, own = list(told.get("command", ())), list(defined.get("command", ()))
    values = {f"Ref::{name}": value for name, value in job.told.get("parameters", {}).items()}
    return [] if command in (own, [values.get(word, word) for word in own]) else command


def _resources(told: JSON, defined: JSON) -> list[JSON]:
    own = {one["type"]: one["value"] for one in defined.get("resourceRequirements", ())}
    return [one for one in told.get("resourceRequirements", ()) if own.get(one["type"]) != one["value"]]


def _environment(container: JSON) -> dict[str, str]:
    return {one["name"]: one["value"] for one in container.get("environment", ()) if "name" in one}


def _differing(told: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in told.items() if own.get(name) != value}
