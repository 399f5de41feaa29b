"""`carrack build`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from carrack.cli.options import build_anew, package_names
from carrack.cli.wiring import Wiring
from carrack.errors import UsageError
from carrack.model.workspace import Package


@click.command("build")
@package_names
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the files go; dist/ of the workspace if not said.",
)
@click.option("--sdist", is_flag=True, help="Sdists alone, for native wheels to be built from.")
@click.option("--wheel", is_flag=True, help="Wheels alone, from the folders themselves.")
@build_anew
@click.option(
    "--prune", is_flag=True, help="Build nothing; remove from the cache what 30 days had no use for."
)
@click.option("--check", is_flag=True, help="Build each twice, and say which member differs, and why.")
@click.pass_obj
def command(
    wiring: Wiring,
    names: tuple[str, ...],
    out: Path | None,
    sdist: bool,
    wheel: bool,
    no_cache: bool,
    prune: bool,
    check: bool,
) -> None:
    """Build sdist and wheel of PACKAGES (all, if none is named) as HEAD has them; prints each file's path.

    Build requirements come from the index that pip itself is configured with, by the hashes in the workspace's build
    constraints. Uncommitted changes are not in the files. With --check no file is kept; each one's sha256 is printed.

    Build environments, and what was built, are kept for the next time: in CARRACK_CACHE, else ~/.cache/carrack.
    """
    from carrack.commands.build import build
    from carrack.model.artifact import Kinds

    if prune:
        _prune(wiring)
        return
    workspace = wiring.workspace
    chosen = [workspace.packages[name] for name in wiring.chosen_packages(names) or workspace.packages]
    constraints = workspace.build_constraints
    tree = wiring.history.state([*(package.path for package in chosen), constraints])
    for file in tree.uncommitted:
        if file == constraints and wiring.history.text(tree.commit, file) is None:
            continue  # before its first commit it counts as it is
        wiring.report.note(f"{file}: is not committed, so it is not in the build")
    if tree.shallow:
        wiring.report.note(
            "this is a shallow clone; builds of a whole one may have other times, and so other bytes"
        )
    targets = [(package, tree.commit) for package in chosen]
    into = out or workspace.root / "dist"
    if check:
        _check(wiring, targets)
        return
    try:
        into.mkdir(parents=True, exist_ok=True)
    except (FileNotFoundError, FileExistsError, NotADirectoryError) as error:
        raise UsageError(
            f"{into} cannot be made: {error.strerror}", hint="say another folder: carrack build --out FOLDER"
        ) from None
    kinds = Kinds.BOTH if sdist == wheel else Kinds.SDIST if sdist else Kinds.WHEEL
    kept = None if no_cache else wiring.kept
    builder = wiring.builder(None)
    for artifact in build(targets, wiring.history, builder, into, constraints, kinds, kept, room=wiring.room):
        click.echo(artifact.path)


def _prune(wiring: Wiring) -> None:
    from carrack.adapters.cache import prune

    things, size = prune(wiring.cache) if wiring.cache else (0, 0)
    click.echo(f"removed {things} thing(s) of {size / 1e6:.1f} MB")


def _check(wiring: Wiring, targets: list[tuple[Package, str]]) -> None:
    from carrack.commands.check_builds import check_builds

    with tempfile.TemporaryDirectory(prefix="carrack-") as scratch:
        constraints = wiring.workspace.build_constraints
        for artifact in check_builds(targets, wiring.history, wiring.twice(), Path(scratch), constraints):
            click.echo(f"{artifact.file.sha256}  {artifact.file.name}")
