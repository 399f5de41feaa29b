"""`job retry`: runs a failed job again, or the failed children of an array, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from carrack.commands.inquiry import Inquiry
from carrack.commands.submitting import Desk, submit
from carrack.errors import JobError, StoppedError
from carrack.model.command_line import CommandLine
from carrack.model.jobs.explanation import needs
from carrack.model.jobs.job import JSON, Job
from carrack.model.jobs.ladder import Carried
from carrack.model.jobs.limits import OVERRIDE_CHARACTERS, override_length, request_faults
from carrack.model.jobs.retrying import retry_of, retry_request, shards_of
from carrack.model.jobs.shards import compose, format_ranges
from carrack.ports import Report


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Which failed children run again, all where `only` names none; and the jobs that the retry waits for."""

    only: tuple[int, ...] = ()
    after: tuple[str, ...] = ()


def plan_retry(job: Job, wish: Wish, inquiry: Inquiry, report: Report) -> JSON:
    """Make the request that runs a failed job again, or the failed children of an array.

    Children that another retry of this job has already are left out, and named. Raises JobError where nothing failed,
    everything is retried already, the definition is gone, or what it waited for failed.
    """
    if "container" not in job.told and not job.array_size:
        raise _refused(job, "only jobs of one container can be retried")
    if not job.has_failed and not (job.array_size and job.counts.get("FAILED")):
        raise _refused(job, "nothing of it failed", hint=inquiry.command("job status", job.id))
    _check_needs(job, wish, inquiry)
    definition = _definition(job, inquiry)
    try:
        children = _children(job, wish, inquiry, report)
        request = retry_request(job, definition, children, wish.after)
    except ValueError as error:
        raise _refused(job, f"its map of shards cannot be read: {error}") from None
    _check(job, request, definition, children, inquiry.command)
    return request


def _refused(job: Job, message: str, *, hint: str = "", faults: tuple[str, ...] = ()) -> JobError:
    return JobError(
        message,
        address=f"job {job.id}",
        untouched="everything; nothing was submitted",
        hint=hint,
        faults=faults,
    )


def _check_needs(job: Job, wish: Wish, inquiry: Inquiry) -> None:
    """A job whose dependency failed would run without its input."""
    if wish.after:
        return
    failed = [one for one in inquiry.known(needs(job)).values() if one.has_failed]
    if failed:
        raise _refused(
            job,
            "it waited for jobs that failed",
            faults=tuple(one.id for one in failed),
            hint=f"{_again(failed[0], inquiry)}, then {_again(job, inquiry, '--after', 'THE-NEW-JOB')}",
        )


def _again(job: Job, inquiry: Inquiry, *more: str) -> str:
    """The command that retries it."""
    return inquiry.command("job retry", job.id, *(("--failed",) if job.array_size else ()), *more)


def _definition(job: Job, inquiry: Inquiry) -> JSON:
    name, _, revision = job.definition.rpartition(":")
    for one in inquiry.ask(lambda: inquiry.batch.definitions(name)):
        if str(one["revision"]) == revision:
            return one
    raise _refused(
        job,
        f"its definition {job.definition} is not active any more, and a retry runs with no other",
        hint=f"submit it anew with an active one: {inquiry.command('job submit', '--definition', name)}",
    )


def _children(job: Job, wish: Wish, inquiry: Inquiry, report: Report) -> tuple[int, ...]:
    """The children that run again, by index; none for a job that is no array."""
    others = _retries(job, inquiry)
    if not job.array_size:
        if others:
            raise _retried(job, others, inquiry)
        return ()
    failed = _failed(job, inquiry)
    if wish.only and not (failed := [index for index in failed if index in wish.only]):
        hint = f"{inquiry.command('job explain', job.id)} names those that did"
        raise _refused(job, f"none of the children {format_ranges(wish.only)} failed", hint=hint)
    left = _not_retried(job, failed, others, report)
    if not left:
        raise _retried(job, others, inquiry)
    return left


def _failed(job: Job, inquiry: Inquiry) -> list[int]:
    """The failed children by index, all of them: a retry without some would leave these behind in silence."""
    listed = inquiry.ask(lambda: inquiry.batch.children(job.id, "FAILED"))
    if len(listed) < (said := job.counts.get("FAILED", 0)):
        hint = "run the same command again in a minute"
        raise _refused(job, f"{said} children failed, and {len(listed)} of them are listed", hint=hint)
    if not listed:
        hint = inquiry.command("job explain", job.id)
        raise _refused(job, "no child of it failed; submit it again", hint=hint)
    return [int(child.rpartition(":")[2]) for child in listed]


def _retries(job: Job, inquiry: Inquiry) -> Sequence[Job]:
    """The retries of a job that its queue still lists, the newest first; found by their tag.

    One that is listed and not described yet is waited for: it may be a retry.
    """
    later = [one.id for one in inquiry.recent(job.queue, since=job.created or 0) if one.id != job.id]
    return [one for one in inquiry.jobs(later) if retry_of(one) == job.id]


def _not_retried(job: Job, failed: Sequence[int], others: Iterable[Job], report: Report) -> tuple[int, ...]:
    shards = dict(zip(compose(shards_of(job), failed), failed, strict=True))
    for other in others:
        again = [shards.pop(shard) for shard in shards_of(other) if shard in shards]
        if again:
            report.note(f"children {format_ranges(sorted(again))} are left out: {_standing(other)}")
    return tuple(sorted(shards.values()))


def _standing(other: Job) -> str:
    return f"{other.id} retries them ({other.status})"


def _retried(job: Job, others: Sequence[Job], inquiry: Inquiry) -> JobError:
    newest = others[0]
    if newest.has_failed:
        word, hint = "failed too", _again(newest, inquiry)
    elif newest.has_ended:
        word, hint = "succeeded", inquiry.command("job status", newest.id)
    else:
        word, hint = f"is {newest.status}", inquiry.command("job watch", newest.id)
    return _refused(job, f"it is retried already, by {newest.id}, which {word}", hint=hint)


def _check(job: Job, request: JSON, definition: JSON, children: Sequence[int], command: CommandLine) -> None:
    faults = request_faults(request, definition)
    if not faults:
        return
    too_long = len(children) > 1 and override_length(request, definition) > OVERRIDE_CHARACTERS
    part = f"{children[0]}-{children[len(children) // 2]}" if too_long else ""
    hint = f"retry them in parts: {command('job retry', job.id, '--failed', '--only', part)}"
    raise _refused(
        job,
        f"the map of {len(children)} children is too long"
        if too_long
        else "AWS Batch would refuse the retry",
        faults=faults,
        hint=hint if too_long else "",
    )


def submit_retry(request: JSON, desk: Desk) -> str:
    """Hand in what `plan_retry` made, once; the new job's id. See `submitting.submit`."""
    hint = "run it as it was run then; it looks first"
    try:
        return submit(Carried(request=dict(request)), desk, is_new=False, hint=hint)
    except StoppedError as error:
        error.hint = "run the same command again; it looks first"
        raise
