"""`job rollback`: the last definition whose jobs succeeded is the newest again. Nothing is built."""

from __future__ import annotations

from collections.abc import Sequence

from carrack.errors import JobError, NotReadyError
from carrack.model.command_line import CARRACK, CommandLine
from carrack.model.jobs.definition import CONTENT, name_of, registrable
from carrack.model.jobs.job import JSON
from carrack.ports import Batch, Report


def roll_back(
    name: str,
    queue: str | None,
    to: int | None,
    batch: Batch,
    report: Report,
    command: CommandLine = CARRACK,
) -> str:
    """Register the content of an active revision once more, unless the newest has it; gives `name:revision`.

    It is revision `to`, else the newest one of which the queue still lists a job that SUCCEEDED. So where that is the
    newest of all there is nothing to do, and a second run does nothing. `command` writes the next step.

    Raises JobError where there is none: Batch does not list jobs for ever.
    """
    there = batch.definitions(name)
    if not there:
        raise NotReadyError(
            f"there is no active job definition {name}", address=batch.place, hint=command("job define")
        )
    target, why = _said(there, to) if to is not None else _succeeded(there, queue, batch)
    newest = there[0]
    if _content(target) == _content(newest):
        report.step("Unchanged", f"{name_of(newest)}, with the content of {name_of(target)}, {why}")
        if to is None:
            report.note("another one comes back with --to-revision N")
        return name_of(newest)
    made = batch.register(registrable(target))
    report.step("Registered", f"{made}, with the content of {name_of(target)}, {why}")
    report.note(f"{name_of(newest)} stays active for who pins it; jobs that were submitted go on")
    return made


def _said(there: Sequence[JSON], to: int) -> tuple[JSON, str]:
    for one in there:
        if one["revision"] == to:
            return one, "as was said"
    raise JobError(
        f"no revision {to} is active; there are {_revisions(there)}",
        address="--to-revision",
        untouched="the job definitions; nothing was registered",
        hint="say --to-revision N, one of these",
    )


def _succeeded(there: Sequence[JSON], queue: str | None, batch: Batch) -> tuple[JSON, str]:
    active = {name_of(one): one for one in there}
    found: dict[str, str] = {}
    for job in batch.recent(queue) if queue else ():
        definition = job.get("jobDefinition", "").rpartition("/")[2]
        if job["status"] == "SUCCEEDED" and definition in active:
            found.setdefault(definition, job["jobId"])
            if definition == name_of(there[0]):
                break
    for name, one in active.items():
        if name in found:
            return one, f"of which the job {found[name]} succeeded"
    raise JobError(
        "no job that succeeded is listed"
        + (
            f" in {queue}: Batch forgets jobs some time after they ended"
            if queue
            else ", since no queue was said"
        ),
        address=f"{there[0]['jobDefinitionName']} on {batch.place}",
        untouched="the job definitions; nothing was registered",
        hint=f"say --to-revision N; active are {_revisions(there)}",
    )


def _content(one: JSON) -> JSON:
    """What a revision is, whatever its tag says of it."""
    tags = {key: value for key, value in one.get("tags", {}).items() if key != CONTENT}
    return {**registrable(one), "tags": tags}


def _revisions(there: Sequence[JSON]) -> str:
    return ", ".join(str(one["revision"]) for one in there[:20])
