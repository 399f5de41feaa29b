"""`carrack init`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from carrack.cli.wiring import Wiring


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.option("--name", metavar="NAME", help="What the workspace is called; the folder's name if not said.")
@click.option(
    "--to",
    "--index",
    "to",
    metavar="NAME",
    help="The index that has the toolkit, by its name in the workspace around here; pip's own if not said.",
)
@click.pass_obj
def command(wiring: Wiring, folder: Path, name: str | None, to: str | None) -> None:
    """Make a new workspace in FOLDER, which is new or empty: one package, one app, their tests, a Makefile.

    The toolkit is pinned by hash, from the index that pip is configured with, and only where it is there as it is here.
    """
    from carrack.commands.init import init, require_empty
    from carrack.model.new_workspace import name_workspace

    place = Path(os.path.realpath(wiring.start / folder))  # which takes every path, as Path.resolve does not
    names = name_workspace(place.name if name is None else name)
    wiring.require_git()
    target = wiring.new_folder(place)
    require_empty(target)  # before anybody is asked for anything
    toolkit, index = wiring.toolkit(to)
    files = init(target, toolkit, names, wiring.new_workspace(), wiring.report, index)
    wiring.report.step(
        "Wrote", f"{len(files)} files, the package {names.package} and the app pipeline_app among them"
    )
    there = "" if folder == Path() else f"cd {folder}; "
    wiring.report.step("Next", f"{there}make demo; make test; README.md tells the rest")
    click.echo(place)
