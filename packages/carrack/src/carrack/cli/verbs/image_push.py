"""`carrack image push`."""

from __future__ import annotations

from dataclasses import replace

import click

from carrack.cli.options import app_option, index_option
from carrack.cli.wiring import Wiring
from carrack.errors import UsageError
from carrack.model.index import Index
from carrack.model.registry import Repository, is_tag, parse_repository
from carrack.model.workspace import App


@click.command("push")
@app_option
@index_option
@click.option(
    "--repository",
    metavar="NAME|ADDRESS",
    help="Where to: ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME, or a name in the index's account and region; "
    "if not said, the app's `repository`.",
)
@click.option("--tag", metavar="TAG", help="If not said, one that is this image's own for ever.")
@click.argument("images", metavar="[IMAGE]...", nargs=-1)
@click.pass_obj
def command(
    wiring: Wiring,
    app_name: str | None,
    to: str | None,
    repository: str | None,
    tag: str | None,
    images: tuple[str, ...],
) -> None:
    """Push an app's image to Amazon ECR; prints REPOSITORY@sha256:…, which is what job definitions name.

    IMAGE is a name or an id that the engine knows; if not said, the app's name. Several, one for each platform, become
    one list. The login is made for this push with the index's AWS credentials, and is gone after it; your Docker
    configuration has no part in it. The digest is what the registry says, and pushing again changes nothing.
    """
    from carrack.commands.image_push import Destination, push_images, require_images

    if tag is not None and not is_tag(tag):
        raise UsageError("a tag has at most 128 letters, digits, _, . and -", address=f"--tag {tag}")
    index, app = wiring.index(to), wiring.app(app_name)
    place = _repository(index, app, repository)
    engine = wiring.engine
    found = require_images(app.name, images or (app.name,), engine)
    login = wiring.registry_login(index, place)
    place = replace(place, host=login.host)
    destination = Destination(repository=place, login=login, registry=wiring.registry(place, login))
    pushed = push_images(app.name, found, tag, destination, engine, wiring.report)
    wiring.push_records.append(pushed)
    wiring.report.step(
        "Pushed", f"{pushed.repository}:{pushed.tag}, {pushed.lock or 'of no lock that it tells'}"
    )
    click.echo(pushed.reference)


def _repository(index: Index, app: App, said: str | None) -> Repository:
    text = said or app.repository
    if text is None:
        raise UsageError(
            f"no repository was said, and {app.name} has none",
            address=f"pyproject.toml: tool.carrack.apps.{app.name}.repository",
            hint="say --repository, or put it there",
        )
    try:
        return parse_repository(text, account=index.owner, region=index.region)
    except ValueError as error:
        raise UsageError(
            str(error), address=f"--repository {text}", hint="the tag is said with --tag"
        ) from None
