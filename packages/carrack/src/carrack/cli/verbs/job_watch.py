"""`carrack job watch`."""

from __future__ import annotations

import json

import click

from carrack.cli.job_options import json_option, place_options, price_options
from carrack.cli.wiring import Wiring

_INTERRUPTED = 130
"""What a shell says of a command that Ctrl-C ended."""


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
    from carrack.cli.job_screen import Prices, as_facts
    from carrack.cli.live import shown
    from carrack.commands.job_status import standing
    from carrack.commands.job_watch import code_of, watch

    wiring: Wiring = context.obj
    inquiry = wiring.inquiry(on, to, jobs[0])
    try:
        with shown(wiring.report, live=wiring.is_live) as show:
            ended = watch(jobs, inquiry, show, timeout)
    except KeyboardInterrupt:
        click.echo(f"detached; the job runs on; carrack job watch {' '.join(jobs)}", err=True)
        context.exit(_INTERRUPTED)
    found = [standing(job.id, inquiry) for job in ended]
    prices = Prices(vcpu_hour=price_vcpu_hour, gb_hour=price_gb_hour)
    if as_json:
        click.echo(json.dumps([as_facts(one) for one in found], indent=1))
    else:
        for one in found:
            used = f"; used {prices.line(one.usage)}" if one.usage.attempts else ""
            click.echo(f"{one.job.id} {one.why.sentence}{used}")
            if one.job.has_failed:
                wiring.report.note(f"why: carrack job explain {one.job.id}")
    context.exit(code_of(found))
