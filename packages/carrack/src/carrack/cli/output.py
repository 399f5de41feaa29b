"""Everything that is printed: results on stdout, progress and errors on stderr."""

from __future__ import annotations

from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table

from carrack.errors import BuildError, CarrackError, LockError, PublishedDiffersError, WorkspaceError
from carrack.ports import Report

_VERB_WIDTH = 12


class TerminalReport(Report):
    """A right-aligned verb a line, on stderr, as cargo does it."""

    def step(self, verb: str, subject: str) -> None:
        """`   Uploading record_io-1.4.0-py3-none-any.whl`."""
        click.echo(f"{click.style(verb.rjust(_VERB_WIDTH), fg='green', bold=True)} {subject}", err=True)

    def note(self, text: str) -> None:
        """`        note text`."""
        click.echo(f"{click.style('note'.rjust(_VERB_WIDTH), fg='yellow', bold=True)} {text}", err=True)


def show_error(error: CarrackError) -> None:
    """The sentence with its address, then what is done, what is untouched, and the next command."""
    click.echo(f"{click.style('error', fg='red', bold=True)}: {error}", err=True)
    for line in _details(error):
        click.echo(f"  {line}", err=True)
    for label, text in (("done", error.done), ("untouched", error.untouched), ("next", error.hint)):
        if text:
            click.echo(f"  {click.style(label, bold=True)}: {text}", err=True)


def _details(error: CarrackError) -> Sequence[str]:
    match error:
        case WorkspaceError() | LockError():
            return error.faults
        case PublishedDiffersError():
            return error.differences
        case BuildError():
            return error.output.splitlines()
    return ()


def show_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A plain table on stdout; it is as wide as it needs to be where stdout is not a terminal."""
    console = Console()
    table = Table(*headings, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    if not console.is_terminal:
        console.width = 1000
    console.print(table)
