"""`carrack job explain`."""

from __future__ import annotations

import click

from carrack.cli.job_options import json_option, place_options, price_options
from carrack.cli.wiring import Wiring


@click.command("explain")
@click.argument("jobs", metavar="JOB...", nargs=-1, required=True)
@place_options
@price_options
@json_option
@click.pass_obj
def command(
    wiring: Wiring,
    jobs: tuple[str, ...],
    on: str | None,
    to: str | None,
    price_vcpu_hour: float | None,
    price_gb_hour: float | None,
    as_json: bool,
) -> None:
    """Why JOB failed, or why it waits: a sentence, the next step, and where that meaning is from.

    The failed children of an array are shown by cause, the commonest first. What is not known is shown in the service's
    own words.
    """
    from carrack.cli.job_screen import Prices, show_each, show_explanation

    inquiries = ((job, wiring.inquiry(on, to, job)) for job in jobs)
    show_each(
        inquiries, show_explanation, Prices(vcpu_hour=price_vcpu_hour, gb_hour=price_gb_hour), as_json=as_json
    )
