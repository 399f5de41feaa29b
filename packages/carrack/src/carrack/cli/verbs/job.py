"""`carrack job`: its verbs are in modules of their own, `job_VERB`."""

from __future__ import annotations

import click

from carrack.cli.lazy import LazyGroup

VERBS = {
    "define": "a job definition for an app's image; a new revision only where something is new",
    "submit": "a job, checked as AWS Batch checks it, and submitted once",
    "rollback": "the last definition whose jobs succeeded is the newest again; nothing is built",
}


@click.group("job", cls=LazyGroup, verbs=VERBS, prefix="carrack.cli.verbs.job_")
def command() -> None:
    """An app's jobs: what defines them, what asks for one, and the way back."""
