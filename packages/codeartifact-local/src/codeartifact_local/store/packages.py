"""Rows of packages, their versions, and the files of those."""

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from sqlite3 import Connection
from typing import Any

from codeartifact_local.store.records import (
    DISPOSED,
    Asset,
    Origin,
    Package,
    Repository,
    Restrictions,
    Version,
    asset_of,
    package_of,
    version_of,
)


def find(
    db: Connection, repository: Repository, name: str, *, format: str = "pypi", namespace: str = ""
) -> Package | None:
    """Return a package of `repository`, or None."""
    row = db.execute(
        "SELECT * FROM package WHERE repository_id = ? AND format = ? AND namespace = ? AND name = ?",
        (repository.id, format, namespace, name),
    ).fetchone()
    return package_of(row) if row else None


def every(db: Connection, repository: Repository) -> list[Package]:
    """Return the packages of `repository`, by format, namespace and name."""
    query = "SELECT * FROM package WHERE repository_id = ? ORDER BY format, namespace, name"
    return [package_of(row) for row in db.execute(query, (repository.id,))]


def count(db: Connection, repository: Repository) -> int:
    """Return how many packages a repository holds."""
    query = "SELECT count(*) FROM package WHERE repository_id = ?"
    return int(db.execute(query, (repository.id,)).fetchone()[0])


def add(
    db: Connection,
    repository: Repository,
    name: str,
    restrictions: Restrictions,
    *,
    format: str = "pypi",
    namespace: str = "",
) -> Package:
    """Make a package without versions."""
    row = db.execute(
        "INSERT INTO package (repository_id, format, namespace, name, publish, upstream)"
        " VALUES (?, ?, ?, ?, ?, ?) RETURNING *",
        (repository.id, format, namespace, name, restrictions.publish, restrictions.upstream),
    ).fetchone()
    return package_of(row)


def restrict(db: Connection, package: Package, restrictions: Restrictions) -> None:
    """Replace a package's origin controls."""
    db.execute(
        "UPDATE package SET publish = ?, upstream = ? WHERE id = ?",
        (restrictions.publish, restrictions.upstream, package.id),
    )


def remove(db: Connection, package: Package) -> None:
    """Remove a package with its versions."""
    db.execute("DELETE FROM package WHERE id = ?", (package.id,))


def versions(db: Connection, package: Package) -> list[Version]:
    """Return the versions of a package, of every status, in the order of their text."""
    query = "SELECT * FROM version WHERE package_id = ? ORDER BY version"
    return [version_of(row) for row in db.execute(query, (package.id,))]


def find_version(db: Connection, package: Package, version: str) -> Version | None:
    """Return one version, or None."""
    query = "SELECT * FROM version WHERE package_id = ? AND version = ?"
    row = db.execute(query, (package.id, version)).fetchone()
    return version_of(row) if row else None


def add_version(
    db: Connection,
    package: Package,
    version: str,
    *,
    status: str,
    origin: Origin,
    published: datetime,
    metadata: dict[str, Any],
) -> Version:
    """Make a version without files."""
    row = db.execute(
        "INSERT INTO version (package_id, version, revision, status, origin, entry_repository,"
        " entry_connection, published, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (
            package.id,
            version,
            revision(version, ()),
            status,
            origin.type,
            origin.repository,
            origin.connection,
            published.timestamp(),
            json.dumps(metadata),
        ),
    ).fetchone()
    return version_of(row)


def set_status(db: Connection, version: Version, status: str) -> Version:
    """Give a version another status; its revision stays."""
    db.execute("UPDATE version SET status = ? WHERE id = ?", (status, version.id))
    return replace(version, status=status)


def dispose(db: Connection, version: Version) -> Version:
    """Remove the files' rows of a version and give it the status Disposed; its revision stays."""
    db.execute("DELETE FROM asset WHERE version_id = ?", (version.id,))
    return set_status(db, version, DISPOSED)


def remove_version(db: Connection, version: Version) -> None:
    """Remove a version and its files' rows."""
    db.execute("DELETE FROM version WHERE id = ?", (version.id,))


def assets(db: Connection, version: Version) -> list[Asset]:
    """Return the files of a version, by name."""
    query = f"{_ASSETS} WHERE version_id = ? ORDER BY name"
    return [asset_of(row) for row in db.execute(query, (version.id,))]


def assets_by_version(db: Connection, package: Package) -> dict[int, list[Asset]]:
    """Return the files of all versions of a package, by the version's id."""
    query = f"{_ASSETS} JOIN version ON version.id = asset.version_id WHERE version.package_id = ?"
    found: dict[int, list[Asset]] = {}
    for row in db.execute(query, (package.id,)):
        found.setdefault(row["version_id"], []).append(asset_of(row))
    return found


def find_asset(db: Connection, version: Version, name: str) -> Asset | None:
    """Return one file of a version, or None."""
    row = db.execute(f"{_ASSETS} WHERE version_id = ? AND name = ?", (version.id, name)).fetchone()
    return asset_of(row) if row else None


def put_assets(db: Connection, version: Version, files: Iterable[Asset]) -> Version:
    """Add files to a version or replace their facts; return it with the revision that it has then."""
    db.executemany(
        "INSERT OR REPLACE INTO asset (version_id, name, sha256, size, requires_python, yanked, uploaded)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                version.id,
                file.name,
                file.sha256,
                file.size,
                file.requires_python,
                file.yanked,
                None if file.uploaded is None else file.uploaded.timestamp(),
            )
            for file in files
        ],
    )
    fresh = revision(version.version, assets(db, version))
    db.execute("UPDATE version SET revision = ? WHERE id = ?", (fresh, version.id))
    return replace(version, revision=fresh)


_ASSETS = """
    SELECT asset.*, blob.size AS blob_size, blob.md5 AS blob_md5, blob.sha1 AS blob_sha1,
        blob.sha512 AS blob_sha512
    FROM asset LEFT JOIN blob USING (sha256)
"""


def revision(version: str, files: Iterable[Asset]) -> str:
    """Return 32 bytes in base64, as AWS's revisions look; equal exactly where version and files are."""
    content = [version, *(f"{file.name}={file.sha256}" for file in files)]
    return base64.b64encode(hashlib.sha256("\n".join(content).encode()).digest()).decode()
