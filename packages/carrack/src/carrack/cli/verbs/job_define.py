"""`carrack job define`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from carrack.cli.options import app_option, index_option, on_option
from carrack.cli.wiring import Wiring

if TYPE_CHECKING:
    from carrack.model.jobs.settings import JobSettings
    from carrack.model.workspace import App


@click.command("define")
@app_option
@index_option
@on_option
@click.option(
    "--image",
    metavar="REFERENCE",
    help="REPOSITORY@sha256:…, as `image push` printed it; if not said, the app's that was pushed last from here. "
    "For a container of this machine, an image that the engine has.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Print RegisterJobDefinition's JSON; nothing is registered, and neither Batch nor a registry is asked. With "
    "--on container the engine tells the image's id.",
)
@click.pass_obj
def command(
    wiring: Wiring, app_name: str | None, to: str | None, on: str, image: str | None, dry_run: bool
) -> None:
    """Register an app's job definition, as [tool.carrack.apps.NAME.job] says it; prints NAME:REVISION.

    Command, variables, secrets, resources and retry rules are checked as AWS Batch checks them. Where the newest active
    revision has the same content nothing is registered. Older revisions stay active, for who pins them.
    """
    from carrack.commands.job_define import define, require_definition
    from carrack.model.jobs.definition import render
    from carrack.model.jobs.display import shown
    from carrack.model.jobs.secrets import Secrecy

    app = wiring.app(app_name)
    settings, batch = wiring.job_settings(app), wiring.batch(on, to)
    definition = render(settings, *_runs(wiring, app, settings, on, to, image, dry_run))
    if dry_run:
        secrecy = Secrecy(never=settings.not_secret)
        click.echo(json.dumps(shown(definition, secrecy), indent=2, ensure_ascii=False))
    require_definition(definition, settings, f"pyproject.toml: tool.carrack.apps.{app.name}.job")
    if not dry_run:
        click.echo(define(definition, batch, wiring.report))


def _runs(
    wiring: Wiring,
    app: App,
    settings: JobSettings,
    on: str,
    to: str | None,
    image: str | None,
    dry_run: bool,
) -> tuple[str, tuple[str, ...]]:
    """What the job runs, and with which command: an image may have a program of its own, an environment has none.

    In a dry run an image is taken at its word.
    """
    from carrack.cli.selection import select_index
    from carrack.commands.job_define import environment, own_image, pushed_image
    from carrack.model.command_line import CommandLine

    if on == "process":
        return environment(wiring.workspace.root, app, wiring.package_of(app), settings.command)
    if on == "container":
        return own_image(app.name, image, wiring.engine), settings.command
    index = select_index(wiring.workspace, to)

    def is_there(name: str) -> bool | None:
        return None if dry_run else wiring.is_in_registry(index, name)

    pushed = pushed_image(app.name, image, wiring.push_records, is_there, CommandLine(to))
    return pushed, settings.command
