"""`carrack job`: its verbs are in modules of their own, `job_VERB`."""

from __future__ import annotations

import click

from carrack.cli.lazy import LazyGroup

VERBS = {
    "define": "a job definition for an app's image; a new revision only where something is new",
    "submit": "a job, checked as AWS Batch checks it, and submitted once",
    "list": "the newest jobs of a queue, or those that were submitted from here",
    "status": "one job on one screen: its state, its children, why it stands so, what it used",
    "watch": "a live table until jobs have ended; then their exit code",
    "logs": "what a job wrote, attempt by attempt; of failed children each kind once",
    "explain": "why jobs failed or wait, in a sentence each, and what to do next",
    "retry": "a failed job again, or the failed children of an array, and nothing twice",
    "cancel": "the end of a job, in whatever state it is",
    "rollback": "the last definition whose jobs succeeded is the newest again; nothing is built",
}


@click.group("job", cls=LazyGroup, verbs=VERBS, prefix="carrack.cli.verbs.job_")
def command() -> None:
    """An app's jobs: what defines them, what asks for one, what becomes of it, and the way back."""
