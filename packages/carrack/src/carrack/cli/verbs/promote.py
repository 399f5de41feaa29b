"""`carrack promote`."""

from __future__ import annotations

import json

import click
from packaging.utils import NormalizedName

from carrack.cli.options import package_names
from carrack.cli.output import show_table
from carrack.cli.wiring import Wiring
from carrack.model.index import Index
from carrack.model.promotion import Move, Promotion


@click.command("promote")
@click.argument("source")
@click.argument("target")
@package_names
@click.option("--dry-run", is_flag=True, help="Print what would be promoted, and stop.")
@click.option("--json", "as_json", is_flag=True, help="The same facts for a program.")
@click.pass_obj
def command(
    wiring: Wiring, source: str, target: str, names: tuple[str, ...], dry_run: bool, as_json: bool
) -> None:
    """Bring the tree's versions from index SOURCE to index TARGET (of PACKAGES and what they need, if any are named).

    Copied within a domain, uploaded where a copy does not reach; the hashes are read back, and the names are closed to
    the public index on the other side. Locks that were tested with other files stop it. Safe to run again.
    """
    from carrack.commands.promote import Means, Side, check, examine, promote

    here, there = wiring.index(source), wiring.index(target)
    wanted = wiring.chosen_packages(names)
    sides = [Side(index=index, reader=wiring.reader(index)) for index in (here, there)]
    promoter = wiring.promoter(there)
    promotion = examine(wiring.workspace, wanted, sides[0], sides[1], promoter)
    check(promotion, [lock for app in wiring.workspace.apps.values() if (lock := wiring.lock(app))])
    for package in promotion.left:
        wiring.report.note(f"{package} is not complete on {here.name}, and stays behind")
    if not dry_run and promotion.writing:
        means = Means(
            promoter=promoter,
            uploader=lambda: wiring.uploader(wiring.open(there)),
            history=wiring.history,
            journal=wiring.journal,
            report=wiring.report,
        )
        promote(promotion, sides[0], sides[1], means, _commits(wiring, here, promotion))
    _show(promotion, there, dry_run, as_json)


def _commits(wiring: Wiring, index: Index, promotion: Promotion) -> dict[NormalizedName, str]:
    """The commit of each release on `index` that is to be promoted, as far as it is known."""
    from carrack.commands.knowledge import learn

    steps = learn(wiring.sources(index), [move.package.name for move in promotion.writing]).plan.steps
    return {step.package.name: step.released for step in steps if step.released}


def _show(promotion: Promotion, target: Index, dry_run: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([_facts(move) for move in promotion.moves], indent=2))
    elif promotion.writing:
        rows = [[move.package.name, str(move.package.version), *_ways(move)] for move in promotion.writing]
        show_table(["package", "version", "files", "origin controls"], rows)
        count = len(promotion.writing)
        packages = "1 package" if count == 1 else f"{count} packages"
        click.echo(f"{packages} {'would be' if dry_run else 'is' if count == 1 else 'are'} on {target.name}")
    else:
        click.echo(f"nothing to promote: {target.name} has all of it, with the same files")


def _ways(move: Move) -> tuple[str, str]:
    return (
        f"{move.way.value} {len(move.missing) or ''}".strip(),
        "to be closed" if move.guard else "are closed",
    )


def _facts(move: Move) -> dict[str, object]:
    return {
        "package": move.package.name,
        "version": str(move.package.version),
        "revision": move.revision,
        "way": move.way.name.lower(),
        "guard": move.guard,
        "files": {file.name: file.sha256 for file in move.files},
    }
