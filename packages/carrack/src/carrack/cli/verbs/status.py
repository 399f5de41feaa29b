"""`carrack status`."""

from __future__ import annotations

import json

import click

from carrack.cli.options import index_option
from carrack.cli.output import show_table, tell_shallow
from carrack.cli.wiring import Wiring
from carrack.model.plan import Plan


@click.command("status")
@index_option
@click.option("--json", "as_json", is_flag=True, help="The same facts for a program.")
@click.pass_obj
def command(wiring: Wiring, to: str | None, as_json: bool) -> None:
    """Every package: its version in the tree, on the index, and what would happen and why."""
    from carrack.commands.knowledge import learn

    knowledge = learn(wiring.sources(wiring.index(to)))
    tell_shallow(wiring.report, knowledge.tree)
    plan = knowledge.plan
    if as_json:
        click.echo(json.dumps(_facts(plan), indent=2))
    else:
        rows = [[value or "-" for value in facts.values()] for facts in _facts(plan)]
        show_table(["package", "tree", "index", "state", "why"], rows)


def _facts(plan: Plan) -> list[dict[str, str | None]]:
    return [
        {
            "package": step.package.name,
            "tree": str(step.after),
            "index": str(step.before) if step.before else None,
            "state": step.state.value,
            "reason": step.reason,
        }
        for step in plan.steps
    ]
