"""What became of a job in a sentence, and what to do next.

What no rule knows is shown in the service's own words: a guess would send somebody the wrong way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from carrack.model.command_line import CARRACK, CommandLine
from carrack.model.jobs.exits import explain_exit
from carrack.model.jobs.failures import Cause, cause_of, index_of
from carrack.model.jobs.job import Job
from carrack.model.jobs.reasons import FAILURES, WAITING, Rule

_LONG = 10 * 60_000
"""For how long RUNNABLE needs no explanation: an instance takes some minutes to start. In milliseconds."""


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A sentence, the next step, and where the meaning of the service's words is from."""

    sentence: str
    next: str
    source: str = ""


def explain(job: Job, now: int, command: CommandLine = CARRACK) -> Explanation:
    """Say how a job stands at `now` (milliseconds since 1970), and why. `command` writes the next step."""
    if job.has_failed:
        return _array_failure(job, command) if job.array_size else explain_failure(job, command)
    if job.has_ended:
        return Explanation(sentence="it succeeded", next="")
    return _unfinished(job, now, command)


def explain_failure(job: Job, command: CommandLine = CARRACK) -> Explanation:
    """Say why a job that is no array failed."""
    cause = cause_of(job)
    rule = _find(FAILURES, cause)
    if cause.on_request and not (rule and rule.by_queue):
        return _on_request(job, cause, command)
    if rule is not None:
        return _told(rule, job, command)
    if cause.exit_code:
        sentence, step, source = explain_exit(cause.exit_code)
        return Explanation(sentence=sentence, next=_filled(step, job, command), source=source)
    said = f"the service says: {cause.said}" if cause.said else "the service gives no reason"
    return Explanation(sentence=said, next=command("job logs", job.id))


def _on_request(job: Job, cause: Cause, command: CommandLine) -> Explanation:
    word = f": {cause.status_reason}" if cause.status_reason else ", without a reason"
    return Explanation(
        sentence=f"somebody ended it{word}",
        next=_filled("{retry}", job, command),
        source="DescribeJobs, isTerminated and isCancelled",
    )


def _array_failure(job: Job, command: CommandLine) -> Explanation:
    failed = job.counts.get("FAILED", 0)
    if not failed:  # the array itself: it never had children
        return explain_failure(job, command)
    return Explanation(
        sentence=f"{failed} of {job.array_size} children failed",
        next=command("job retry", job.id, "--failed"),
    )


def _find(rules: Sequence[Rule], cause: Cause) -> Rule | None:
    text = f"{cause.status_reason}\n{cause.reason}"
    return next((rule for rule in rules if re.search(rule.pattern, text, re.IGNORECASE)), None)


def _told(rule: Rule, job: Job, command: CommandLine) -> Explanation:
    return Explanation(sentence=rule.sentence, next=_filled(rule.next, job, command), source=rule.source)


def _filled(step: str, job: Job, command: CommandLine) -> str:
    """A next step with the commands in it: about the job, about its array, about what it waits for."""
    array = job.id.rpartition(":")[0]
    retry = (array, "--failed") if index_of(job) is not None else (job.id,)
    return step.format(
        logs=command("job logs", job.id),
        status=command("job status", job.id),
        cancel=command("job cancel", job.id),
        retry=command("job retry", *retry),
        explain=command("job explain", *needs(job) or ("JOB",)),
        submit=command("job submit"),
        define=command("job define"),
        push=command("image push"),
    )


def needs(job: Job) -> tuple[str, ...]:
    """The jobs that a job waits for."""
    return tuple(one["jobId"] for one in job.told.get("dependsOn", ()) if "jobId" in one)


def _unfinished(job: Job, now: int, command: CommandLine) -> Explanation:
    said = Cause(exit_code=None, status_reason=job.status_reason or "", reason="")
    rule = _find(WAITING, said)
    if rule is not None:
        return _told(rule, job, command)
    if job.status == "RUNNABLE" and not job.array_size:
        return _runnable(job, now, command)
    return Explanation(sentence=_progress(job), next=command("job watch", job.id))


def _progress(job: Job) -> str:
    if job.array_size:
        return f"{sum(job.counts.values())} children are on their way"
    match job.status:
        case "PENDING":
            return f"it waits for {', '.join(needs(job)) or 'what it depends on'}"
        case "STARTING":
            return "it has a place; its image is being pulled and its container started"
        case "RUNNING":
            return "it is running" + (f", attempt {len(job.attempts) + 1}" if job.attempts else "")
    return "the scheduler has not looked at it yet"


def _runnable(job: Job, now: int, command: CommandLine) -> Explanation:
    follow = command("job watch", job.id)
    if job.status_reason:
        return Explanation(
            sentence=f"it waits for a place, and the service says: {job.status_reason}", next=follow
        )
    waited = now - (job.created if job.created is not None else now)
    if waited < _LONG:
        return Explanation(sentence="it is ready, and waits for a place", next=follow)
    return Explanation(
        sentence=f"it is ready since {waited // 60_000} minutes at most, finds no place, and no reason is told",
        next=f"look whether queue {job.queue}'s compute environments are enabled and valid, can hold the vCPUs, memory "
        "and GPUs it asks for, and reach the network; the service tells a reason only of the job at the queue's head",
        source="AWS Batch user guide, Jobs stuck in a RUNNABLE status",
    )
