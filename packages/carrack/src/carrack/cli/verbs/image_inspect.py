"""`carrack image inspect`."""

from __future__ import annotations

import json

import click

from carrack.cli.output import show_table
from carrack.cli.wiring import Wiring
from carrack.model.image import Image
from carrack.model.image_manifest import APP, INDEX, Distribution, Manifest

_SHOWN = 12


@click.command("inspect")
@click.argument("name", metavar="IMAGE")
@click.option("--json", "as_json", is_flag=True, help="The same facts for a program, with whole hashes.")
@click.pass_obj
def command(wiring: Wiring, name: str, as_json: bool) -> None:
    """What an image was built from, and which wheels, hashes, tags and commits are in it.

    IMAGE is one that the engine has, by id, tag or digest. Nothing of it is run.
    """
    from carrack.adapters.manifest_file import format_manifest, parse_manifest
    from carrack.commands.image_inspect import read_manifest

    image, manifest = read_manifest(name, wiring.engine, parse_manifest)
    if as_json:
        facts = {"id": image.id, "size": image.size, "layers": len(image.layers)}
        click.echo(json.dumps({**facts, **json.loads(format_manifest(manifest))}, indent=1))
        return
    for fact, value in _facts(image, manifest):
        click.echo(f"{fact.ljust(_SHOWN)}{value}")
    click.echo()
    rows = [_row(one, manifest) for one in manifest.distributions]
    show_table(("distribution", "version", "from", "wheel", "sha256"), rows)


def _facts(image: Image, manifest: Manifest) -> list[tuple[str, str]]:
    megabytes = f"{image.size / 1e6:.0f} MB in {len(image.layers)} layers"
    return [
        ("app", f"{manifest.app} {manifest.version}"),
        ("commit", manifest.commit + (", and changes that were not committed" if manifest.dirty else "")),
        ("image", f"{image.id}, {manifest.platform}, {megabytes}"),
        ("base", f"{manifest.base}, {manifest.base_id}" if manifest.base else "what its Dockerfile says"),
        ("lock", manifest.lock),
        ("receipt", manifest.receipt),
    ]


def _row(one: Distribution, manifest: Manifest) -> tuple[str, ...]:
    if one.source == APP:
        return (one.name, str(one.version), f"commit {manifest.commit[:_SHOWN]}", "", "")
    release = one.tag or (f"commit {one.commit[:_SHOWN]}" if one.commit else "")
    origin = release or ("index" if one.source == INDEX else one.folder)
    names = ", ".join(wheel.name for wheel in one.wheels)
    return (one.name, str(one.version), origin, names, ", ".join(w.sha256[:_SHOWN] for w in one.wheels))
