"""Handing in a request for a job once, whatever happens between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from carrack.errors import CarrackError, JobError, StoppedError
from carrack.model.jobs.ladder import Carried
from carrack.model.jobs.request import REQUEST
from carrack.model.jobs.submission import SETTLING, Submission, submission
from carrack.ports import Batch, JobRecords, ParameterStore, Report

_OWN_ID = "give this one an id of its own: --request-id ID"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where requests are handed in: who takes them, their records, the store, a clock in seconds, and who is told."""

    batch: Batch
    records: JobRecords
    store: Callable[[], ParameterStore]
    now: Callable[[], float]
    report: Report


def submit(carried: Carried, desk: Desk, *, is_new: bool, hint: str = _OWN_ID) -> str:
    """Hand in a request that `prepare` found nothing against, once; the job's id.

    Its id is on disk before it is sent, and the job has it as a tag. So a request that was made before gives the job
    that it made: by the record; by the tag where a crash came between, or it is not `is_new` and was made elsewhere.
    Of several processes that look, and find nothing, one sends it.

    Raises JobError, with `hint`, where the id is another request's, or of one to another place; StoppedError where it
    is not known yet whether there is a job.
    """
    made = submission(carried.request, desk.batch.place, desk.now())
    known = desk.records.begin(made)
    if known is not None and known.binds(made):
        raise JobError(
            f"this was another request: {known.name} to {known.queue} on {known.place}",
            address=f"request {made.request_id}",
            untouched="the queue; nothing was submitted",
            hint=hint,
        )
    if known is not None or not is_new:
        if job := _earlier(made, known, desk):
            return job
        found_nothing_of, made = known or made, replace(made, at=desk.now())
        if desk.records.begin(made, instead_of=found_nothing_of) is not None:
            raise _wait(made, desk.batch, "is being sent by another process")
    return _send(carried, made, desk)


def _earlier(made: Submission, known: Submission | None, desk: Desk) -> str | None:
    """The job of a request that was made already; None where it has none."""
    job = (known.job if known else None) or find(made, desk.batch)
    if job:
        desk.records.note(replace(made, job=job))
        desk.report.step("Found", f"{job}, which the request {made.request_id} made already")
    elif known and not known.refused and made.at - known.at < SETTLING:
        raise _wait(made, desk.batch, "was sent less than a minute ago, and its job is not listed yet")
    return job


def find(made: Submission, batch: Batch) -> str | None:
    """The listed job of a name that has the request's tag, however old; None where there is none.

    Our record's time is no bound: the record may be younger than the job, which another machine made.
    Raises StoppedError where the service lists a job of that name and does not describe it: nobody knows its tag.
    """
    alike = [job["jobId"] for job in batch.recent(made.queue) if job["jobName"] == made.name]
    told = batch.describe(alike) if alike else {}
    for job in told.values():
        if job.get("tags", {}).get(REQUEST) == made.request_id:
            return str(job["jobId"])
    if missing := len(set(alike) - told.keys()):
        raise _wait(made, batch, f"may be among {missing} jobs that are listed and not described yet")
    return None


def _wait(made: Submission, batch: Batch, why: str) -> StoppedError:
    return StoppedError(
        f"the request {made.request_id} {why}",
        address=batch.place,
        untouched="it is not sent a second time",
        hint="run the same command again in a minute",
    )


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
