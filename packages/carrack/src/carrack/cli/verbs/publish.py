"""`carrack publish`."""

from __future__ import annotations

import json

import click

from carrack.cli.options import index_option, package_names
from carrack.cli.output import tell_shallow
from carrack.cli.wiring import Wiring
from carrack.model.plan import Plan, State, Step
from carrack.model.receipt import Receipt


@click.command("publish")
@package_names
@index_option
@click.option("--dry-run", is_flag=True, help="Print what would be released and why, and stop.")
@click.option("--json", "as_json", is_flag=True, help="The same facts for a program.")
@click.pass_obj
def command(wiring: Wiring, names: tuple[str, ...], to: str | None, dry_run: bool, as_json: bool) -> None:
    """Release the versions that the index lacks (of PACKAGES and what they need, if any are named).

    Safe to run again after any failure: what the index holds by hash is left alone.
    """
    from carrack.commands.knowledge import learn
    from carrack.commands.publish import Tools, chosen, prepare, publish

    index = wiring.index(to)
    wanted = wiring.chosen_packages(names)
    sources = wiring.sources(index)
    knowledge = learn(sources)
    tell_shallow(wiring.report, knowledge.tree)
    steps: tuple[Step, ...] = ()
    if chosen(sources.workspace, knowledge, wanted) or wanted:
        access = wiring.open(index)
        tools = Tools(builder=wiring.builder(access), uploader=wiring.uploader(access), report=wiring.report)
        steps = (prepare if dry_run else publish)(sources, knowledge, tools, wanted)
    left = _left_alone(knowledge.plan)
    for step in left:
        wiring.report.note(
            f"{step.package} is {step.state.value} and left alone: {step.reason}; "
            f"to release it: carrack bump {step.package.name} patch, and commit"
        )
    _show(steps, "would release" if dry_run else "released", len(left), as_json)
    if not dry_run:
        _tell_receipt(wiring, wiring.receipt(index))


def _left_alone(plan: Plan) -> list[Step]:
    return [step for step in plan.steps if step.state in (State.UNRELEASED, State.UNTRACED, State.BLOCKED)]


def _show(steps: tuple[Step, ...], verb: str, left: int, as_json: bool) -> None:
    if as_json:
        facts = [{"package": s.package.name, "version": str(s.after), "reason": s.reason} for s in steps]
        click.echo(json.dumps(facts, indent=2))
    elif steps:
        for step in steps:
            click.echo(f"{verb} {step.package} ({step.reason})")
    elif left:
        click.echo(
            f"nothing to release: no package has a new version, and {left} of them changed without one"
        )
    else:
        click.echo("nothing to release: the index has every version that the tree has")


def _tell_receipt(wiring: Wiring, receipt: Receipt) -> None:
    files, packages = len(receipt.entries), len(receipt.versions())
    wiring.report.step(
        "Verified",
        f"{files} file(s) of {packages} package(s) on {receipt.index.name}, {receipt.digest}",
    )
