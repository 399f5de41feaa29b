"""`carrack index`: create, url, run; cost and policies have modules of their own."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import click

from carrack.cli.options import index_option
from carrack.cli.output import show_table
from carrack.cli.verbs.index_cost import cost
from carrack.cli.verbs.index_policies import policies, read_policies
from carrack.cli.wiring import Wiring
from carrack.commands.index_create import carry_out, check, examine
from carrack.errors import NotReadyError, UsageError
from carrack.model.access import simple_url
from carrack.model.changes import Finding, Left, Obstacle, Right, Unseen, sentences
from carrack.model.controls import claims
from carrack.model.domain import NO_POLICIES, Setup, sources

_RUN_SECONDS = 3600


@click.group("index", commands=[cost, policies])
def command() -> None:
    """Make an index ready, estimate its cost, or run a command with its address and token."""


@command.command("create")
@index_option
@click.option("--yes", is_flag=True, help="Make the changes without asking.")
@click.option(
    "--check",
    "only_check",
    is_flag=True,
    help="Change nothing: exit 78 where something is missing, with a request for the domain's owner on stdout.",
)
@click.option(
    "--policies",
    "policies_in",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Also put what `index policies --out DIR` wrote for domain and repositories, where there is no policy.",
)
@click.pass_obj
def create(wiring: Wiring, to: str | None, yes: bool, only_check: bool, policies_in: Path | None) -> None:
    """Create the domain, its store connected to the public index, and the repositories behind it.

    Makes ready every index of the workspace in that domain, and closes the workspace's names in each to the public
    index. Shows first what it would change; takes nothing away; a second time it changes nothing. What these
    credentials may not do becomes a request for the domain's owner: commands to paste.
    """
    index = wiring.index(to)
    shared = sorted(
        (i for i in wiring.workspace.indexes.values() if i.shares_domain_with == index.shares_domain_with),
        key=lambda other: other != index,
    )
    domain, ours = wiring.domain(index), claims(wiring.workspace.packages, wiring.workspace.private_names)
    wanted = read_policies(policies_in, sources(shared)) if policies_in else NO_POLICIES
    setup = examine(shared, domain, ours, wanted)
    _show(setup)
    try:
        if only_check:
            check(setup, index)
            return
        if setup.changes and not setup.obstacles and not yes:
            _ask(wiring, index.name, setup)
        proof = carry_out(setup, shared, domain, wiring.report, ours, wanted)
    except NotReadyError as error:
        click.echo(f"\n{error.request}")
        raise
    wiring.report.step("Ready", "; ".join(sentences(proof.findings)))


def _show(setup: Setup) -> None:
    words = [(word, list(group)) for word, group in groupby(setup.findings, _word)]
    show_table(("", "what"), [(word, sentence) for word, group in words for sentence in sentences(group)])
    for obstacle in setup.obstacles:
        click.echo("\n".join(obstacle.details), nl=bool(obstacle.details))


def _word(finding: Finding) -> str:
    match finding:
        case Right():
            return "right"
        case Obstacle():
            return "stop"
        case Left():
            return "left"
        case Unseen():
            return "unseen"
    return "change"


def _ask(wiring: Wiring, name: str, setup: Setup) -> None:
    if not wiring.may_prompt:
        raise UsageError(
            f"{len(setup.changes)} changes are to be agreed to, and nobody is here to ask",
            untouched="everything; nothing was changed",
            hint=f"carrack index create --to {name} --yes",
        )
    click.confirm("Make these changes?", err=True, abort=True)


@command.command("url")
@index_option
@click.pass_obj
def url(wiring: Wiring, to: str | None) -> None:
    """Print the address that pip and uv take as --index-url, without a token."""
    click.echo(simple_url(wiring.new_gate(wiring.index(to), seconds=0).repository_url()))


@command.command("run", context_settings={"allow_interspersed_args": False})
@index_option
@click.argument("arguments", metavar="-- COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def run(wiring: Wiring, to: str | None, arguments: tuple[str, ...]) -> int:
    """Run any pip, uv or twine command with the index's address and token in its environment only.

    The token is good for an hour. Exits as COMMAND does; 127 where there is no such command.
    """
    from carrack.adapters.run import become, with_index

    access = wiring.new_gate(wiring.index(to), seconds=_RUN_SECONDS).open()
    try:
        become(arguments, with_index(wiring.environ, wiring.isolated(access), access))
    except FileNotFoundError:
        click.echo(f"carrack: {arguments[0]}: there is no such command", err=True)
        return 127
    except OSError as error:
        click.echo(f"carrack: {arguments[0]}: cannot be started: {error.strerror}", err=True)
        return 126
