"""`carrack job retry`."""

from __future__ import annotations

import json

import click

from carrack.cli.job_options import place_options
from carrack.cli.wiring import Wiring
from carrack.errors import UsageError
from carrack.model.command_line import CommandLine
from carrack.model.jobs.job import Job


@click.command("retry")
@click.argument("job", metavar="JOB")
@place_options
@click.option("--failed", is_flag=True, help="The failed children of the array that JOB is.")
@click.option("--only", metavar="RANGES", help="Of those, only these: 3,7-9.")
@click.option("--after", metavar="JOB", multiple=True, help="Wait for this job; may be said again.")
@click.option("--dry-run", is_flag=True, help="Print the request, and submit nothing.")
@click.pass_obj
def command(
    wiring: Wiring,
    job: str,
    on: str | None,
    to: str | None,
    failed: bool,
    only: str | None,
    after: tuple[str, ...],
    dry_run: bool,
) -> None:
    """Run a failed JOB again; with --failed, the failed children of an array as a new array. Prints the new job's id.

    It runs with the same definition revision, parameters, environment and resources. Its children know which children
    of the first array they are, by CARRACK_SHARD_MAP. What another retry of JOB has already is not submitted twice.
    """
    from carrack.commands.job_retry import Wish, plan_retry, submit_retry
    from carrack.model.jobs.display import shown

    array, _, child = job.partition(":")
    inquiry = wiring.inquiry(on, to, array)
    found = inquiry.job(array)
    _check(found, child, failed, only, inquiry.command)
    wish = Wish(only=_ranges(child or only), after=after)
    request = plan_retry(found, wish, inquiry, wiring.report)
    if dry_run:
        click.echo(json.dumps(shown(request), indent=1, ensure_ascii=False))
        return
    new = submit_retry(request, wiring.desk(inquiry.batch, to))
    size = request.get("arrayProperties", {}).get("size")
    what = f"an array of {size} children" if size else "a plain job"
    wiring.report.step("Retry", f"of {array}, {what}; next: {inquiry.command('job watch', new)}")
    click.echo(new)


def _check(job: Job, child: str, failed: bool, only: str | None, command: CommandLine) -> None:
    """Refuse what says of which children less, or more, than can be done."""
    if child and only:
        raise UsageError(
            f"{job.id}:{child} is one child already, and --only is about an array's failed ones",
            hint=command("job retry", job.id, "--failed", "--only", f"{child},{only}"),
        )
    if (child or only) and not job.array_size:
        raise UsageError(f"{job.id} has no children", hint=command("job retry", job.id))
    if job.array_size and not (failed or child):
        some = ("--only", only) if only else ()
        raise UsageError(
            "an array is retried by its failed children",
            hint=command("job retry", job.id, "--failed", *some),
        )


def _ranges(text: str | None) -> tuple[int, ...]:
    from batch_params.shard import parse_map

    try:
        return parse_map(text) if text else ()
    except ValueError as error:
        raise UsageError(str(error), address=f"--only {text}") from None
