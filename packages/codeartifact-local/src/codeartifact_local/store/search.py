"""Finds packages by a part of their name, and versions by a file's hash, in all repositories of an account."""

from dataclasses import dataclass
from sqlite3 import Connection, Row

from codeartifact_local.store.records import Package, Version, package_of, version_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A package, and the names of its repository and domain; its version where that was looked for."""

    domain: str
    repository: str
    package: Package
    version: Version | None = None


_PACKAGES = """
    SELECT package.*, domain.name AS domain_name, repository.name AS repository_name FROM package
    JOIN repository ON repository.id = package.repository_id
    JOIN domain ON domain.id = repository.domain_id
"""


def packages_by_name(db: Connection, owner: str, part: str, limit: int) -> list[Found]:
    """Return packages whose name contains `part`, lower-case and normalised; the shortest names first."""
    query = f"""{_PACKAGES} WHERE domain.owner = ? AND instr(lower(package.name), ?)
        ORDER BY length(package.name), package.name, domain.name, repository.name LIMIT ?"""
    return [_found(row) for row in db.execute(query, (owner, part, limit))]


def versions_by_sha256(db: Connection, owner: str, sha256: str, limit: int) -> list[Found]:
    """Return the versions that have a file with this hash."""
    query = """SELECT version.* FROM version JOIN asset ON asset.version_id = version.id
        WHERE asset.sha256 = ? ORDER BY version.id LIMIT ?"""
    found = []
    for row in db.execute(query, (sha256, limit)):
        version = version_of(row)
        packages = db.execute(
            f"{_PACKAGES} WHERE package.id = ? AND domain.owner = ?", (version.package_id, owner)
        )
        found += [_found(row, version) for row in packages]
    return found


def _found(row: Row, version: Version | None = None) -> Found:
    return Found(
        domain=row["domain_name"], repository=row["repository_name"], package=package_of(row), version=version
    )
