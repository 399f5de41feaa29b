"""`build`: distributions of packages, from the commit."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from carrack.model.artifact import Artifact, Source
from carrack.model.requirements import formatted
from carrack.model.workspace import Package
from carrack.ports import Builder, History


def build(
    packages: Iterable[tuple[Package, str]],
    history: History,
    builder: Builder,
    out: Path,
    constraints: PurePosixPath,
    *,
    wheels: bool = True,
) -> tuple[Artifact, ...]:
    """Build each package as the commit beside it has it, into `out`: an sdist, and the wheel made from it.

    The file `constraints` of that commit says what it is built with. Without `wheels` the sdists alone.

    Raises BuildError where one does not build.
    """
    with tempfile.TemporaryDirectory(prefix="carrack-") as scratch:
        sources = [
            _source(package, commit, history, Path(scratch), constraints) for package, commit in packages
        ]
        return builder.build(sources, out, wheels=wheels)


def _source(
    package: Package, commit: str, history: History, scratch: Path, constraints: PurePosixPath
) -> Source:
    folder = scratch / package.name
    return Source(
        name=package.name,
        version=package.version,
        path=folder,
        epoch=history.export(commit, package.path, folder),
        build_requires=tuple(map(formatted, package.build_requires)),
        constraints=history.text(commit, constraints),
    )
