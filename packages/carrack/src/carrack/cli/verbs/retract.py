"""`carrack retract`."""

from __future__ import annotations

import json
from collections.abc import Iterable

import click
from packaging.utils import NormalizedName
from packaging.version import Version

from carrack.cli.wiring import Wiring
from carrack.model.index import Index
from carrack.model.retraction import Status, Withdrawal

_NOT_LOOKED_AT = "images that are built and jobs that run have the files in them, and go on"


@click.command("retract")
@click.argument("versions", metavar="NAME==VERSION...", nargs=-1, required=True)
@click.option("--from", "--to", "--index", "source", metavar="NAME", help="The index, by its name.")
@click.option(
    "--status",
    type=click.Choice([status.name.lower() for status in Status]),
    default="unlisted",
    show_default=True,
    help="What the versions become; `published` brings them back.",
)
@click.option("--yes", is_flag=True, help="Do it. Without this the plan is shown, and nothing is changed.")
@click.option("--break-locks", is_flag=True, help="Also where a lock of this checkout pins one of them.")
@click.option("--json", "as_json", is_flag=True, help="The plan for a program.")
@click.pass_obj
def command(
    wiring: Wiring,
    versions: tuple[str, ...],
    source: str | None,
    status: str,
    yes: bool,
    break_locks: bool,
    as_json: bool,
) -> None:
    """Take versions back from an index: who pins them, what that breaks, and the way back; done when told to.

    Nothing is deleted, and `--status published` undoes it.
    """
    from carrack.cli.selection import select_versions, strangers
    from carrack.commands.retract import Witnesses, check, examine, retract

    wanted = select_versions(versions)
    index = wiring.index(source)
    for sentence in strangers(wiring.workspace, dict.fromkeys(name for name, _ in wanted)):
        wiring.report.note(sentence)
    witnesses = Witnesses(
        workspace=wiring.workspace,
        index=index,
        reader=wiring.reader(index),
        listing=wiring.listing(wiring.open(index)),
        history=wiring.committed_texts,
        locks={app.name: lock for app in wiring.workspace.apps.values() if (lock := wiring.lock(app))},
    )
    plan = examine(witnesses, wanted, Status[status.upper()])
    if as_json:
        click.echo(json.dumps([_facts(one) for one in plan], indent=2))
    else:
        _show(plan)
    if yes:
        check(plan, break_locks=break_locks)
        retract(plan, index, witnesses.reader, wiring.promoter(index), wiring.report)
        wiring.report.step(
            "Verified", f"{len(plan)} version(s) on {index.name}: {Status[status.upper()].value}"
        )
    elif any(not one.is_there for one in plan):
        wiring.report.note(f"nothing was changed; to do it: {_command(wanted, index, status)}")


def _command(wanted: Iterable[tuple[NormalizedName, Version]], index: Index, status: str) -> str:
    named = " ".join(f"{name}=={version}" for name, version in wanted)
    chosen = "" if status == "unlisted" else f" --status {status}"
    return f"carrack retract {named} --from {index.name}{chosen} --yes"


def _show(plan: tuple[Withdrawal, ...]) -> None:
    for one in plan:
        if one.is_there:
            click.echo(f"{one}: is {one.before} already")
            continue
        click.echo(f"{one}: {one.before} -> {one.after.value}; {one.after.breaks}")
        for pin in one.pinned:
            click.echo(f"  pinned by {pin}")
            if pin.good:
                click.echo(f"    the last that was without it: git checkout {pin.good} -- {pin.path}")
        for sentence in one.stranded:
            click.echo(f"  stranded: {sentence}")
        if one.after is not Status.PUBLISHED:
            click.echo(f"  before it: {one.previous or 'no version that can be installed'}")
            click.echo(f"  {_NOT_LOOKED_AT}")


def _facts(one: Withdrawal) -> dict[str, object]:
    return {
        "package": one.name,
        "version": str(one.version),
        "revision": one.revision,
        "from": one.before,
        "to": one.after.value,
        "pinned": [{"lock": pin.path, "refs": list(pin.refs), "good": pin.good} for pin in one.pinned],
        "stranded": list(one.stranded),
        "previous": str(one.previous) if one.previous else None,
    }
