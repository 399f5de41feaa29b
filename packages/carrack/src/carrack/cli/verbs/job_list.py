"""`carrack job list`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from carrack.cli.job_options import json_option, place_options
from carrack.cli.output import show_table
from carrack.cli.wiring import Wiring
from carrack.errors import UsageError


@click.command("list")
@place_options
@click.option("--queue", metavar="NAME", help="If not said, the app's `queue`.")
@click.option("--here", is_flag=True, help="What was submitted from this workspace; no service is asked.")
@click.option(
    "-n", "most", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many."
)
@json_option
@click.pass_obj
def command(
    wiring: Wiring, on: str | None, to: str | None, queue: str | None, here: bool, most: int, as_json: bool
) -> None:
    """The newest jobs of a queue, each with its state; or those that were submitted from here."""
    if here:
        if on or to or queue:
            raise UsageError("--here asks no queue")
        _show_here(wiring, most, as_json)
        return
    from carrack.cli.job_screen import moment, summary
    from carrack.model.jobs.progress import line_of

    name = wiring.queue(queue)
    inquiry = wiring.inquiry(on, to)
    jobs = inquiry.recent(name, most=most)
    if as_json:
        click.echo(json.dumps([summary(job) for job in jobs], indent=1))
    elif jobs:
        rows = [(job.id, job.name, moment(job.created), line_of(job)) for job in jobs]
        show_table(("job", "name", "created", "state"), rows)
    else:
        click.echo(f"no jobs in {name} ({inquiry.batch.place})")


def _show_here(wiring: Wiring, most: int, as_json: bool) -> None:
    from carrack.cli.job_screen import moment

    records = wiring.job_records.newest()[:most]
    if as_json:
        click.echo(json.dumps([asdict(one) for one in records], indent=1))
    elif records:
        rows = [
            (
                one.job or ("refused" if one.refused else "not known"),
                one.name,
                moment(int(one.at * 1000)),
                f"{one.queue}, {one.place}",
            )
            for one in records
        ]
        show_table(("job", "name", "submitted", "queue"), rows)
    else:
        click.echo("no job was submitted from here")
