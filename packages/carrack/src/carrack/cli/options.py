"""The options and arguments that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
PLACES = ("process", "container", "aws")
"""Where jobs run: on this machine in two ways, or on AWS Batch."""


def index_option(function: F) -> F:
    """`--to NAME`, the one way to say which index; `--index` is the same."""
    return click.option(
        "--to", "--index", "to", metavar="NAME", help="The index, by its name in [tool.carrack.indexes]."
    )(function)


def app_option(function: F) -> F:
    """`--app NAME`; not needed in a workspace with one app."""
    return click.option(
        "--app", "app_name", metavar="NAME", help="The app, by its name in [tool.carrack.apps]."
    )(function)


def build_anew(function: F) -> F:
    """`--no-cache`: what was built before is built again."""
    return click.option(
        "--no-cache", is_flag=True, help="Build everything anew, also what was built of the very same before."
    )(function)


def package_names(function: F) -> F:
    """`[PACKAGES]...`: the packages that a verb is about, by any spelling of their names."""
    return click.argument("names", metavar="[PACKAGES]...", nargs=-1)(function)


def on_option(function: F) -> F:
    """`--on PLACE`: where jobs run."""
    return click.option(
        "--on",
        type=click.Choice(PLACES),
        default="aws",
        show_default=True,
        help="Where: a process or a container of this machine, or AWS Batch.",
    )(function)
