"""What the verbs about jobs share: how to say where a job is, and what an hour costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from carrack.cli.options import PLACES, index_option

F = TypeVar("F", bound=Callable[..., Any])


def place_options(function: F) -> F:
    """`--on PLACE`, where the job is, and `--to NAME`, whose account and region it is in on AWS."""
    on = click.option(
        "--on",
        type=click.Choice(PLACES),
        help="Where the job is; if not said, on this machine if it was submitted here, else on AWS.",
    )
    return on(index_option(function))


def price_options(function: F) -> F:
    """`--price-vcpu-hour` and `--price-gb-hour`, in whatever currency."""
    vcpu = click.option(
        "--price-vcpu-hour", type=float, metavar="PRICE", help="Of one vCPU for an hour, for the estimate."
    )
    memory = click.option(
        "--price-gb-hour",
        type=float,
        metavar="PRICE",
        help="Of one GB of memory for an hour, for the estimate.",
    )
    return vcpu(memory(function))


def json_option(function: F) -> F:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="The same facts for a program.")(function)
