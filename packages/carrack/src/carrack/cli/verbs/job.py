"""`carrack job`: its verbs are in modules of their own, `job_VERB`."""

from __future__ import annotations

import click

from carrack.cli.lazy import LazyGroup

VERBS = {
    "list": "the newest jobs of a queue",
    "status": "one job on one screen: its state, its children, why it stands so, what it used",
    "watch": "a live table until jobs have ended; then their exit code",
    "logs": "what a job wrote, attempt by attempt; of failed children each kind once",
    "explain": "why jobs failed or wait, in a sentence each, and what to do next",
    "retry": "run a failed job again, or the failed children of an array",
    "cancel": "end a job, in whatever state it is",
}


@click.group("job", cls=LazyGroup, verbs=VERBS, prefix="carrack.cli.verbs.job_")
def command() -> None:
    """Run an app as jobs on AWS Batch or on this machine, and see what becomes of them."""
