"""`carrack job submit`."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carrack.cli.options import app_option, index_option, on_option
from carrack.cli.wiring import Wiring
from carrack.errors import UsageError

if TYPE_CHECKING:
    from carrack.model.jobs.job import JSON
    from carrack.model.jobs.settings import JobSettings


@click.command("submit")
@app_option
@index_option
@on_option
@click.option(
    "--definition",
    metavar="NAME[:REVISION]",
    help="If not said, the app's; without a revision the newest active one.",
)
@click.option("--queue", metavar="NAME|ARN", help="If not said, the app's `queue`.")
@click.option("--name", metavar="NAME", help="The job's; if not said, the definition's.")
@click.option(
    "--param-json", "file", metavar="FILE", help="The job's parameters, a JSON object; `-` is stdin."
)
@click.option(
    "--param", "params", metavar="NAME=VALUE", multiple=True, help="A value for the command's Ref::NAME."
)
@click.option("--env", "environment", metavar="NAME=VALUE", multiple=True, help="A variable of the job.")
@click.option("--array", type=int, metavar="N", help="So many children.")
@click.option(
    "--depends-on",
    metavar="JOB[:n-to-n]|sequential",
    multiple=True,
    help="Start after that job; child by child; or each child after the one before it.",
)
@click.option("--vcpus", metavar="N", help="In place of the definition's.")
@click.option("--memory", type=int, metavar="MIB", help="In place of the definition's.")
@click.option("--timeout", type=int, metavar="SECONDS", help="In place of the definition's.")
@click.option("--attempts", type=int, metavar="N", help="In place of the definition's; its retry rules stay.")
@click.option(
    "--request-id",
    metavar="ID",
    help="Of this request: a second one with the same id gives the job of the first; where .carrack/jobs/ was not "
    "kept, from about a minute later on, when AWS Batch lists it.",
)
@click.option(
    "--with-credentials",
    is_flag=True,
    help="Have a job of this machine act with your own AWS credentials, those of the index's profile.",
)
@click.option("--wait", is_flag=True, help="Watch it to its end, as `job watch` does, with its exit code.")
@click.option("--dry-run", is_flag=True, help="Print SubmitJob's JSON, secrets masked; nothing is submitted.")
@click.pass_context
def command(
    context: click.Context,
    /,
    app_name: str | None,
    to: str | None,
    on: str,
    definition: str | None,
    file: str | None,
    request_id: str | None,
    with_credentials: bool,
    wait: bool,
    dry_run: bool,
    **said: Any,
) -> None:
    """Submit a job; prints its id.

    What AWS Batch refuses, and what it takes and then fails the job for, is told before anything is sent. The request's
    id is in .carrack/jobs/submitted.jsonl before it is sent, and the job has it as a tag: run again with the same
    --request-id after a crash, the job is found and not submitted twice.

    Parameters travel as CONFIG_JSON, compressed where they are long, or through the app's `overflow` in S3. Secrets are
    to be references, since everybody who may call DescribeJobs reads a job's variables.
    """
    from carrack.commands.job_submit import Order, pinned, prepare
    from carrack.commands.submitting import submit
    from carrack.model.command_line import CommandLine
    from carrack.model.jobs.display import shown
    from carrack.model.jobs.request import Asked

    wiring: Wiring = context.obj
    app = wiring.app(app_name)
    settings = wiring.job_settings(app)
    document = _document(wiring, file)
    options = _options(said, settings)
    identity = _request_id(request_id)
    batch = wiring.batch(on, to, with_credentials=with_credentials)
    line = CommandLine(to)
    there = pinned(batch, definition or settings.definition, line)
    name = said["name"] or there["jobDefinitionName"]
    asked = Asked(name=name, definition=there, request_id=identity, **options)
    secrecy = wiring.secrecy(app, settings)
    order = Order(asked=asked, document=document, overflow=settings.overflow, secrecy=secrecy)
    carried, error = prepare(order, batch, wiring.report)
    if dry_run:
        click.echo(json.dumps(shown(carried.request, secrecy), indent=2, ensure_ascii=False))
    if error:
        raise error
    if dry_run:
        return
    wiring.report.step("Request", identity)
    job = submit(carried, wiring.desk(batch, to), is_new=request_id is None)
    click.echo(job)
    if wait:
        from carrack.cli.following import follow
        from carrack.commands.inquiry import Inquiry

        context.exit(follow([job], Inquiry(batch=batch, command=line, seen={job}), wiring))


def _document(wiring: Wiring, file: str | None) -> Mapping[str, Any] | None:
    """The parameters of a file, below the folder that carrack was started in, or of standard input."""
    from carrack.adapters.parameter_file import read_parameters

    if file is None:
        return None
    if file == "-":
        return read_parameters("standard input", sys.stdin.buffer.read())
    path = wiring.start / Path(file)
    try:
        return read_parameters(file, path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", address=f"--param-json {file}") from None
    except ValueError:  # a NUL in the path
        raise UsageError("is no path", address=f"--param-json {file!r}") from None


def _options(said: Mapping[str, Any], settings: JobSettings) -> dict[str, Any]:
    queue = said["queue"] or settings.queue
    if queue is None:
        raise UsageError(
            "no queue was said, and the app has none",
            address="pyproject.toml: tool.carrack.apps.NAME.job.queue",
            hint="say --queue NAME, or put it there",
        )
    return {
        "queue": queue,
        "parameters": _pairs("--param", said["params"]),
        "environment": _pairs("--env", said["environment"]),
        "depends_on": tuple(_dependency(text) for text in said["depends_on"]),
        **{key: said[key] for key in ("array", "vcpus", "memory", "timeout", "attempts")},
    }


def _pairs(option: str, texts: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError("is not NAME=VALUE", address=f"{option} {name}")
        if name in found:
            raise UsageError("is said twice", address=f"{option} {name}")
        found[name] = value
    return found


def _dependency(text: str) -> JSON:
    from carrack.model.jobs.request import parse_dependency

    try:
        return parse_dependency(text)
    except ValueError as error:
        raise UsageError(str(error), address=f"--depends-on {text}") from None


def _request_id(said: str | None) -> str:
    from carrack.model.jobs.submission import REQUEST_ID

    if said is not None and not REQUEST_ID.fullmatch(said):
        raise UsageError(
            "has at most 128 letters, digits, . _ : and -, a letter or digit first",
            address=f"--request-id {said}",
        )
    return said or str(uuid.uuid4())
