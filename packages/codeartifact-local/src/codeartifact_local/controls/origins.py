"""Whether versions of a package may enter a repository: its own origin controls and its group's must both allow it.

AWS CodeArtifact User Guide, "Editing package origin controls" and "Package group origin controls".
"""

from sqlite3 import Connection

from codeartifact_local.controls.groups import groups_of
from codeartifact_local.controls.patterns import Coordinate
from codeartifact_local.store.records import (
    ALLOW,
    EXTERNAL_UPSTREAM,
    INTERNAL_UPSTREAM,
    PUBLISH,
    Package,
    Repository,
)


def may_publish(
    db: Connection, repository: Repository, coordinate: Coordinate, package: Package | None
) -> bool:
    """Return whether versions may be published; `package` is None where the repository has none yet."""
    if package is not None and package.restrictions.publish != ALLOW:
        return False
    return groups_of(db, repository.domain_id).permit(coordinate, PUBLISH, repository.name)


def may_take_from_upstreams(
    db: Connection, repository: Repository, coordinate: Coordinate, package: Package | None
) -> bool:
    """Return whether versions may come from the repository's upstreams."""
    return _may_come(db, repository, coordinate, package, INTERNAL_UPSTREAM)


def may_take_from_public(
    db: Connection, repository: Repository, coordinate: Coordinate, package: Package | None
) -> bool:
    """Return whether versions may come through the repository's external connection."""
    return _may_come(db, repository, coordinate, package, EXTERNAL_UPSTREAM)


def _may_come(
    db: Connection, repository: Repository, coordinate: Coordinate, package: Package | None, way: str
) -> bool:
    if package is not None and package.restrictions.upstream != ALLOW:
        return False
    return groups_of(db, repository.domain_id).permit(coordinate, way, repository.name)
