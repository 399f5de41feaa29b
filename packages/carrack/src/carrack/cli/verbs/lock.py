"""`carrack lock`."""

from __future__ import annotations

import click

from carrack.cli.options import app_option, index_option
from carrack.cli.wiring import Wiring


@click.command("lock")
@app_option
@index_option
@click.option("--upgrade", is_flag=True, help="Choose every version anew, as if there were no lock yet.")
@click.pass_obj
def command(wiring: Wiring, app_name: str | None, to: str | None, upgrade: bool) -> None:
    """Pin every wheel that an app installs, by hash, as the index has it; prints the lock's path.

    A lock that still fits is left as it is. Where the app's requirements or our packages on the index changed, other
    versions stay as they are unless they no longer fit.
    """
    from carrack.adapters.lockfile import write_lock
    from carrack.commands.base_image import look_into
    from carrack.commands.lock import NOTHING_BROUGHT, lock
    from carrack.model.base_image import twice

    workspace, index, app = wiring.workspace, wiring.index(to), wiring.app(app_name)
    existing = None if upgrade else wiring.lock(app)
    base = look_into(app, wiring.engine) if app.base_brings else NOTHING_BROUGHT
    access = wiring.open(index)
    made = lock(
        workspace,
        app,
        wiring.receipt(index, existing),
        resolver=wiring.resolver(access),
        listing=wiring.listing(access),
        tools=wiring.source_tools(wiring.builder(access)),
        report=wiring.report,
        base=base,
        existing=existing,
    )
    if again := twice(made, base):
        wiring.report.note(
            f"{app.base_image} has {', '.join(again)} too, as locked; base-brings could name them"
        )
    if made != existing:
        write_lock(workspace.root, app.lock, made)
        files = sum(len(pin.hashes) for pin in made.pins)
        wiring.report.step("Locked", f"{files} files of {len(made.names())} distributions, {made.receipt}")
    click.echo(workspace.root / app.lock)
