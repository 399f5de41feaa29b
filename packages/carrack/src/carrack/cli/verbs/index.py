"""`carrack index`: create, run."""

from __future__ import annotations

import click

from carrack.cli.options import index_option
from carrack.cli.output import show_table
from carrack.cli.wiring import Wiring
from carrack.commands.index_create import carry_out, examine
from carrack.errors import UsageError
from carrack.model.access import simple_url
from carrack.model.domain import Obstacle, Right, Setup

_RUN_SECONDS = 3600


@click.group("index")
def command() -> None:
    """Make an index ready, or run a command with its address and token."""


@command.command("create")
@index_option
@click.option("--yes", is_flag=True, help="Make the changes without asking.")
@click.pass_obj
def create(wiring: Wiring, to: str | None, yes: bool) -> None:
    """Create the domain, its store connected to the public index, and the repositories behind it.

    Makes ready every index of the workspace in that domain. Shows first what it would change; takes nothing
    away; a second time it changes nothing.
    """
    index = wiring.index(to)
    shared = [
        i for i in wiring.workspace.indexes.values() if i.shares_domain_with == index.shares_domain_with
    ]
    domain = wiring.domain(index)
    setup = examine(shared, domain)
    show_table(("", "what"), [(_word(finding), str(finding)) for finding in setup.findings])
    if setup.changes and not setup.obstacles and not yes:
        _ask(wiring, index.name, setup)
    proof = carry_out(setup, shared, domain, wiring.report)
    wiring.report.step("Ready", "; ".join(str(finding) for finding in proof.findings))


def _word(finding: object) -> str:
    match finding:
        case Right():
            return "right"
        case Obstacle():
            return "stop"
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
