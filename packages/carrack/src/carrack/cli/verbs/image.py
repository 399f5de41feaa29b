"""`carrack image`: its verbs are in modules of their own, `image_VERB`."""

from __future__ import annotations

import click

from carrack.cli.lazy import LazyGroup

VERBS = {
    "build": "an app's image from its lock, its token in no layer",
    "push": "to Amazon ECR, proven by its digest there, which is what a job definition names",
    "inspect": "which wheels, hashes, tags and commits are in an image, and what it was built from",
    "diff": "what is different in another image, with the changelogs of our packages",
    "lint": "where Dockerfiles leak credentials, and what to write instead",
    "runtime": "the wheels that jobs fetch when they start, put where they fetch them from",
}


@click.group("image", cls=LazyGroup, verbs=VERBS, prefix="carrack.cli.verbs.image_")
def command() -> None:
    """Build an app's image from its lock, push it, say what is in one, and where a Dockerfile leaks."""
