"""`carrack job define`."""

from __future__ import annotations

import json

import click

from carrack.cli.options import app_option, index_option, on_option
from carrack.cli.wiring import Wiring
from carrack.model.workspace import App


@click.command("define")
@app_option
@index_option
@on_option
@click.option(
    "--image",
    metavar="REFERENCE",
    help="REPOSITORY@sha256:…, as `image push` printed it; if not said, the app's that was pushed last from here.",
)
@click.option(
    "--dry-run", is_flag=True, help="Print RegisterJobDefinition's JSON; nothing is asked or registered."
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

    app = wiring.app(app_name)
    settings, batch = wiring.job_settings(app), wiring.batch(on, to)
    definition = render(settings, _image(wiring, app, to, image), settings.command)
    if dry_run:
        click.echo(json.dumps(shown(definition, settings.not_secret), indent=2, ensure_ascii=False))
    require_definition(definition, settings, f"pyproject.toml: tool.carrack.apps.{app.name}.job")
    if not dry_run:
        click.echo(define(definition, batch, wiring.report))


def _image(wiring: Wiring, app: App, to: str | None, said: str | None) -> str:
    from carrack.cli.selection import select_index
    from carrack.commands.job_define import pushed_image

    index = select_index(wiring.workspace, to)
    return pushed_image(
        app.name, said, wiring.push_records, lambda image: wiring.is_in_registry(index, image)
    )
