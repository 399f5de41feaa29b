"""`carrack status`."""

from __future__ import annotations

import json

import click

from carrack.cli.options import index_option, package_names
from carrack.cli.output import show_table, tell_shallow
from carrack.cli.wiring import Wiring
from carrack.model.plan import Step
from carrack.model.workspace import Package


@click.command("status")
@package_names
@index_option
@click.option("--changed", is_flag=True, help="Only what changed since its release, and what needs that.")
@click.option(
    "--matrix", is_flag=True, help="As a job matrix of GitHub Actions: package, path and version of each."
)
@click.option("--json", "as_json", is_flag=True, help="The same facts for a program.")
@click.pass_obj
def command(
    wiring: Wiring, names: tuple[str, ...], to: str | None, changed: bool, matrix: bool, as_json: bool
) -> None:
    """Every package: its version in the tree, on the index, and what would happen and why (or only PACKAGES)."""
    from carrack.commands.knowledge import learn

    wanted = wiring.chosen_packages(names)
    knowledge = learn(wiring.sources(wiring.index(to)))
    tell_shallow(wiring.report, knowledge.tree)
    steps = [step for step in knowledge.plan.steps if not wanted or step.package.name in wanted]
    if changed:
        affected = wiring.workspace.dependents(step.package.name for step in steps if step.state.is_changed)
        steps = [step for step in steps if step.package.name in affected]
    if matrix:
        click.echo(json.dumps({"include": [_cell(step.package) for step in steps]}))
    elif as_json:
        click.echo(json.dumps([_facts(step) for step in steps], indent=2))
    elif steps:
        rows = [[value or "-" for value in _facts(step).values()] for step in steps]
        show_table(["package", "tree", "index", "state", "why"], rows)
    else:
        click.echo("nothing changed")


def _cell(package: Package) -> dict[str, str]:
    return {"package": package.name, "path": str(package.path), "version": str(package.version)}


def _facts(step: Step) -> dict[str, str | None]:
    return {
        "package": step.package.name,
        "tree": str(step.after),
        "index": str(step.before) if step.before else None,
        "state": step.state.value,
        "reason": step.reason,
    }
