"""`carrack token`."""

from __future__ import annotations

import sys
from datetime import UTC
from pathlib import Path

import click

from carrack.cli.options import index_option
from carrack.cli.wiring import Wiring
from carrack.model.access import Access


@click.command("token")
@index_option
@click.option(
    "--netrc",
    metavar="FILE",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Write it there instead, mode 0600, and keep other hosts' entries; - prints the entry.",
)
@click.option(
    "--duration",
    metavar="SECONDS",
    type=int,
    default=3600,
    show_default=True,
    help="How long it is good: 900 to 43200, or 0 for as long as the AWS credentials.",
)
@click.pass_obj
def command(wiring: Wiring, to: str | None, netrc: Path | None, duration: int) -> None:
    """Print a new token of the index's domain and nothing else, or write it to a netrc file.

    It is good for every repository of the domain. `carrack index run` gives it to one command, and shows it to
    nobody.
    """
    access = wiring.new_gate(wiring.index(to), seconds=duration).open()
    if netrc is None:
        _print(wiring, access, access.token.value)
    elif netrc == Path("-"):
        _print(wiring, access, _entry(access))
    else:
        _write(wiring, access, netrc)


def _print(wiring: Wiring, access: Access, text: str) -> None:
    if sys.stdout.isatty():
        wiring.report.note("the terminal keeps what it shows; `carrack index run -- COMMAND` shows no token")
    click.echo(text.rstrip("\n"))
    wiring.report.note(f"good until {_expiry(access)}")


def _entry(access: Access) -> str:
    from carrack.adapters.netrc import with_access

    return with_access(b"", access).decode()


def _write(wiring: Wiring, access: Access, file: Path) -> None:
    from carrack.adapters.netrc import write_entry

    if write_entry(file, access):
        wiring.report.note(f"others could read {file} until now, and may know what else it holds")
    wiring.report.step("Wrote", f"{file}, good until {_expiry(access)}")


def _expiry(access: Access) -> str:
    expires = access.token.expires
    return f"{expires.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if expires else "a time that it does not say"
