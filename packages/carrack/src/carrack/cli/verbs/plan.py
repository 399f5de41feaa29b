"""`carrack plan`."""

from __future__ import annotations

from pathlib import Path

import click

from carrack.cli.options import index_option, package_names
from carrack.cli.output import show_table
from carrack.cli.wiring import Wiring
from carrack.model.plan import Step
from carrack.model.workspace import Workspace


@click.command("plan")
@package_names
@index_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keep the plan in this file, for `publish --plan`.",
)
@click.option("--json", "as_json", is_flag=True, help="The plan for a program, as --out keeps it.")
@click.pass_obj
def command(wiring: Wiring, names: tuple[str, ...], to: str | None, out: Path | None, as_json: bool) -> None:
    """What publish would release now, in which order and why (of PACKAGES and what they need, if any are named).

    A plan that is kept holds for this commit, and for what the index has of its packages now: `publish --plan`
    refuses, and says what moved, if that is no longer so.
    """
    from carrack.adapters.planfile import format_plan
    from carrack.cli.releasing import binding_of, know, tell_left_alone, tools_for
    from carrack.commands.publish import prepare

    index = wiring.index(to)
    wanted = wiring.chosen_packages(names)
    sources, knowledge = know(wiring, index, wanted)
    tools = tools_for(wiring, sources, knowledge, wanted)
    steps = prepare(sources, knowledge, tools, wanted) if tools else ()
    tell_left_alone(wiring, knowledge.plan, wanted)
    text = format_plan(binding_of(sources, knowledge, wanted))
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
        wiring.report.step("Planned", str(out))
    if as_json:
        click.echo(text, nl=False)
    elif steps:
        show_table(["wave", "package", "from", "to", "state", "why"], _rows(wiring.workspace, steps))
    else:
        click.echo("nothing to release")


def _rows(workspace: Workspace, steps: tuple[Step, ...]) -> list[list[str]]:
    order = workspace.waves({step.package.name for step in steps})
    wave = {name: str(number) for number, group in enumerate(order, start=1) for name in group}
    return [
        [
            wave[step.package.name],
            step.package.name,
            str(step.before or "-"),
            str(step.after),
            step.state.value,
            step.reason,
        ]
        for step in steps
    ]
