"""`carrack publish`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from carrack.cli.options import build_anew, index_option, package_names
from carrack.cli.wiring import Wiring
from carrack.errors import UsageError
from carrack.model.binding import Binding
from carrack.model.plan import Step
from carrack.model.receipt import Receipt


@click.command("publish")
@package_names
@index_option
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Release what this file of `carrack plan --out` says, if the world is still as it was then.",
)
@click.option(
    "--close-names", is_flag=True, help="Close names that can be fed from upstream, before the first upload."
)
@click.option(
    "--artifacts",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Release the files in this folder, which were built elsewhere, and build nothing.",
)
@build_anew
@click.option("--dry-run", is_flag=True, help="Print what would be released and why, and stop.")
@click.option("--json", "as_json", is_flag=True, help="The same facts for a program.")
@click.pass_obj
def command(
    wiring: Wiring,
    names: tuple[str, ...],
    to: str | None,
    plan_file: Path | None,
    close_names: bool,
    artifacts: Path | None,
    no_cache: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Release the versions that the index lacks (of PACKAGES and what they need, if any are named).

    Safe to run again after any failure: what the index holds by hash is left alone.
    """
    from carrack.cli.releasing import know, tell_left_alone, tools_for
    from carrack.commands.publish import check_plan, prepare, publish, tag

    kept = _kept_plan(plan_file, names)
    index = wiring.index(to or (wiring.index_at(kept.index) if kept else None))
    wanted = kept.asked if kept else wiring.chosen_packages(names)
    sources, knowledge = know(wiring, index, wanted)
    if kept:
        check_plan(kept, sources, knowledge)
    tools = tools_for(
        wiring, sources, knowledge, wanted, close_names=close_names, artifacts=artifacts, anew=no_cache
    )
    steps: tuple[Step, ...] = ()
    published = knowledge.published
    if tools and dry_run:
        steps = prepare(sources, knowledge, tools, wanted)
    elif tools:
        steps, published = publish(sources, knowledge, tools, wanted)
    elif not dry_run:
        tag(sources, knowledge, wiring.report, wanted)
    left = tell_left_alone(wiring, knowledge.plan, wanted)
    _show(steps, "would release" if dry_run else "released", left, as_json)
    if not dry_run:
        _tell_receipt(wiring, wiring.receipt(index, known=published))


def _kept_plan(file: Path | None, names: tuple[str, ...]) -> Binding | None:
    from carrack.adapters.planfile import read_plan

    if file is None:
        return None
    if names:
        raise UsageError(
            "a plan says itself which packages it is about", hint=f"carrack publish --plan {file}"
        )
    return read_plan(file)


def _show(steps: tuple[Step, ...], verb: str, left: int, as_json: bool) -> None:
    if as_json:
        facts = [{"package": s.package.name, "version": str(s.after), "reason": s.reason} for s in steps]
        click.echo(json.dumps(facts, indent=2))
    elif steps:
        for step in steps:
            click.echo(f"{verb} {step.package} ({step.reason})")
    elif left:
        verb = "is" if left == 1 else "are"
        click.echo(
            f"nothing to release: no package has a new version that can go, and {left} {verb} left alone"
        )
    else:
        click.echo("nothing to release: the index has every version that the tree has")


def _tell_receipt(wiring: Wiring, receipt: Receipt) -> None:
    files, packages = len(receipt.entries), len(receipt.versions())
    wiring.report.step(
        "Verified",
        f"{files} file(s) of {packages} package(s) on {receipt.index.name}, {receipt.digest}",
    )
