"""`job status` and `job explain`: how jobs stand, why, and what they used."""

from __future__ import annotations

from dataclasses import dataclass

from carrack.commands.inquiry import Inquiry
from carrack.model.jobs.explanation import Explanation, explain, explain_failure
from carrack.model.jobs.failures import Failures, group
from carrack.model.jobs.job import ENDED, Job
from carrack.model.jobs.usage import Usage, usage

_SAMPLE = 500
"""Of how many ended children of an array the use is looked at, and scaled to all: five questions."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A job, why it stands so, its failed children by cause with an explanation of each, and what it used."""

    job: Job
    why: Explanation
    failures: tuple[tuple[Failures, Explanation], ...]
    usage: Usage


def standing(job: str, inquiry: Inquiry) -> Standing:
    """How a job stands now. Raises JobError where there is none."""
    found = inquiry.job(job)
    now = inquiry.clock.milliseconds
    failed = inquiry.failed(found) if found.array_size and found.counts.get("FAILED") else ()
    return Standing(
        job=found,
        why=explain(found, now, inquiry.command),
        failures=tuple((one, explain_failure(one.first, inquiry.command)) for one in group(failed)),
        usage=used(found, inquiry),
    )


def used(job: Job, inquiry: Inquiry) -> Usage:
    """What a job used up to now; of an array with many children, by a sample that is spread over them."""
    now = inquiry.clock.milliseconds
    if not job.array_size:
        return usage([job], now)
    states = [state for state in (*sorted(ENDED), "RUNNING") if job.counts.get(state)]
    ids = [
        child
        for state in states
        for child in inquiry.ask(lambda state=state: inquiry.batch.children(job.id, state))  # type: ignore[misc]
    ]
    sample = ids[:: max(1, -(-len(ids) // _SAMPLE))]
    return usage(inquiry.known(sample).values(), now).scaled(len(ids))
