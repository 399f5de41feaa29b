"""The repositories that a request to one of them reaches."""

from collections.abc import Callable, Iterator
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


def search_order(db: Connection, repository: Repository) -> list[Repository]:
    """Return the repositories that are searched for a package that no origin control is about."""
    return list(_search(repository, lambda one: repositories.upstreams(db, one), set()))


def reach(db: Connection, repository: Repository, name: str) -> list[Hop]:
    """Return the repositories that are searched for the package `name`, `repository` first.

    Depth-first by priority, each once; origin controls, the package's own or its group's, may end the way
    (AWS CodeArtifact User Guide, "Upstream repository priority order" and "Package origin controls").
    """
    hops = []
    coordinate = Coordinate(format=PYPI, namespace="", name=name)

    def visit(one: Repository) -> list[Repository]:
        package = packages.find(db, one, name)
        is_public = one.connection == PUBLIC_PYPI and may_take_from_public(db, one, coordinate, package)
        hops.append(Hop(repository=one, package=package, public=is_public))
        is_open = may_take_from_upstreams(db, one, coordinate, package)
        return repositories.upstreams(db, one) if is_open else []

    list(_search(repository, visit, set()))
    return hops


def _search(
    repository: Repository, upstreams: Callable[[Repository], list[Repository]], seen: set[int]
) -> Iterator[Repository]:
    if repository.id in seen or len(seen) >= MAX_SEARCHED:
        return
    seen.add(repository.id)
    yield repository
    for upstream in upstreams(repository):
        yield from _search(upstream, upstreams, seen)
