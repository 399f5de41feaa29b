"""`carrack job logs`."""

from __future__ import annotations

import click

from carrack.cli.job_options import place_options
from carrack.cli.output import printable
from carrack.cli.wiring import Wiring
from carrack.commands.inquiry import Inquiry
from carrack.errors import UsageError
from carrack.model.jobs.job import Job

_MANY = 20
"""How many logs one command reads to their end without being told which."""


@click.command("logs")
@click.argument("job", metavar="JOB")
@place_options
@click.option("--child", "children", metavar="RANGES", help="Of the array that JOB is: 3,7-9.")
@click.option("--attempt", type=click.IntRange(min=1), metavar="N", help="If not said, the last one.")
@click.option("--follow", "-f", is_flag=True, help="Wait for the job to start, and until it has ended.")
@click.option("--failed", is_flag=True, help="Of an array's failed children, each kind once.")
@click.option(
    "--tail", type=click.IntRange(min=1), default=10, show_default=True, help="With --failed, so many lines."
)
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="With --failed, of so many children of one cause at most, logs are read.",
)
@click.pass_obj
def command(
    wiring: Wiring,
    job: str,
    on: str | None,
    to: str | None,
    children: str | None,
    attempt: int | None,
    follow: bool,
    failed: bool,
    tail: int,
    sample: int,
) -> None:
    """What JOB wrote; ARRAY:3 is one child of an array. Of several children, those without a log are noted.

    With --failed, children that failed for the same reason and whose logs end alike are one group, with their number
    and one of them as a sample.
    """
    from carrack.commands.job_logs import read_each, read_logs

    inquiry = wiring.inquiry(on, to, job.partition(":")[0])
    found = inquiry.job(job)
    if failed:
        if follow or children or attempt:
            raise UsageError("--failed reads the last attempts' ends, and goes with no other choice of logs")
        _show_kinds(found, inquiry, tail, sample)
        return
    read = _chosen(found, children, inquiry)
    if follow and len(read) > 1:
        hint = inquiry.command("job logs", job, "--follow", "--child", "0")
        raise UsageError("one log is followed at a time", hint=hint)
    if len(read) == 1:
        read_logs(
            read[0], inquiry, lambda _, line: click.echo(printable(line)), attempt=attempt, follow=follow
        )
        return

    def tell(child: Job, line: str) -> None:
        click.echo(f"{child.id.removeprefix(found.id)} {printable(line)}")

    read_each(found, read, inquiry, tell, wiring.report, attempt)


def _chosen(job: Job, children: str | None, inquiry: Inquiry) -> tuple[Job, ...]:
    """The jobs whose logs are read: the job, or children of it."""
    from batch_params.shard import parse_map
    from carrack.commands.inquiry import select_children

    if children is not None:
        try:
            wanted = parse_map(children)
        except ValueError as error:
            raise UsageError(str(error), address=f"--child {children}") from None
        return inquiry.jobs(select_children(job, wanted))
    if not job.array_size:
        return (job,)
    if job.array_size > _MANY:
        raise UsageError(
            f"{job.id} has {job.array_size} children",
            hint=f"{inquiry.command('job logs', job.id, '--failed')}, or --child 0-{_MANY - 1}",
        )
    return inquiry.jobs(select_children(job, range(job.array_size)))


def _show_kinds(job: Job, inquiry: Inquiry, tail: int, sample: int) -> None:
    from carrack.commands.failed_logs import failed_kinds
    from carrack.model.jobs.shards import format_ranges

    failed = inquiry.failed(job) if job.array_size else ()
    if not failed:
        click.echo(f"no child of {job.id} failed")
        return
    for kind in failed_kinds(failed, inquiry, tail=tail, sample=sample):
        count = f"{len(kind.indexes)} of {job.array_size} children ({format_ranges(kind.indexes)})"
        read = "" if kind.looked_at == len(kind.indexes) else f"; {kind.looked_at} of their logs were read"
        click.echo(printable(f"== {count}: {kind.cause.said or 'no reason is told'}{read}"))
        for line in kind.tail or ("(it wrote nothing)",):
            click.echo(f"{kind.sample.id.removeprefix(job.id)} {printable(line)}")
