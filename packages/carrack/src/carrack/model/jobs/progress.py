"""How far jobs are, in one line each."""

from __future__ import annotations

from carrack.model.jobs.job import ENDED, Job

STATES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
"""The states of a job, in the order in which it comes to them."""


def done(job: Job) -> float:
    """The share of a job that has ended, from 0 to 1."""
    if job.array_size:
        return min(1.0, sum(job.counts.get(state, 0) for state in ENDED) / job.array_size)
    return 1.0 if job.has_ended else 0.0


def state_of(job: Job) -> str:
    """A job's state; an array's whose children have all ended, though its own state lags behind."""
    if job.status not in ENDED and job.has_ended:
        return "FAILED" if job.has_failed else "SUCCEEDED"
    return job.status


def told_counts(job: Job) -> str:
    """`RUNNING 3, SUCCEEDED 90`: an array's children by state; nothing for a plain job."""
    return ", ".join(f"{state} {job.counts[state]}" for state in STATES if job.counts.get(state))


def line_of(job: Job) -> str:
    """`RUNNING, 40 of 100 done (RUNNING 60, SUCCEEDED 40)`; of a plain job its state and attempt."""
    if job.array_size:
        ended = sum(job.counts.get(state, 0) for state in ENDED)
        return (
            f"{state_of(job)}, {ended} of {job.array_size} done ({told_counts(job) or 'no child told yet'})"
        )
    attempt = len(job.attempts) + (job.status not in ENDED and bool(job.attempts))
    return job.status + (f", attempt {attempt}" if attempt > 1 else "")


def duration(milliseconds: int) -> str:
    """`3 s`, `4 min 5 s`, `2 h 7 min`."""
    seconds = max(0, milliseconds) // 1000
    minutes, hours = seconds // 60, seconds // 3600
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"
