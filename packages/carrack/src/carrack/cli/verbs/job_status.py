"""`carrack job status`."""

from __future__ import annotations

import json

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
    from carrack.cli.job_screen import Prices, as_facts, show_facts
    from carrack.commands.job_status import standing

    found = [standing(job, wiring.inquiry(on, to, job)) for job in jobs]
    if as_json:
        click.echo(json.dumps([as_facts(one) for one in found], indent=1))
        return
    for number, one in enumerate(found):
        if number:
            click.echo()
        show_facts(one, Prices(vcpu_hour=price_vcpu_hour, gb_hour=price_gb_hour))
