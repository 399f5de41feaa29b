"""`job submit`: the request for a job, and what speaks against sending it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from carrack.errors import JobError, NotReadyError
from carrack.model.command_line import CARRACK, CommandLine
from carrack.model.jobs.definition import name_of
from carrack.model.jobs.environment import configuration_faults
from carrack.model.jobs.job import JSON
from carrack.model.jobs.ladder import Carried, carry
from carrack.model.jobs.limits import request_faults
from carrack.model.jobs.request import Asked
from carrack.model.jobs.secrets import BY_NAMES, Secrecy, secret_faults
from carrack.ports import Batch, Report

_UNTOUCHED = "the queue; nothing was submitted"


@dataclass(frozen=True, kw_only=True)
class Order:
    """A job as it is asked for, with its configuration, where that goes if it is long, and what of it is secret."""

    asked: Asked
    document: Mapping[str, Any] | None = None
    overflow: str | None = None
    secrecy: Secrecy = BY_NAMES


def pinned(batch: Batch, definition: str, command: CommandLine = CARRACK) -> JSON:
    """The active revision that `NAME:REVISION` or `NAME` means now. `command` writes the next step.

    Raises NotReadyError where the name has no active revision, JobError where it has not this one, or that is not of
    one container.
    """
    name, _, revision = definition.partition(":")
    there = batch.definitions(name)
    if not there:
        raise NotReadyError(
            f"there is no active job definition {name}", address=batch.place, hint=command("job define")
        )
    found = next((one for one in there if revision in ("", str(one["revision"]))), None)
    if found is None:
        known = ", ".join(str(one["revision"]) for one in there[:20])
        raise JobError(
            f"no revision {revision} of {name} is active; there are {known}",
            address=batch.place,
            untouched=_UNTOUCHED,
            hint=f"say --definition {name} for the newest, or {name}:N",
        )
    if "containerProperties" not in found:
        raise JobError(
            "is not of one container, and no other is submitted here",
            address=name_of(found),
            untouched=_UNTOUCHED,
            hint=f"aws batch submit-job --job-definition {name_of(found)}; or an app's own: {command('job define')}",
        )
    return found


def prepare(order: Order, batch: Batch, report: Report) -> tuple[Carried, JobError | None]:
    """The request for an order, with its configuration in the form that fits; and what speaks against sending it."""
    carried = carry(order.asked, order.document, order.overflow)
    if carried.note:
        report.note(carried.note)
    if batch.not_emulated:
        report.note(f"not as on AWS Batch: {'; '.join(batch.not_emulated)}")
    if order.asked.array == 1:
        report.note("an array of one is a plain job: AWS Batch has arrays from 2 on")
    asked, secrecy = order.asked, order.secrecy
    faults = tuple(
        chain(
            request_faults(carried.request, asked.definition),
            configuration_faults(asked.environment),
            secret_faults("--param-json", order.document or {}, secrecy),
            secret_faults("parameters", asked.parameters, secrecy),
            secret_faults("environment", asked.environment, secrecy),
            _unequal(asked, batch, report),
        )
    )
    if not faults:
        return carried, None
    return carried, JobError(
        "AWS Batch would refuse this job, or fail it",
        faults=faults,
        address=f"{asked.name}, of {name_of(asked.definition)}",
        untouched=_UNTOUCHED,
    )


def _unequal(asked: Asked, batch: Batch, report: Report) -> Iterator[str]:
    """Arrays on which this one depends index by index, and that have not as many."""
    ids = [one["jobId"] for one in asked.depends_on if "jobId" in one]
    known = batch.describe(ids) if ids else {}
    for job in ids:
        if job not in known:
            report.note(f"{batch.place} does not know the job {job}, or not yet")
    for one in asked.depends_on:
        if one.get("type") == "N_TO_N" and one["jobId"] in known:
            count = known[one["jobId"]].get("arrayProperties", {}).get("size")
            if count != asked.array:
                yield f"depends-on: {one['jobId']} has {count or 'no'} children, and this job {asked.array or 'none'}"
