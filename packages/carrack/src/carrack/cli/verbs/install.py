"""`carrack install`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from carrack.cli.options import app_option, index_option
from carrack.cli.wiring import Wiring
from carrack.model.artifact import Source
from carrack.model.index import Index
from carrack.model.lock import Lock
from carrack.model.requirements import formatted
from carrack.model.workspace import App

_APP_EPOCH = 315532800
"""1980-01-01, the first that a zip archive can say: the app's own wheel is never published, so it needs no other."""


@click.command("install")
@app_option
@index_option
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    help="The environment's folder; .carrack/envs/APP of the workspace if not said.",
)
@click.option(
    "--python", default=sys.executable, show_default="this one", help="A path, a name, or a version."
)
@click.option(
    "--editable", is_flag=True, help="Our own packages from where they are edited, not from the index."
)
@click.pass_obj
def command(
    wiring: Wiring, app_name: str | None, to: str | None, into: Path | None, python: str, editable: bool
) -> None:
    """Make an app's virtual environment anew, from its lock and the index alone; prints the environment's folder."""
    index, app = wiring.index(to), wiring.app(app_name)
    lock = wiring.present_lock(app, index)
    folder = (into or wiring.workspace.root / ".carrack" / "envs" / app.name).absolute()
    (_install_editable if editable else _install)(wiring, index, app, lock, folder, python)
    click.echo(folder)


def _install(wiring: Wiring, index: Index, app: App, lock: Lock, into: Path, python: str) -> None:
    from carrack.commands.install import install

    access = wiring.open(index)
    install(
        wiring.workspace,
        app,
        lock,
        wiring.receipt(index, lock),
        _own(wiring, app),
        into=into,
        python=python,
        environments=wiring.environments(access),
        tools=wiring.source_tools(wiring.builder(access)),
        report=wiring.report,
    )


def _install_editable(wiring: Wiring, index: Index, app: App, lock: Lock, into: Path, python: str) -> None:
    from carrack.commands.install import install_editable

    access = wiring.open(index)
    install_editable(
        wiring.workspace,
        app,
        lock,
        into=into,
        python=python,
        environments=wiring.environments(access),
        tools=wiring.source_tools(wiring.builder(access)),
        report=wiring.report,
    )


def _own(wiring: Wiring, app: App) -> Source:
    """The app's distribution, as its folder is now."""
    from carrack.adapters.projects import read_package

    package = read_package(wiring.workspace.root, app.path)
    return Source(
        name=package.name,
        version=package.version,
        path=wiring.workspace.root / app.path,
        epoch=_APP_EPOCH,
        build_requires=tuple(map(formatted, package.build_requires)),
    )
