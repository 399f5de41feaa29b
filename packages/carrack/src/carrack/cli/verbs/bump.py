"""`carrack bump`."""

from __future__ import annotations

import click
from packaging.version import InvalidVersion, Version

from carrack.cli.wiring import Wiring
from carrack.commands.bump import bump, plan_bump
from carrack.errors import UsageError
from carrack.model.versions import Level


@click.command("bump")
@click.argument("package")
@click.argument("level", type=click.Choice([level.value for level in Level]), required=False)
@click.option("--to", "version", metavar="VERSION", help="This very version, instead of a level.")
@click.option("--dry-run", is_flag=True, help="Print the changes, and write none.")
@click.pass_obj
def command(wiring: Wiring, package: str, level: str | None, version: str | None, dry_run: bool) -> None:
    """Raise PACKAGE's version, by LEVEL (major, minor, patch) or --to VERSION, and its dependents' pins.

    A dependent's pin changes only where it does not admit the new version. Prints each change and why.
    """
    (name,) = wiring.chosen_packages([package])
    changes = plan_bump(wiring.workspace, name, _target(name, level, version))
    for change in changes:
        click.echo(
            f"{change.manifest}: {'.'.join(change.key)}: {change.before} -> {change.after} ({change.reason})"
        )
    if not dry_run:
        bump(changes, wiring.manifests)


def _target(name: str, level: str | None, version: str | None) -> Level | Version:
    if (level is None) == (version is None):
        raise UsageError("say either a level or --to VERSION", hint=f"carrack bump {name} patch")
    try:
        return Version(version) if version is not None else Level(level)
    except InvalidVersion as error:
        raise UsageError(str(error)) from None
