"""Everything that is printed: results on stdout, progress and errors on stderr."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from carrack.errors import (
    BuildError,
    CarrackError,
    JobError,
    LockError,
    NoEngineError,
    PlanError,
    PublishedDiffersError,
    WorkspaceError,
)
from carrack.ports import Report

if TYPE_CHECKING:
    from carrack.model.adoption import Finding
    from carrack.model.diagnosis import Check
    from carrack.model.history import TreeState

_VERB_WIDTH = 12
_GAP, _LEAST_ROOM = 2, 20
_DETAILS = 12


class TerminalReport(Report):
    """A right-aligned verb a line, on stderr, as cargo does it."""

    def step(self, verb: str, subject: str) -> None:
        """`   Uploading record_io-1.4.0-py3-none-any.whl`."""
        _tell(f"{click.style(verb.rjust(_VERB_WIDTH), fg='green', bold=True)} {subject}")

    def note(self, text: str) -> None:
        """`        note text`."""
        _tell(f"{click.style('note'.rjust(_VERB_WIDTH), fg='yellow', bold=True)} {text}")


def show_error(error: CarrackError) -> None:
    """The sentence with its address, then what is done, what is untouched, and the next command."""
    _tell(f"{click.style('error', fg='red', bold=True)}: {error}")
    for line in _details(error):
        _tell(f"  {line}")
    for label, text in (("done", error.done), ("untouched", error.untouched), ("next", error.hint)):
        if text:
            _tell(f"  {click.style(label, bold=True)}: {text}")


def _tell(line: str) -> None:
    click.echo(_encodable(line), err=True, color=_coloured())


def _coloured() -> bool | None:
    """What NO_COLOR and FORCE_COLOR say (no-color.org, force-color.org); None leaves it to the terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def _details(error: CarrackError) -> Sequence[str]:
    match error:
        case WorkspaceError() | LockError() | PlanError() | NoEngineError() | JobError():
            return error.faults
        case PublishedDiffersError():
            return error.differences
        case BuildError():
            return error.output.splitlines()
    return ()


def show_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A plain table on stdout; on a terminal the last column, the prose, is folded into the room that is left."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)][:-1]
    indent = sum(width + _GAP for width in widths)
    room = shutil.get_terminal_size().columns - indent if sys.stdout.isatty() else 0
    lines = []
    for *cells, last in (headings, *rows):
        line = "".join(cell.ljust(width + _GAP) for cell, width in zip(cells, widths, strict=True))
        lines.append((line + _folded(last, room, indent)).rstrip())
    lines[0] = click.style(lines[0], bold=True)
    click.echo("\n".join(lines), color=_coloured())


def _folded(text: str, room: int, indent: int) -> str:
    """The text in lines of `room` letters; as it is where that is no room, or stdout is no terminal."""
    from textwrap import wrap

    lines = wrap(text, room) if room >= _LEAST_ROOM else [text]
    return f"\n{' ' * indent}".join(lines)


def show_checks(checks: Sequence[Check]) -> None:
    """A line for each on stdout, and one below it with what to do."""
    from carrack.model.diagnosis import Verdict

    colours = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}
    width = max(len(check.name) for check in checks)
    for check in checks:
        verdict = click.style(check.verdict.value.ljust(5), fg=colours[check.verdict], bold=True)
        click.echo(f"{verdict} {check.name.ljust(width)}  {check.said}", color=_coloured())
        if check.remedy:
            click.echo(f"{' ' * (width + 8)}do: {check.remedy}")


def show_findings(findings: Sequence[Finding]) -> None:
    """A line for each on stdout; below it its details, and what to do."""
    from carrack.model.diagnosis import Verdict

    colours = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}
    width = max((len(one.topic) for one in findings), default=0)
    for one in findings:
        verdict = click.style(one.verdict.value.ljust(5), fg=colours[one.verdict], bold=True)
        click.echo(f"{verdict} {one.topic.ljust(width)}  {printable(one.said)}", color=_coloured())
        shown = one.details if len(one.details) <= _DETAILS else one.details[: _DETAILS - 1]
        for detail in shown:
            click.echo(f"{' ' * (width + 8)}{printable(detail)}")
        if len(shown) < len(one.details):
            click.echo(f"{' ' * (width + 8)}… and {len(one.details) - len(shown)} more; --json has all")
        if one.remedy:
            click.echo(f"{' ' * (width + 8)}do: {one.remedy}")


def printable(text: str) -> str:
    """`text` with what no terminal should be sent, such as a stranger's file name with control characters, escaped."""
    return "".join(
        char if char in "\n\t" or ord(char) >= 32 else f"\\x{ord(char):02x}" for char in _encodable(text)
    )


def _encodable(text: str) -> str:
    """Bytes that are no UTF-8 come from git as surrogates."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def tell_shallow(report: Report, tree: TreeState) -> None:
    """Say what a shallow clone hides, where this is one."""
    if tree.shallow:
        report.note(
            "this is a shallow clone, which hides what changed since a release: git fetch --unshallow"
        )
