"""`build`: distributions of packages, from the commit."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from carrack.model.artifact import Artifact, Kinds, Source
from carrack.model.history import Place
from carrack.model.requirements import formatted
from carrack.model.workspace import Package
from carrack.ports import Builder, History, Kept


def build(
    packages: Iterable[tuple[Package, str]],
    history: History,
    builder: Builder,
    out: Path,
    constraints: PurePosixPath,
    kinds: Kinds = Kinds.BOTH,
    kept: Kept | None = None,
) -> tuple[Artifact, ...]:
    """Build each package as the commit beside it has it, into `out`: an sdist, and the wheel made from it.

    The file `constraints` of that commit says what it is built with. What is `kept` of the very same is not built
    again, and not laid out.

    Raises BuildError where one does not build.
    """
    packages = tuple(packages)
    with tempfile.TemporaryDirectory(prefix="carrack-") as scratch:
        places = {package.name: (commit, package.path) for package, commit in packages}
        sources = _sources(packages, history, Path(scratch), constraints)
        out.mkdir(parents=True, exist_ok=True)
        found = dict(kept.find(sources, out, kinds)) if kept else {}
        missing = [source for source in sources if source.name not in found]
        if missing:
            epochs = {places[source.name]: source.epoch for source in missing}
            history.export_all({source.path: places[source.name] for source in missing}, epochs)
            made = builder.build(missing, out, kinds)
            if kept:
                kept.keep(missing, made, kinds)
            for source in missing:
                found[source.name] = tuple(one for one in made if one.name == source.name)
        return tuple(artifact for source in sources for artifact in found[source.name])


def _sources(
    packages: Sequence[tuple[Package, str]], history: History, scratch: Path, constraints: PurePosixPath
) -> Sequence[Source]:
    """What is to be built; nothing is laid out yet."""
    places: list[Place] = [(commit, package.path) for package, commit in packages]
    trees, epochs = history.checkouts(places), history.last_changes(places)
    texts = {commit: history.text(commit, constraints) for commit in {commit for _, commit in packages}}
    return [
        Source(
            name=package.name,
            version=package.version,
            path=scratch / package.name,
            epoch=epochs[commit, package.path],
            build_requires=tuple(map(formatted, package.build_requires)),
            constraints=texts[commit],
            tree=trees.get((commit, package.path)),
        )
        for package, commit in packages
    ]
