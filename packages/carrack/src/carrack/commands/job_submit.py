"""`job submit`: one request, checked before it is sent, and sent once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from carrack.errors import CarrackError, JobError, NotReadyError, StoppedError
from carrack.model.jobs.definition import name_of
from carrack.model.jobs.environment import configuration_faults
from carrack.model.jobs.job import JSON
from carrack.model.jobs.ladder import Carried, carry
from carrack.model.jobs.limits import request_faults
from carrack.model.jobs.request import Asked
from carrack.model.jobs.secrets import secret_faults
from carrack.model.jobs.submission import SETTLING, Submission, submission
from carrack.ports import Batch, JobRecords, ParameterStore, Report

_LAG = 3600.0
"""In seconds: how far the clocks of this machine and of the service may be apart."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """A job as it is asked for, with its configuration and where that goes if it is long; and what is no secret."""

    asked: Asked
    document: Mapping[str, Any] | None = None
    overflow: str | None = None
    not_secret: Collection[str] = ()


def pinned(batch: Batch, definition: str) -> JSON:
    """The active revision that `NAME:REVISION` or `NAME` means now.

    Raises NotReadyError where the name has no active revision, JobError where it has not this one.
    """
    name, _, revision = definition.partition(":")
    there = batch.definitions(name)
    if not there:
        raise NotReadyError(
            f"there is no active job definition {name}", address=batch.place, hint="carrack job define"
        )
    found = next((one for one in there if revision in ("", str(one["revision"]))), None)
    if found is None:
        known = ", ".join(str(one["revision"]) for one in there[:20])
        raise JobError(f"no revision {revision} of {name} is active; there are {known}", address=batch.place)
    return found


def prepare(order: Order, batch: Batch, report: Report) -> tuple[Carried, JobError | None]:
    """The request for an order, with its configuration in the form that fits; and what speaks against sending it."""
    carried = carry(order.asked, order.document, order.overflow)
    if carried.note:
        report.note(carried.note)
    if order.asked.array == 1:
        report.note("an array of one is a plain job: AWS Batch has arrays from 2 on")
    asked, secret = order.asked, order.not_secret
    faults = tuple(
        chain(
            request_faults(carried.request, asked.definition),
            configuration_faults(asked.environment),
            secret_faults("--param-json", order.document or {}, secret),
            secret_faults("parameters", asked.parameters, secret),
            secret_faults("environment", asked.environment, secret),
            _unequal(asked, batch, report),
        )
    )
    if not faults:
        return carried, None
    return carried, JobError(
        "AWS Batch would refuse this job, or fail it",
        faults=faults,
        address=f"{asked.name}, of {name_of(asked.definition)}",
        untouched="the queue; nothing was submitted",
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


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where requests are handed in: who takes them, their records, the store, a clock in seconds, and who is told."""

    batch: Batch
    records: JobRecords
    store: Callable[[], ParameterStore]
    now: Callable[[], float]
    report: Report


def submit(carried: Carried, desk: Desk, *, is_new: bool) -> str:
    """Hand in a request that `prepare` found nothing against, once; the job's id.

    Its id is on disk before it is sent, and the job has it as a tag. So a request that was made before gives the job
    that it made: by the record; by the tag where a crash came between, or it is not `is_new` and was made elsewhere.

    Raises JobError where the id was another request's, StoppedError where it is not known yet whether there is a job.
    """
    made = submission(carried.request, desk.batch.place, desk.now())
    known = desk.records.begin(made)
    if known is not None and known.digest != made.digest:
        raise JobError(
            f"the request {made.request_id} was another one: {known.name} to {known.queue} on {known.place}",
            address="--request-id",
            untouched="the queue; nothing was submitted",
        )
    if known is not None or not is_new:
        if job := _earlier(made, known, desk):
            return job
        if known is not None:
            desk.records.note(made)
    return _send(carried, made, desk)


def _earlier(made: Submission, known: Submission | None, desk: Desk) -> str | None:
    """The job of a request that was made already; None where it has none."""
    job = (known.job if known else None) or find(made, desk.batch, since=known.at - _LAG if known else 0.0)
    if job:
        desk.records.note(replace(made, job=job))
        desk.report.step("Found", f"{job}, which the request {made.request_id} made already")
    elif known and not known.refused and made.at - known.at < SETTLING:
        raise StoppedError(
            f"the request {made.request_id} was sent less than a minute ago, and its job is not listed yet",
            address=desk.batch.place,
            untouched="it is not sent a second time",
            hint="run the same command again in a minute",
        )
    return job


def find(made: Submission, batch: Batch, *, since: float) -> str | None:
    """The listed job of a name that has the request's tag and is not older than `since`; None where there is none."""
    alike: list[str] = []
    for job in batch.recent(made.queue):
        if job.get("createdAt", 0) < since * 1000:
            break
        if job["jobName"] == made.name:
            alike.append(job["jobId"])
    for start in range(0, len(alike), 100):
        for job in batch.describe(alike[start : start + 100]).values():
            if made.request_id in job.get("tags", {}).values():
                return str(job["jobId"])
    return None


def _send(carried: Carried, made: Submission, desk: Desk) -> str:
    try:
        if carried.stored:
            desk.store().put(carried.stored)
            desk.report.step("Stored", f"{carried.stored}, {len(carried.stored.data):,} bytes of parameters")
        job = desk.batch.submit(carried.request)
    except StoppedError as error:
        error.hint = f"run the same command again with --request-id {made.request_id}; it looks first"
        raise
    except CarrackError:
        desk.records.note(replace(made, refused=True))
        raise
    desk.records.note(replace(made, job=job))
    desk.report.step("Submitted", f"{made.name} to {made.queue}, {carried.request['jobDefinition']}")
    return job
