"""`carrack status`."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

import click

from carrack.cli.options import index_option, package_names
from carrack.cli.output import show_table, tell_shallow
from carrack.cli.wiring import Wiring
from carrack.errors import UsageError
from carrack.model.plan import Step

Facts = dict[str, str | None]


@click.command("status")
@package_names
@index_option
@click.option(
    "--since",
    metavar="REF",
    help="By git alone, no index: what changed since HEAD left REF (a branch, a tag), and what needs that.",
)
@click.option(
    "--comment",
    type=int,
    metavar="NUMBER",
    help="In GitHub Actions: also as a comment on this pull request, of which there is one.",
)
@click.option("--changed", is_flag=True, help="Only what changed since its release, and what needs that.")
@click.option(
    "--matrix", is_flag=True, help="As a job matrix of GitHub Actions: package, path and version of each."
)
@click.option("--json", "as_json", is_flag=True, help="The same facts for a program.")
@click.pass_obj
def command(
    wiring: Wiring,
    names: tuple[str, ...],
    to: str | None,
    since: str | None,
    comment: int | None,
    changed: bool,
    matrix: bool,
    as_json: bool,
) -> None:
    """Every package: its version in the tree, on the index, and what would happen and why (or only PACKAGES)."""
    from carrack.commands.knowledge import learn

    wanted = wiring.chosen_packages(names)
    if since is not None:
        if to:
            raise UsageError("--since asks no index", hint=f"carrack status --since {since}")
        lines = _since(wiring, since, wanted)
        chosen = [line for line in lines if line["state"] != "unchanged"] if changed else lines
        _print(chosen, ["package", "tree", "state", "why"], matrix=matrix, as_json=as_json)
        if comment:
            address = wiring.pull_requests.comment(comment, "carrack status", _markdown(chosen))
            wiring.report.step("Commented", address)
        return
    if comment:
        raise UsageError(
            "a comment wants --since REF", hint="carrack status --since origin/main --comment 12"
        )
    knowledge = learn(wiring.sources(wiring.index(to)), wanted)
    tell_shallow(wiring.report, knowledge.tree)
    steps = list(knowledge.plan.steps)
    if changed:
        affected = wiring.workspace.dependents(step.package.name for step in steps if step.state.is_changed)
        steps = [step for step in steps if step.package.name in affected]
    header = ["package", "tree", "index", "state", "why"]
    _print([_facts(step) for step in steps], header, matrix=matrix, as_json=as_json)


def _print(lines: Sequence[Facts], header: list[str], *, matrix: bool, as_json: bool) -> None:
    if matrix:
        cells = [{"package": f["package"], "path": f["path"], "version": f["tree"]} for f in lines]
        click.echo(json.dumps({"include": cells}))
    elif as_json:
        click.echo(json.dumps([_without_path(line) for line in lines], indent=2))
    elif lines:
        show_table(header, [[value or "-" for value in _without_path(line).values()] for line in lines])
    else:
        click.echo("nothing changed")


def _without_path(line: Facts) -> Facts:
    return {key: value for key, value in line.items() if key != "path"}


def _since(wiring: Wiring, ref: str, wanted: Collection[str]) -> list[Facts]:
    from carrack.commands.since import since

    _, found = since(wiring.workspace, wiring.history, wiring.log, ref)
    return [
        {
            "package": one.package.name,
            "path": str(one.package.path),
            "tree": str(one.package.version),
            "state": one.state,
            "reason": one.reason,
        }
        for one in found
        if not wanted or one.package.name in wanted
    ]


def _markdown(lines: Sequence[Facts]) -> str:
    if not lines:
        return "No package is concerned."
    rows = [f"| {line['package']} {line['tree']} | {line['state']} | {line['reason']} |" for line in lines]
    return "\n".join(["| package | state | why |", "|---|---|---|", *rows])


def _facts(step: Step) -> Facts:
    return {
        "package": step.package.name,
        "path": str(step.package.path),
        "tree": str(step.after),
        "index": str(step.before) if step.before else None,
        "state": step.state.value,
        "reason": step.reason,
    }
