"""`carrack job status`."""

from __future__ import annotations

import click

from carrack.cli.job_options import json_option, place_options, price_options
from carrack.cli.wiring import Wiring


@click.command("status")
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
    """JOB on one screen: its state, its attempts and children, why it stands so, and an estimate of what it used."""
    from carrack.cli.job_screen import Prices, show_each, show_facts

    inquiries = ((job, wiring.inquiry(on, to, job)) for job in jobs)
    show_each(
        inquiries, show_facts, Prices(vcpu_hour=price_vcpu_hour, gb_hour=price_gb_hour), as_json=as_json
    )
