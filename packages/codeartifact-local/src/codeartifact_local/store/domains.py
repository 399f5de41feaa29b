"""Rows of domains."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from sqlite3 import Connection

from codeartifact_local.store.records import Domain, Policy, domain_of


def find(db: Connection, owner: str, name: str) -> Domain | None:
    """Return the domain `name` of `owner`, or None."""
    row = db.execute("SELECT * FROM domain WHERE owner = ? AND name = ?", (owner, name)).fetchone()
    return domain_of(row) if row else None


def every(db: Connection, owner: str) -> list[Domain]:
    """Return the domains of `owner`, by name."""
    return [
        domain_of(row) for row in db.execute("SELECT * FROM domain WHERE owner = ? ORDER BY name", (owner,))
    ]


def add(
    db: Connection, *, owner: str, name: str, encryption_key: str, created: datetime, tags: Mapping[str, str]
) -> Domain:
    """Make a domain."""
    row = db.execute(
        "INSERT INTO domain (owner, name, encryption_key, created, tags) VALUES (?, ?, ?, ?, ?) RETURNING *",
        (owner, name, encryption_key, created.timestamp(), json.dumps(dict(tags))),
    ).fetchone()
    return domain_of(row)


def put_tags(db: Connection, domain: Domain, tags: Mapping[str, str]) -> None:
    """Replace a domain's tags."""
    db.execute("UPDATE domain SET tags = ? WHERE id = ?", (json.dumps(dict(tags)), domain.id))


def put_policy(db: Connection, domain: Domain, policy: Policy | None) -> None:
    """Set or clear a domain's policy."""
    written = json.dumps(asdict(policy)) if policy else None
    db.execute("UPDATE domain SET policy = ? WHERE id = ?", (written, domain.id))


def remove(db: Connection, domain: Domain) -> None:
    """Remove a domain that has no repositories."""
    db.execute("DELETE FROM domain WHERE id = ?", (domain.id,))


def repository_count(db: Connection, domain: Domain) -> int:
    """Return how many repositories a domain has."""
    query = "SELECT count(*) FROM repository WHERE domain_id = ?"
    return int(db.execute(query, (domain.id,)).fetchone()[0])


def asset_bytes(db: Connection, domain: Domain) -> int:
    """Return how many bytes a domain's files take; one that is in several repositories counts once."""
    query = """
        SELECT coalesce(sum(size), 0) FROM blob WHERE sha256 IN (
            SELECT asset.sha256 FROM asset
            JOIN version ON version.id = asset.version_id
            JOIN package ON package.id = version.package_id
            JOIN repository ON repository.id = package.repository_id
            WHERE repository.domain_id = ?)
    """
    return int(db.execute(query, (domain.id,)).fetchone()[0])
