"""`carrack image diff`."""

from __future__ import annotations

import json
from collections.abc import Callable

import click

from carrack.cli.output import show_table
from carrack.cli.wiring import Wiring
from carrack.errors import WorkspaceError
from carrack.model.image_difference import Change, changed_facts, changes
from carrack.model.image_manifest import Distribution


@click.command("diff")
@click.argument("before", metavar="IMAGE")
@click.argument("after", metavar="OTHER")
@click.option("--json", "as_json", is_flag=True, help="The same facts for a program.")
@click.pass_obj
def command(wiring: Wiring, before: str, after: str, as_json: bool) -> None:
    """What OTHER has that IMAGE has not, and the other way round, with the changelogs of our packages.

    Both are images that carrack image build made and that the engine has. Changelogs are those of the workspace here.
    """
    from carrack.adapters.manifest_file import parse_manifest
    from carrack.commands.image_inspect import read_manifest

    old, new = (read_manifest(name, wiring.engine, parse_manifest)[1] for name in (before, after))
    facts, different = list(changed_facts(old, new)), changes(old, new)
    said = _changelogs(wiring)
    if as_json:
        told = [_told(change, said(change)) for change in different]
        built = {fact: {"before": was, "after": now} for fact, was, now in facts}
        click.echo(json.dumps({"built-from": built, "distributions": told}, indent=1))
        return
    if not facts and not different:
        click.echo("the same")
    for fact, was, now in facts:
        click.echo(f"{fact.ljust(10)}{was} -> {now}")
    if different:
        click.echo()
        show_table(("", "distribution", "before", "after", "from"), [_row(change) for change in different])
    for change in different:
        if text := said(change):
            click.echo(f"\n# {change.name}\n\n{text}")


def _changelogs(wiring: Wiring) -> Callable[[Change], str]:
    """What the changelogs say of a change; nothing, and a note, where there is no workspace."""
    from carrack.adapters.projects import read_package
    from carrack.commands.image_inspect import words

    try:
        workspace = wiring.workspace
        own = [read_package(workspace.root, app.path) for app in workspace.apps.values()]
    except WorkspaceError as error:
        wiring.report.note(f"without changelogs: {error.message}")
        return lambda change: ""
    folders = {package.name: package.path for package in (*workspace.packages.values(), *own)}
    return lambda change: words(change, folders, wiring.committed_texts, wiring.manifests)


def _row(change: Change) -> tuple[str, ...]:
    origin = change.after or change.before
    return (change.kind, change.name, _version(change.before), _version(change.after), _origin(origin))


def _version(one: Distribution | None) -> str:
    return str(one.version) if one else ""


def _origin(one: Distribution | None) -> str:
    if one is None:
        return ""
    return one.tag or (f"commit {one.commit[:12]}" if one.commit else one.source)


def _told(change: Change, said: str) -> dict[str, object]:
    return {
        "name": change.name,
        "kind": change.kind,
        "before": _side(change.before),
        "after": _side(change.after),
        "changelog": said,
    }


def _side(one: Distribution | None) -> dict[str, object] | None:
    if one is None:
        return None
    wheels = [{"name": wheel.name, "sha256": wheel.sha256} for wheel in one.wheels]
    known = {"source": one.source, "commit": one.commit, "tag": one.tag}
    return {"version": str(one.version), **known, "wheels": wheels}
