"""`carrack image lint`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from carrack.cli.wiring import Wiring
from carrack.errors import ExitCode
from carrack.model.complaint import Complaint


@click.command("lint")
@click.argument("paths", metavar="[DOCKERFILES]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--context",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The folder that they are built from; each one's own, if not said.",
)
@click.option("--json", "as_json", is_flag=True, help="The same facts for a program.")
@click.pass_obj
def command(wiring: Wiring, paths: tuple[Path, ...], context: Path | None, as_json: bool) -> int:
    """Say where DOCKERFILES leak credentials, where those can be read later, and what to write instead.

    Without a name it is the Dockerfile here. Nothing is built or run. Exits with 65 where something leaks.
    """
    from carrack.adapters.dockerfiles import Dockerfiles
    from carrack.commands.image_lint import lint

    chosen = [wiring.start / path for path in paths or (Path("Dockerfile"),)]
    found = [(_named(path), said) for path, said in lint(chosen, Dockerfiles(context=context))]
    if as_json:
        facts = [{"file": path, **_facts(complaint)} for path, said in found for complaint in said]
        click.echo(json.dumps(facts, indent=2))
    else:
        for path, said in found:
            _show(path, said)
    leaks = any(complaint.leaks for _, said in found for complaint in said)
    return ExitCode.WORKSPACE if leaks else ExitCode.DONE


def _named(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _facts(complaint: Complaint) -> dict[str, str | int | bool]:
    return {
        "line": complaint.line,
        "rule": complaint.rule,
        "leaks": complaint.leaks,
        "said": complaint.said,
        "where": complaint.where,
        "remedy": complaint.remedy,
    }


def _show(path: str, complaints: tuple[Complaint, ...]) -> None:
    told: dict[str, int] = {}
    for complaint in complaints:
        before = told.get(complaint.remedy)
        told.setdefault(complaint.remedy, complaint.line)
        click.echo(f"{path}:{complaint.line}: {complaint.said}")
        click.echo(f"  {'read in' if complaint.leaks else 'so':9}{complaint.where}")
        lines = complaint.remedy.splitlines() if before is None else [f"as for line {before}"]
        for label, line in zip(("instead", *[""] * len(lines)), lines, strict=False):
            click.echo(f"  {label:9}{line}")
    if not complaints:
        click.echo(f"{path}: no leak found")
