"""The repositories that a request to one of them reaches."""

from collections.abc import Iterator
from dataclasses import dataclass
from sqlite3 import Connection

from codeartifact_local.controls.origins import may_take_from_public, may_take_from_upstreams
from codeartifact_local.controls.patterns import Coordinate
from codeartifact_local.store import packages, repositories
from codeartifact_local.store.records import PUBLIC_PYPI, PYPI, Package, Repository

MAX_SEARCHED = 25
"""AWS searches at most this many repositories (quota "searched upstream repositories")."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hop:
    """One repository on the way, the package there, and whether the public index follows it."""

    repository: Repository
    package: Package | None
    public: bool


def reach(db: Connection, repository: Repository, name: str) -> list[Hop]:
    """Return the repositories that are searched for the package `name`, `repository` first.

    Depth-first by priority, each once; origin controls, the package's own or its group's, may end the way
    (AWS CodeArtifact User Guide, "Upstream repository priority order" and "Package origin controls").
    """
    return list(_search(db, repository, name, set()))


def _search(db: Connection, repository: Repository, name: str, seen: set[int]) -> Iterator[Hop]:
    if repository.id in seen or len(seen) >= MAX_SEARCHED:
        return
    seen.add(repository.id)
    package = packages.find(db, repository, name)
    coordinate = Coordinate(format=PYPI, namespace="", name=name)
    is_public = repository.connection == PUBLIC_PYPI and may_take_from_public(
        db, repository, coordinate, package
    )
    yield Hop(repository=repository, package=package, public=is_public)
    if may_take_from_upstreams(db, repository, coordinate, package):
        for upstream in repositories.upstreams(db, repository):
            yield from _search(db, upstream, name, seen)
