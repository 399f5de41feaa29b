"""What a repository keeps of the packages that were asked of it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
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

PUBLIC_ORIGIN = Origin(type=EXTERNAL, connection=PUBLIC_PYPI)


def ingest(
    db: Connection, holder: Repository, name: str, version: str, files: Iterable[Asset], now: datetime
) -> Version:
    """Keep a version of the public index, with all of its files, where the connection is."""
    return _put(
        db, holder, name, version, files, origin=PUBLIC_ORIGIN, status=PUBLISHED, metadata={}, now=now
    )


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


def refreshed(kept: Mapping[str, Asset], listed: Mapping[str, Asset]) -> dict[str, Asset]:
    """Return the kept files with what the public index says of them now: new files, and yanks (PEP 592)."""
    fresh = dict(kept)
    for name, file in listed.items():
        if name not in kept:
            fresh[name] = file
        elif kept[name].sha256 == file.sha256 and kept[name].yanked != file.yanked:
            fresh[name] = replace(kept[name], yanked=file.yanked)
    return fresh


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
    return packages.put_assets(db, kept, files)


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
