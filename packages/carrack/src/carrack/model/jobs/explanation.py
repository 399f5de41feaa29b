"""What became of a job in a sentence, and what to do next.

What no rule knows is shown in the service's own words: a guess would send somebody the wrong way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

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


def explain(job: Job, now: int) -> Explanation:
    """Say how a job stands at `now` (milliseconds since 1970), and why."""
    if job.has_failed:
        return _array_failure(job) if job.array_size else explain_failure(job)
    if job.has_ended:
        return Explanation(sentence="it succeeded", next="")
    return _unfinished(job, now)


def explain_failure(job: Job) -> Explanation:
    """Say why a job that is no array failed."""
    cause = cause_of(job)
    rule = _find(FAILURES, cause)
    if cause.on_request and not (rule and rule.by_queue):
        return _on_request(job, cause)
    if rule is not None:
        return _told(rule, job)
    if cause.exit_code:
        sentence, step, source = explain_exit(cause.exit_code)
        return Explanation(sentence=sentence, next=_filled(step, job), source=source)
    said = f"the service says: {cause.said}" if cause.said else "the service gives no reason"
    return Explanation(sentence=said, next=_filled("carrack job logs {job}", job))


def _on_request(job: Job, cause: Cause) -> Explanation:
    word = f": {cause.status_reason}" if cause.status_reason else ", without a reason"
    return Explanation(
        sentence=f"somebody ended it{word}",
        next=_filled("carrack job retry {retry}", job),
        source="DescribeJobs, isTerminated and isCancelled",
    )


def _array_failure(job: Job) -> Explanation:
    failed = job.counts.get("FAILED", 0)
    if not failed:  # the array itself: it never had children
        return explain_failure(job)
    return Explanation(
        sentence=f"{failed} of {job.array_size} children failed",
        next=f"carrack job retry {job.id} --failed",
    )


def _find(rules: Sequence[Rule], cause: Cause) -> Rule | None:
    text = f"{cause.status_reason}\n{cause.reason}"
    return next((rule for rule in rules if re.search(rule.pattern, text, re.IGNORECASE)), None)


def _told(rule: Rule, job: Job) -> Explanation:
    return Explanation(sentence=rule.sentence, next=_filled(rule.next, job), source=rule.source)


def _filled(step: str, job: Job) -> str:
    """A next step with the names in it: of the job, of a retry's argument, of what it waits for."""
    array = job.id.rpartition(":")[0]
    retry = f"{array} --failed" if index_of(job) is not None else job.id
    return step.format(job=job.id, retry=retry, needed=" ".join(needs(job)) or "JOB", queue=job.queue)


def needs(job: Job) -> tuple[str, ...]:
    """The jobs that a job waits for."""
    return tuple(one["jobId"] for one in job.told.get("dependsOn", ()) if "jobId" in one)


def _unfinished(job: Job, now: int) -> Explanation:
    said = Cause(exit_code=None, status_reason=job.status_reason or "", reason="")
    rule = _find(WAITING, said)
    if rule is not None:
        return _told(rule, job)
    if job.array_size:
        return _follow(job, f"{sum(job.counts.values())} children are on their way")
    match job.status:
        case "PENDING":
            return _follow(job, f"it waits for {', '.join(needs(job)) or 'what it depends on'}")
        case "RUNNABLE":
            return _runnable(job, now)
        case "STARTING":
            return _follow(job, "it has a place; its image is being pulled and its container started")
        case "RUNNING":
            again = f", attempt {len(job.attempts) + 1}" if job.attempts else ""
            return _follow(job, f"it is running{again}")
    return _follow(job, "the scheduler has not looked at it yet")


def _follow(job: Job, sentence: str) -> Explanation:
    return Explanation(sentence=sentence, next=f"carrack job watch {job.id}")


def _runnable(job: Job, now: int) -> Explanation:
    if job.status_reason:
        return Explanation(
            sentence=f"it waits for a place, and the service says: {job.status_reason}",
            next=f"carrack job watch {job.id}",
        )
    waited = now - (job.created if job.created is not None else now)
    if waited < _LONG:
        return _follow(job, "it is ready, and waits for a place")
    return Explanation(
        sentence=f"it is ready since {waited // 60_000} minutes at most, finds no place, and no reason is told",
        next=f"look whether queue {job.queue}'s compute environments are enabled and valid, can hold the vCPUs, memory "
        "and GPUs it asks for, and reach the network; the service tells a reason only of the job at the queue's head",
        source="AWS Batch user guide, Jobs stuck in a RUNNABLE status",
    )
