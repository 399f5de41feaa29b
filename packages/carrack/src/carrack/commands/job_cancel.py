"""`job cancel`: ends a job, in whatever state it is."""

from __future__ import annotations

from carrack.commands.inquiry import Inquiry
from carrack.model.jobs.job import Job
from carrack.model.jobs.progress import line_of
from carrack.ports import Report

_LONGEST = 1024
"""Letters of a reason (TerminateJob)."""


def cancel(job: Job, reason: str, inquiry: Inquiry, report: Report) -> bool:
    """End a job; of an array, all children that have not ended. Whether there was anything to end.

    TerminateJob is what ends it: CancelJob is a silent no-op for a job that is STARTING or RUNNING.
    """
    if job.has_ended:
        report.step("Ended", f"{job.id} had ended already: {line_of(job)}")
        return False
    inquiry.ask(lambda: inquiry.batch.terminate(job.id, reason[:_LONGEST]))
    report.step("Cancelled", f"{job.id}, which was {line_of(job)}")
    return True
