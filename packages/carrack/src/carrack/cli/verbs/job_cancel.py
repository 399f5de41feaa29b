"""`carrack job cancel`."""

from __future__ import annotations

import click

from carrack.cli.job_options import place_options
from carrack.cli.wiring import Wiring
from carrack.model.command_line import CARRACK


@click.command("cancel")
@click.argument("jobs", metavar="JOB...", nargs=-1, required=True)
@place_options
@click.option(
    "--reason",
    metavar="TEXT",
    default=f"cancelled with {CARRACK('job cancel')}",
    help="The job keeps it.",
)
@click.pass_obj
def command(wiring: Wiring, jobs: tuple[str, ...], on: str | None, to: str | None, reason: str) -> None:
    """End JOB, in whatever state it is; of an array, every child that has not ended. ARRAY:3 is one child.

    A running job gets SIGTERM, and 30 seconds. One that has ended is left as it is.
    """
    from carrack.commands.job_cancel import cancel

    for job in jobs:
        inquiry = wiring.inquiry(on, to, job)
        cancel(inquiry.job(job), reason, inquiry, wiring.report)
