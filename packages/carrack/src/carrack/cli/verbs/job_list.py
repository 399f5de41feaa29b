"""`carrack job list`."""

from __future__ import annotations

import json

import click

from carrack.cli.job_options import json_option, place_options
from carrack.cli.output import show_table
from carrack.cli.wiring import Wiring


@click.command("list")
@place_options
@click.option("--queue", metavar="NAME", help="If not said, the app's `queue`.")
@click.option(
    "-n", "most", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many."
)
@json_option
@click.pass_obj
def command(
    wiring: Wiring, on: str | None, to: str | None, queue: str | None, most: int, as_json: bool
) -> None:
    """The newest jobs of a queue, each with its state and, for an array, its children's."""
    from carrack.cli.job_screen import moment, summary
    from carrack.commands.job_status import recent
    from carrack.model.jobs.progress import line_of

    inquiry = wiring.inquiry(on, to, None)
    jobs = recent(wiring.queue(queue), inquiry, most)
    if as_json:
        click.echo(json.dumps([summary(job) for job in jobs], indent=1))
    elif jobs:
        rows = [(job.id, job.name, job.definition, moment(job.created), line_of(job)) for job in jobs]
        show_table(("job", "name", "definition", "created", "state"), rows)
    else:
        click.echo(f"no jobs there ({inquiry.batch.place})")
