"""Rows of repositories and their upstreams."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from sqlite3 import Connection

from codeartifact_local.store.records import Domain, Policy, Repository, repository_of


def find(db: Connection, domain: Domain, name: str) -> Repository | None:
    """Return the repository `name` of `domain`, or None."""
    query = "SELECT * FROM repository WHERE domain_id = ? AND name = ?"
    row = db.execute(query, (domain.id, name)).fetchone()
    return repository_of(row) if row else None


def every(db: Connection, domain: Domain, prefix: str = "") -> list[Repository]:
    """Return the repositories of `domain` whose names begin with `prefix`, by name."""
    query = "SELECT * FROM repository WHERE domain_id = ? AND substr(name, 1, ?) = ? ORDER BY name"
    return [repository_of(row) for row in db.execute(query, (domain.id, len(prefix), prefix))]


def add(
    db: Connection,
    *,
    domain: Domain,
    name: str,
    description: str | None,
    created: datetime,
    tags: Mapping[str, str],
) -> Repository:
    """Make a repository."""
    row = db.execute(
        "INSERT INTO repository (domain_id, name, description, created, tags) VALUES (?, ?, ?, ?, ?)"
        " RETURNING *",
        (domain.id, name, description, created.timestamp(), json.dumps(dict(tags))),
    ).fetchone()
    return repository_of(row)


def put_tags(db: Connection, repository: Repository, tags: Mapping[str, str]) -> None:
    """Replace a repository's tags."""
    db.execute("UPDATE repository SET tags = ? WHERE id = ?", (json.dumps(dict(tags)), repository.id))


def put_policy(db: Connection, repository: Repository, policy: Policy | None) -> None:
    """Set or clear a repository's policy."""
    written = json.dumps(asdict(policy)) if policy else None
    db.execute("UPDATE repository SET policy = ? WHERE id = ?", (written, repository.id))


def describe(db: Connection, repository: Repository, description: str) -> None:
    """Replace a repository's description."""
    db.execute("UPDATE repository SET description = ? WHERE id = ?", (description, repository.id))


def connect(db: Connection, repository: Repository, connection: str | None) -> None:
    """Set or clear a repository's external connection."""
    db.execute("UPDATE repository SET connection = ? WHERE id = ?", (connection, repository.id))


def remove(db: Connection, repository: Repository) -> None:
    """Remove a repository with all that it holds; it is no longer anybody's upstream."""
    db.execute("DELETE FROM repository WHERE id = ?", (repository.id,))


def upstreams(db: Connection, repository: Repository) -> list[Repository]:
    """Return the direct upstreams, the first to be searched first."""
    query = """
        SELECT repository.* FROM upstream JOIN repository ON repository.id = upstream.upstream_id
        WHERE upstream.repository_id = ? ORDER BY upstream.priority
    """
    return [repository_of(row) for row in db.execute(query, (repository.id,))]


def set_upstreams(db: Connection, repository: Repository, chosen: Sequence[Repository]) -> None:
    """Replace the direct upstreams."""
    db.execute("DELETE FROM upstream WHERE repository_id = ?", (repository.id,))
    db.executemany(
        "INSERT INTO upstream (repository_id, priority, upstream_id) VALUES (?, ?, ?)",
        [(repository.id, priority, upstream.id) for priority, upstream in enumerate(chosen)],
    )
