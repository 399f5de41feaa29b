"""`carrack job watch`."""

from __future__ import annotations

import click

from carrack.cli.job_options import json_option, place_options, price_options
from carrack.cli.wiring import Wiring


@click.command("watch")
@click.argument("jobs", metavar="JOB...", nargs=-1, required=True)
@place_options
@click.option(
    "--timeout", type=click.FloatRange(min=1), metavar="SECONDS", help="Watch no longer; exit code 75."
)
@price_options
@json_option
@click.pass_context
def command(
    context: click.Context,
    jobs: tuple[str, ...],
    on: str | None,
    to: str | None,
    timeout: float | None,
    price_vcpu_hour: float | None,
    price_gb_hour: float | None,
    as_json: bool,
) -> None:
    """Show JOB until it has ended: state, children, progress, the last line of its log. Ctrl-C leaves it running.

    Exit code: the job's own; of an array the commonest of its failed children; 74 where it failed without one.
    """
    from carrack.cli.following import follow
    from carrack.cli.job_screen import Prices

    wiring: Wiring = context.obj
    inquiry = wiring.inquiry(on, to, *jobs)
    prices = Prices(vcpu_hour=price_vcpu_hour, gb_hour=price_gb_hour)
    context.exit(follow(jobs, inquiry, wiring, timeout=timeout, prices=prices, as_json=as_json))
