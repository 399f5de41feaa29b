"""`carrack trace`."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import click
from packaging.requirements import InvalidRequirement, Requirement

from carrack.cli.options import index_option
from carrack.cli.output import show_table
from carrack.cli.wiring import Wiring
from carrack.errors import ExitCode, UsageError
from carrack.model.trail import SHORTEST_COMMIT

if TYPE_CHECKING:
    from carrack.model.jobs.job import Job
    from carrack.model.trail import Contents, Holder

_COMMIT = re.compile(f"[0-9a-f]{{{SHORTEST_COMMIT},64}}")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}:[0-9]+")
_SHOWN, _SHORT = 12, 12


@click.command("trace")
@index_option
@click.option("--package", metavar="REQUIREMENT", help="Which job definitions run this: 'urllib3<2.5'.")
@click.option("--commit", metavar="SHA", help="Which job definitions run what was made from this commit.")
@click.option(
    "--active", is_flag=True, help="Active revisions alone; else also those that were deregistered."
)
@click.option("--json", "as_json", is_flag=True, help="The same facts for a program, with whole hashes.")
@click.argument("thing", metavar="[JOB|NAME:REVISION|IMAGE]", required=False)
@click.pass_obj
def command(
    wiring: Wiring,
    to: str | None,
    package: str | None,
    commit: str | None,
    active: bool,
    as_json: bool,
    thing: str | None,
) -> int:
    """From a job, a revision of a job definition or an image to the wheels, hashes, tags and commits in it.

    And back: from a package or a commit to the job definitions whose images have it. What AWS Batch and the registry
    keep is all that is read; images are not pulled. Where an image does not say what is in it, that is told.
    """
    if sum(one is not None for one in (thing, package, commit)) != 1:
        raise UsageError("say one of a job, a definition, an image, --package and --commit")
    if thing is not None:
        return _forth(wiring, to, thing, as_json)
    return _back(wiring, to, _requirement(package), _commit(commit), not active, as_json)


def _requirement(text: str | None) -> Requirement | None:
    try:
        return Requirement(text) if text is not None else None
    except InvalidRequirement as error:
        raise UsageError(str(error).splitlines()[0], address=f"--package {text}") from None


def _commit(text: str | None) -> str | None:
    if text is not None and not _COMMIT.fullmatch(text):
        raise UsageError(
            f"is not a commit's id, of {SHORTEST_COMMIT} letters at least", address=f"--commit {text}"
        )
    return text


def _forth(wiring: Wiring, to: str | None, thing: str, as_json: bool) -> int:
    from carrack.commands.trace import images_of, trace_job
    from carrack.errors import NotReadyError
    from carrack.model.jobs.job import is_id

    read = partial(wiring.contents, to)
    job = None
    if is_id(thing):
        inquiry = wiring.inquiry(None, to, thing)
        trail = trace_job(thing, inquiry.batch, read, inquiry.command)
        job, found = trail.job, {trail.image: trail.contents}
    elif _REVISION.fullmatch(thing):
        found = {image: read(image) for image in images_of(thing, wiring.aws_batch(wiring.index(to)))}
    else:
        found = {thing: read(thing)}
    if as_json:
        facts = {
            "job": _summary(job, next(iter(found))) if job else None,
            "images": {i: list(map(_facts, c)) for i, c in found.items()},
        }
        click.echo(json.dumps(facts, indent=1, default=str))
    else:
        _show(job, found)
    if not all(found.values()):
        raise NotReadyError(
            "there is no such image to be looked into, so that the trail ends here",
            address=", ".join(image for image, contents in found.items() if not contents),
            hint="say an image of Amazon ECR as repository@sha256:…; any other must be in this machine's engine",
        )
    return ExitCode.DONE


def _summary(job: Job, image: str) -> dict[str, Any]:
    """What is told of a job; its variables, parameters and command are not: they may have secrets in them."""
    from carrack.cli.job_screen import summary

    codes = [attempt.exit_code for attempt in job.attempts]
    return {**summary(job), "image": image, "attempts": codes}


def _show(job: Job | None, found: dict[str, tuple[Contents, ...]]) -> None:
    if job:
        click.echo(f"{'job'.ljust(_SHOWN)}{job.id}, {job.name}, {job.status}")
        click.echo(f"{'definition'.ljust(_SHOWN)}{job.definition}")
    for image, contents in found.items():
        click.echo(f"{'image'.ljust(_SHOWN)}{image}")
        for one in contents:
            _show_contents(one)


def _show_contents(one: Contents) -> None:
    manifest = one.manifest
    if manifest is None:
        click.echo(f"{''.ljust(_SHOWN)}{one.platform or 'it'} does not say what is in it")
        return
    dirty = ", and changes that were not committed" if manifest.dirty else ""
    click.echo(f"{'app'.ljust(_SHOWN)}{manifest.app} {manifest.version}, {manifest.platform}")
    click.echo(f"{'commit'.ljust(_SHOWN)}{manifest.commit}{dirty}")
    click.echo(f"{'lock'.ljust(_SHOWN)}{manifest.lock}")
    rows = [
        (
            *(it.name, str(it.version), it.tag or (it.commit or "")[:_SHORT] or it.source),
            ", ".join(f"{wheel.name} {wheel.sha256[:_SHORT]}" for wheel in it.wheels),
        )
        for it in manifest.distributions
    ]
    click.echo()
    show_table(("distribution", "version", "from", "wheel and sha256"), rows)


def _facts(one: Contents) -> dict[str, Any]:
    from carrack.adapters.manifest_file import format_manifest

    told = json.loads(format_manifest(one.manifest)) if one.manifest else None
    return {"platform": one.platform, "labels": dict(one.labels), "manifest": told}


def _back(
    wiring: Wiring,
    to: str | None,
    package: Requirement | None,
    commit: str | None,
    inactive: bool,
    as_json: bool,
) -> int:
    from carrack.commands.trace import holders

    found = list(
        holders(
            wiring.aws_batch(wiring.index(to)),
            partial(wiring.contents, to),
            wiring.report,
            package=package,
            commit=commit,
            inactive=inactive,
        )
    )
    if as_json:
        click.echo(json.dumps([vars(one) for one in found], indent=1))
    elif found:
        show_table(("definition", "state", "has", "image"), [_row(one) for one in found])
    else:
        wiring.report.note("no job definition has it in its image")
    return ExitCode.DONE


def _row(one: Holder) -> tuple[str, str, str, str]:
    said = ", ".join(one.found) if one.found is not None else "not known: its image does not say"
    return one.definition, "active" if one.active else "inactive", said, one.image
