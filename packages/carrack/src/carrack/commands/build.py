"""`build`: distributions of packages, from the commit."""

from __future__ import annotations

import errno
import tempfile
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement

from carrack.model.artifact import Artifact, Kinds, Source
from carrack.model.build_environment import DEFAULT_REQUIRES
from carrack.model.history import Place
from carrack.model.requirements import formatted
from carrack.model.workspace import Package
from carrack.ports import Builder, History, Kept, Room


def no_room(size: int) -> None:
    """Implements `ports.Room`: packages are laid out where temporary files are."""


def build(
    packages: Iterable[tuple[Package, str]],
    history: History,
    builder: Builder,
    out: Path,
    constraints: PurePosixPath,
    kinds: Kinds = Kinds.BOTH,
    kept: Kept | None = None,
    room: Room = no_room,
) -> tuple[Artifact, ...]:
    """Build each package as the commit beside it has it, into `out`: an sdist, and the wheel made from it.

    Its pyproject.toml and the file `constraints` of that commit say what it is built with. What is `kept` of the very
    same is not built again, and not laid out. What `room` turns out to be too small for is built on disk.

    Raises BuildError where one does not build.
    """
    packages = tuple(packages)
    places = {package.name: (commit, package.path) for package, commit in packages}
    sources = _sources(packages, history, constraints)
    out.mkdir(parents=True, exist_ok=True)
    found = dict(kept.find(sources, out, kinds)) if kept else {}
    missing = {source: places[source.name] for source in sources if source.name not in found}
    if missing:
        made = _build(missing, history, builder, out, kinds, room)
        if kept:
            kept.keep(tuple(missing), made, kinds)
        for source in missing:
            found[source.name] = tuple(one for one in made if one.name == source.name)
    return tuple(artifact for source in sources for artifact in found[source.name])


def _build(
    missing: Mapping[Source, Place], history: History, builder: Builder, out: Path, kinds: Kinds, room: Room
) -> tuple[Artifact, ...]:
    place = room(history.size(missing.values()))
    if place:
        try:
            return _build_in(place, missing, history, builder, out, kinds)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
    usual = tempfile.TemporaryDirectory(prefix="carrack-")
    return _build_in(usual, missing, history, builder, out, kinds)


def _build_in(
    place: AbstractContextManager[str | Path],
    missing: Mapping[Source, Place],
    history: History,
    builder: Builder,
    out: Path,
    kinds: Kinds,
) -> tuple[Artifact, ...]:
    with place as folder:
        laid_out = {
            replace(source, path=Path(folder, source.path)): place for source, place in missing.items()
        }
        epochs = {place: source.epoch for source, place in missing.items()}
        history.export_all({source.path: place for source, place in laid_out.items()}, epochs)
        return builder.build(tuple(laid_out), out, kinds)


def _sources(
    packages: Sequence[tuple[Package, str]], history: History, constraints: PurePosixPath
) -> Sequence[Source]:
    """What is to be built; nothing is laid out yet, and paths are relative to where it will be."""
    places: list[Place] = [(commit, package.path) for package, commit in packages]
    trees, epochs = history.checkouts(places), history.last_changes(places)
    texts = history.texts(
        one for commit, path in places for one in ((commit, constraints), (commit, path / "pyproject.toml"))
    )
    return [
        Source(
            name=package.name,
            version=package.version,
            path=Path(package.name),
            epoch=epochs[commit, package.path],
            build_requires=_requires(package, texts.get((commit, package.path / "pyproject.toml"))),
            constraints=texts.get((commit, constraints)),
            tree=trees.get((commit, package.path)),
        )
        for package, commit in packages
    ]


def _requires(package: Package, manifest: str | None) -> tuple[str, ...]:
    """Its build requirements as the commit has them: what finishes a release may build an older commit than HEAD."""
    if manifest is not None:
        with suppress(tomllib.TOMLDecodeError, AttributeError, TypeError, InvalidRequirement):
            table = tomllib.loads(manifest).get("build-system", {})
            return tuple(formatted(Requirement(one)) for one in table.get("requires", DEFAULT_REQUIRES))
    return tuple(map(formatted, package.build_requires))
