"""A job of this machine as DescribeJobs tells it, out of its definition and of what asked for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from carrack.model.jobs.job import JSON
from carrack.model.jobs.limits import ARRAY, MOST_DEPENDENCIES
from carrack.model.jobs.references import command_faults, parameter_faults, value_faults

STATES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
_OF_THE_PARENT = frozenset({"startedAt", "stoppedAt", "statusReason", "isTerminated", "isCancelled"})


def new_job(definition: JSON, request: JSON, job: str, now: int) -> dict[str, Any]:
    """What DescribeJobs says of a job that was just submitted; `now` is in milliseconds since 1970."""
    container = _container(definition["containerProperties"], request.get("containerOverrides", {}))
    size = request.get("arrayProperties", {}).get("size")
    return {
        "jobId": job,
        "jobName": request["jobName"],
        "jobQueue": request["jobQueue"],
        "jobDefinition": f"{definition['jobDefinitionName']}:{definition['revision']}",
        "status": "SUBMITTED",
        "createdAt": now,
        "attempts": [],
        "dependsOn": list(request.get("dependsOn", ())),
        "parameters": {**definition.get("parameters", {}), **request.get("parameters", {})},
        "tags": {**definition.get("tags", {}), **request.get("tags", {})},
        "platformCapabilities": list(definition.get("platformCapabilities", ("EC2",))),
        "container": container,
        **{name: request.get(name, definition.get(name, {})) for name in ("retryStrategy", "timeout")},
        **({"arrayProperties": {"size": size, "statusSummary": summary({})}} if size else {}),
    }


def summary(counts: Mapping[str, int]) -> dict[str, int]:
    """An array's statusSummary: every state, the empty ones too."""
    return {state: counts.get(state, 0) for state in STATES}


def child_of(parent: JSON, index: int, own: JSON | None) -> dict[str, Any]:
    """What DescribeJobs says of an array's child; `own` is what it has of its own, None before it was started.

    The many that were not started yet are what their parent says that they are.
    """
    told = {**parent, "jobId": f"{parent['jobId']}:{index}", "arrayProperties": {"index": index}}
    if own is None:
        return {**told, **_waiting(parent)}
    shared = {name: value for name, value in told.items() if name not in _OF_THE_PARENT}
    return {**shared, **own, "container": {**parent["container"], **own.get("container", {})}}


def _waiting(parent: JSON) -> JSON:
    if parent["status"] != "PENDING":  # submitted, or ended before it came to this child
        return {}
    runnable = parent["arrayProperties"]["statusSummary"].get("RUNNABLE")
    return {"status": "RUNNABLE" if runnable else "PENDING"}


def faults(told: JSON, dependencies: Mapping[str, JSON]) -> Iterator[str]:
    """What keeps a job from being run here at all; `dependencies` are those of its jobs that are known here."""
    command = told["container"]["command"]
    yield from command_faults(command, {})
    yield from parameter_faults(command, told["parameters"], {})
    yield from value_faults(told["parameters"])
    if "" in command:
        yield "command: has an empty argument, which AWS Batch does not take"
    size = told.get("arrayProperties", {}).get("size")
    if size is not None and size not in ARRAY:
        yield f"arrayProperties.size: {size} is not between {ARRAY[0]} and {ARRAY[-1]:,}"
    if len(told["dependsOn"]) > MOST_DEPENDENCIES:
        yield f"dependsOn: {len(told['dependsOn'])} jobs; Batch takes {MOST_DEPENDENCIES}"
    for number, wanted in enumerate(told["dependsOn"]):
        if fault := _dependency_fault(wanted, size, dependencies):
            yield f"dependsOn[{number}]: {fault}"


def _dependency_fault(wanted: JSON, size: int | None, dependencies: Mapping[str, JSON]) -> str:
    kind, job = wanted.get("type", ""), wanted.get("jobId", "")
    if kind == "SEQUENTIAL":
        return "" if size and not job else "SEQUENTIAL is for an array, and names no job"
    if job not in dependencies:
        return f"there is no job {job} on this machine"
    if kind != "N_TO_N":
        return ""
    its = dependencies[job].get("arrayProperties", {}).get("size")
    return "" if size and its == size else f"N_TO_N is for two arrays of one size; {job} has {its or 'none'}"


def _container(properties: JSON, overrides: JSON) -> dict[str, Any]:
    environment = _by("name", properties, overrides, "environment")
    resources = _by("type", properties, overrides, "resourceRequirements")
    command = overrides.get("command") or properties.get("command", [])
    return {
        **properties,
        "command": list(command),
        "environment": environment,
        "resourceRequirements": resources,
    }


def _by(key: str, properties: JSON, overrides: JSON, member: str) -> list[JSON]:
    """A list of objects, in which the overriding ones replace those with the same `key`."""
    both = (*properties.get(member, ()), *overrides.get(member, ()))
    return list({one[key]: one for one in both}.values())


def variables(told: JSON, attempt: int, size: int | None, place: str) -> dict[str, str]:
    """The variables that a container gets: the job's own, and Batch's (user guide, "Job environment variables").

    `size` is that of the array which it is a child of; `place` stands for the compute environment.
    """
    array = told.get("arrayProperties", {})
    child = {
        "AWS_BATCH_JOB_ARRAY_INDEX": str(array.get("index")),
        "AWS_BATCH_JOB_ARRAY_SIZE": str(size),
    }
    return {
        **{one["name"]: one["value"] for one in told["container"]["environment"]},
        "AWS_BATCH_CE_NAME": place,
        "AWS_BATCH_JOB_ATTEMPT": str(attempt),
        "AWS_BATCH_JOB_ID": told["jobId"],
        "AWS_BATCH_JQ_NAME": told["jobQueue"].rpartition("/")[2],
        **(child if size else {}),
    }


def requirements(container: JSON) -> dict[str, str]:
    """The resources of a job by their type; `vcpus` and `memory` are how older definitions say it."""
    older = {"VCPU": container.get("vcpus"), "MEMORY": container.get("memory")}
    newer = {one["type"]: str(one["value"]) for one in container.get("resourceRequirements", ())}
    return {**{kind: str(value) for kind, value in older.items() if value}, **newer}
