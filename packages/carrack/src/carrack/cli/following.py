"""Jobs shown until they have ended."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from carrack.cli.job_screen import Prices, as_facts
from carrack.cli.live import shown
from carrack.cli.wiring import Wiring
from carrack.commands.inquiry import Inquiry
from carrack.commands.job_status import standing
from carrack.commands.job_watch import code_of, watch

INTERRUPTED = 130
"""What a shell says of a command that Ctrl-C ended."""


def follow(
    jobs: Sequence[str],
    inquiry: Inquiry,
    wiring: Wiring,
    *,
    timeout: float | None = None,
    prices: Prices | None = None,
    as_json: bool = False,
) -> int:
    """Show `jobs` until all have ended or somebody presses Ctrl-C, which leaves them running; the exit code."""
    try:
        with shown(wiring.report, live=wiring.is_live) as show:
            ended = watch(jobs, inquiry, show, timeout)
    except KeyboardInterrupt:
        click.echo(f"detached; the job runs on; {inquiry.command('job watch', *jobs)}", err=True)
        return INTERRUPTED
    found = [standing(job.id, inquiry) for job in ended]
    prices = prices or Prices(vcpu_hour=None, gb_hour=None)
    if as_json:
        click.echo(json.dumps([as_facts(one) for one in found], indent=1))
        return code_of(found)
    for one in found:
        used = f"; used {prices.line(one.usage)}" if one.usage.attempts else ""
        click.echo(f"{one.job.id} {one.why.sentence}{used}")
        if one.job.has_failed:
            wiring.report.note(f"why: {inquiry.command('job explain', one.job.id)}")
    return code_of(found)
