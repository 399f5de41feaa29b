"""`carrack image`: lint."""

from __future__ import annotations

import click

from carrack.cli.verbs.image_lint import lint


@click.group("image", commands=[lint])
def command() -> None:
    """An app's image."""
