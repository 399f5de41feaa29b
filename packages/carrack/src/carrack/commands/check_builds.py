"""`build --check`: builds twice, as on two machines and days, and says what differs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from carrack.commands.build import build
from carrack.errors import BuildError
from carrack.model.artifact import Artifact
from carrack.model.reproduction import why
from carrack.model.workspace import Package
from carrack.ports import Archives, Builder, History

_SECONDS = 2.0
"""The least time between two builds of one package: archives keep times no finer than this (zip, APPNOTE 4.4.6)."""


@dataclass(frozen=True, kw_only=True)
class Twice:
    """The two ways to build: `again` sees other circumstances."""

    once: Builder
    again: Builder
    archives: Archives
    sleep: Callable[[float], None] = time.sleep


def check_builds(
    packages: Iterable[tuple[Package, str]],
    history: History,
    twice: Twice,
    scratch: Path,
    constraints: PurePosixPath,
) -> tuple[Artifact, ...]:
    """Build each package in its commit twice; the artifacts of the first time, where all are the same.

    Raises BuildError that names each member which differs, and why.
    """
    packages = tuple(packages)
    first = build(packages, history, twice.once, scratch / "first", constraints)
    twice.sleep(_SECONDS)
    second = build(packages, history, twice.again, scratch / "second", constraints)
    lines = list(_differing(first, second, twice.archives))
    if lines:
        raise BuildError(
            "two builds of one commit are not the same bytes",
            output="\n".join(lines),
            untouched="the index",
            hint="make the build take what it writes from SOURCE_DATE_EPOCH and its sources alone",
        )
    return first


def _differing(first: Sequence[Artifact], second: Sequence[Artifact], archives: Archives) -> Iterator[str]:
    again = {artifact.file.name: artifact for artifact in second}
    for artifact in first:
        name = artifact.file.name
        if name not in again:
            yield f"{name}: the second build has {', '.join(again)} instead"
        elif again[name].file.sha256 != artifact.file.sha256:
            reasons = why(archives.listing(artifact.path), archives.listing(again[name].path))
            yield from (f"{name}: {reason}" for reason in reasons)
