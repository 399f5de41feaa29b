"""`carrack image runtime`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from carrack.cli.options import app_option, index_option
from carrack.cli.wiring import Wiring
from carrack.errors import LockError
from carrack.model.code_sources import RuntimeSource
from carrack.model.workspace import App


@click.command("runtime")
@app_option
@index_option
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder to write to instead, to be brought to the address in another way.",
)
@click.pass_obj
def command(wiring: Wiring, app_name: str | None, to: str | None, into: Path | None) -> None:
    """Put the wheels that an app's image fetches at run time where it fetches them from; prints their addresses."""
    from carrack.commands.runtime_wheels import provide

    index, app = wiring.index(to), wiring.app(app_name)
    lock = wiring.lock(app)
    if lock is None:
        raise LockError(
            "there is no such file yet",
            address=str(app.lock),
            hint=f"carrack lock --to {index.name} --app {app.name}",
        )
    access = wiring.open(index)
    addresses = provide(
        _written_to(into, app) if into else app,
        lock,
        listing=wiring.listing(access),
        reader=wiring.reader(index),
        store=wiring.runtime_store(index),
        report=wiring.report,
    )
    for address in addresses:
        click.echo(address)


def _written_to(folder: Path, app: App) -> App:
    """The app, whose runtime sources are all in `folder`."""
    here = RuntimeSource(prefix=f"{folder.absolute().as_uri()}/")
    sources = {
        name: here if isinstance(source, RuntimeSource) else source for name, source in app.sources.items()
    }
    return replace(app, sources=sources)
