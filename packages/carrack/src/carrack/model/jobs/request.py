"""What asks for a job: SubmitJob's request, the same for every executor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from carrack.model.jobs.definition import name_of, pairs
from carrack.model.jobs.job import JSON
from carrack.model.jobs.resources import requirements

REQUEST = "carrack:request"
"""The tag with the id of the request, by which a job is found that was asked for before a crash."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A job as somebody asks for it. `definition` is the revision that it is pinned to, as the service describes it.

    `parameters` are the values of the command's `Ref::` names. `array` is the number of children.
    """

    name: str
    queue: str
    definition: JSON
    request_id: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    array: int | None = None
    depends_on: tuple[JSON, ...] = ()
    vcpus: str | None = None
    memory: int | None = None
    timeout: int | None = None
    attempts: int | None = None


def compose(asked: Asked, configuration: Mapping[str, str] | None = None) -> dict[str, Any]:
    """SubmitJob's request, with the variables that carry the configuration.

    An array of one is a plain job, since Batch has none. Another number of attempts keeps the definition's rules: a
    `retryStrategy` of a request stands in place of the whole one of the definition.
    """
    request: dict[str, Any] = {
        "jobName": asked.name,
        "jobQueue": asked.queue,
        "jobDefinition": name_of(asked.definition),
        "parameters": dict(asked.parameters),
        "containerOverrides": _overrides(asked, configuration or {}),
        "tags": {REQUEST: asked.request_id},
    }
    if asked.array is not None and asked.array != 1:
        request["arrayProperties"] = {"size": asked.array}
    if asked.depends_on:
        request["dependsOn"] = [dict(one) for one in asked.depends_on]
    if asked.timeout is not None:
        request["timeout"] = {"attemptDurationSeconds": asked.timeout}
    if asked.attempts is not None:
        strategy = {**asked.definition.get("retryStrategy", {}), "attempts": asked.attempts}
        request["retryStrategy"] = strategy
    return {key: value for key, value in request.items() if value != {}}


def _overrides(asked: Asked, configuration: Mapping[str, str]) -> dict[str, Any]:
    environment = pairs({**asked.environment, **configuration})
    resources = requirements(asked.vcpus, asked.memory)
    told = {"environment": environment, "resourceRequirements": resources}
    return {key: value for key, value in told.items() if value}


def parse_dependency(text: str) -> JSON:
    """One of `dependsOn` from `JOB`, `JOB:n-to-n` or `sequential`. Raises ValueError, with the reason, for another.

    A child's id has a colon in it too (`ID:3`). `sequential` is about the array's own children, and names no job.
    """
    if text == "sequential":
        return {"type": "SEQUENTIAL"}
    kind: str | None
    job, colon, kind = text.rpartition(":")
    if not colon or kind.isdigit():
        job, kind = text, None
    if not job:
        raise ValueError("say JOB, JOB:n-to-n, or sequential")
    if kind is None:
        return {"jobId": job}
    if kind == "n-to-n":
        return {"jobId": job, "type": "N_TO_N"}
    if kind == "sequential":
        raise ValueError("sequential is about the array's own children, and names no job")
    raise ValueError(f"{kind!r} is no kind; there is n-to-n")
