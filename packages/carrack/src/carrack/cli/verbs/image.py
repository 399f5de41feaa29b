"""`carrack image`: its verbs are in modules of their own, `image_VERB`."""

from __future__ import annotations

import click

from carrack.cli.lazy import LazyGroup

VERBS = {
    "push": "to Amazon ECR, proven by its digest there, which is what a job definition names",
}


@click.group("image", cls=LazyGroup, verbs=VERBS, prefix="carrack.cli.verbs.image_")
def command() -> None:
    """Build an app's image from its lock, push it, and say what is in one."""
