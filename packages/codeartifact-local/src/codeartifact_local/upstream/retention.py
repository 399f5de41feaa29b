"""What a repository keeps of the packages that were asked of it."""

from collections.abc import Iterable
from datetime import datetime
from sqlite3 import Connection
from typing import Any

from codeartifact_local.store import packages
from codeartifact_local.store.records import (
    EXTERNAL,
    FIRST_INGESTED,
    FIRST_PUBLISHED,
    INTERNAL,
    PUBLIC_PYPI,
    PUBLISHED,
    Asset,
    Origin,
    Package,
    Repository,
    Restrictions,
    Version,
)


def ingest(
    db: Connection, holder: Repository, name: str, version: str, files: Iterable[Asset], now: datetime
) -> Version:
    """Keep a version of the public index, with all of its files, where the connection is."""
    origin = Origin(type=EXTERNAL, connection=PUBLIC_PYPI)
    return _put(db, holder, name, version, files, origin=origin, status=PUBLISHED, metadata={}, now=now)


def retain(db: Connection, repository: Repository, name: str, source: Version, now: datetime) -> Version:
    """Keep a version of another repository, with all of its files, where it was asked for."""
    return _put(
        db,
        repository,
        name,
        source.version,
        packages.assets(db, source),
        origin=source.origin,
        status=source.status,
        metadata=source.metadata,
        now=now,
    )


def first_restrictions(origin: Origin) -> Restrictions:
    """Return the origin controls of a package whose first version was copied and came from `origin`."""
    return FIRST_PUBLISHED if origin.type == INTERNAL else FIRST_INGESTED


def _put(
    db: Connection,
    repository: Repository,
    name: str,
    version: str,
    files: Iterable[Asset],
    *,
    origin: Origin,
    status: str,
    metadata: dict[str, Any],
    now: datetime,
) -> Version:
    package = packages.find(db, repository, name) or packages.add(db, repository, name, FIRST_INGESTED)
    kept = _find_or_add(db, package, version, origin, status, metadata, now)
    packages.put_assets(db, kept, files)
    return kept


def _find_or_add(
    db: Connection,
    package: Package,
    version: str,
    origin: Origin,
    status: str,
    metadata: dict[str, Any],
    now: datetime,
) -> Version:
    return packages.find_version(db, package, version) or packages.add_version(
        db, package, version, status=status, origin=origin, published=now, metadata=metadata
    )
