"""`carrack convert`."""

from __future__ import annotations

import json
from difflib import unified_diff

import click
from packaging.version import InvalidVersion, Version

from carrack.cli.wiring import Wiring
from carrack.commands.convert import Planned
from carrack.errors import BuildError, UsageError


@click.command("convert")
@click.argument("package")
@click.option("--plan", "only_plan", is_flag=True, help="Print the commits as differences, and make none.")
@click.option(
    "--version",
    "told",
    metavar="VERSION",
    help="For a package that takes its version from git and has no tag, or has no version yet.",
)
@click.option("--accept", is_flag=True, help="Commit it although the wheel differs.")
@click.option("--json", "as_json", is_flag=True, help="The same facts for a program.")
@click.pass_obj
def command(
    wiring: Wiring, package: str, only_plan: bool, told: str | None, accept: bool, as_json: bool
) -> None:
    """Turn PACKAGE, a folder that was another repository, from its former form to PEP 621 with a static version.

    A commit for each kind of change. The wheel is built before and after: where files or metadata are not the same,
    nothing is committed unless --accept is said. What cannot be converted is listed with its line.
    """
    from carrack.commands.convert import carry_out, plan_conversion

    path = wiring.package_folder(package)
    workshop = wiring.workshop
    planned = plan_conversion(path, workshop, _version(told))
    _show(planned, as_json=as_json, with_differences=only_plan)
    if only_plan or planned.is_done:
        return
    if planned.differences and not accept:
        raise BuildError(
            "the wheel would not be the same",
            address=str(path),
            output="\n".join(planned.differences),
            untouched="everything; nothing was written",
            hint=f"mend what differs; or carrack convert {package} --accept, which commits it as it is shown",
        )
    for commit, title in carry_out(planned, workshop):
        wiring.report.step("Committed", f"{commit[:12]} {title}")


def _version(told: str | None) -> Version | None:
    try:
        return None if told is None else Version(told)
    except InvalidVersion as error:
        raise UsageError(str(error), hint="--version 1.2.3") from None


def _show(planned: Planned, *, as_json: bool, with_differences: bool) -> None:
    if as_json:
        click.echo(json.dumps(_facts(planned), indent=2))
        return
    if planned.is_done:
        click.echo(f"nothing to do: {planned.name} is PEP 621 with a static version")
    for number, title in enumerate(_titles(planned), start=1):
        click.echo(f"commit {number}  {title}")
    if with_differences:
        click.echo(_difference(planned), nl=False)
    for left in planned.left:
        click.echo(f"left      {left.under(planned.path)}")
    if planned.proof is None:
        return
    for line in planned.proof.same_but:
        click.echo(f"same but  {line}")
    for line in planned.proof.differences:
        click.echo(f"differs   {line}")
    if not planned.proof.differences:
        count = planned.proof.files
        files = "1 file" if count == 1 else f"{count} files"
        click.echo(f"wheel     the same before and after: {files}, METADATA, entry points")


def _titles(planned: Planned) -> list[str]:
    titles = [step.message(planned.name).partition("\n")[0] for step in planned.steps]
    return titles + ([f"Pin what {planned.name} is built with"] if planned.pins else [])


def _difference(planned: Planned) -> str:
    """What the commits change in the package, as one unified difference."""
    after = planned.before
    for step in planned.steps:
        after = after.changed(step.changes)
    names = sorted({name for step in planned.steps for name in step.changes})
    lines = []
    for name in names:
        texts = [folder.text(name).splitlines(keepends=True) for folder in (planned.before, after)]
        where = f"{planned.path / name}"
        lines += list(unified_diff(texts[0], texts[1], f"{where} (now)", f"{where} (converted)"))
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _facts(planned: Planned) -> dict[str, object]:
    return {
        "package": planned.name,
        "path": str(planned.path),
        "why": list(planned.why),
        "commits": _titles(planned),
        "left": [
            {"file": str(planned.path / left.file), "line": left.line, "why": left.why}
            for left in planned.left
        ],
        "differences": list(planned.differences),
        "same_but": list(planned.proof.same_but) if planned.proof else [],
    }
