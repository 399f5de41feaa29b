"""Rows of package groups."""

import json
from collections.abc import Mapping
from datetime import datetime
from sqlite3 import Connection

from codeartifact_local.store.records import (
    ALLOW,
    INHERIT,
    RESTRICTION_TYPES,
    ROOT_PATTERN,
    Domain,
    PackageGroup,
    package_group_of,
)


def find(db: Connection, domain: Domain, pattern: str) -> PackageGroup | None:
    """Return the group with this pattern, or None."""
    query = "SELECT * FROM package_group WHERE domain_id = ? AND pattern = ?"
    row = db.execute(query, (domain.id, pattern)).fetchone()
    return package_group_of(row) if row else None


def every(db: Connection, domain_id: int) -> list[PackageGroup]:
    """Return the groups of a domain, by pattern."""
    query = "SELECT * FROM package_group WHERE domain_id = ? ORDER BY pattern"
    return [package_group_of(row) for row in db.execute(query, (domain_id,))]


def add(
    db: Connection,
    *,
    domain: Domain,
    pattern: str,
    created: datetime,
    contact_info: str | None = None,
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> PackageGroup:
    """Make a group that inherits everything; the root has nobody to inherit from, and allows everything."""
    mode = ALLOW if pattern == ROOT_PATTERN else INHERIT
    row = db.execute(
        "INSERT INTO package_group (domain_id, pattern, contact_info, description, created, tags,"
        " restrictions, allowed) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (
            domain.id,
            pattern,
            contact_info,
            description,
            created.timestamp(),
            json.dumps(dict(tags or {})),
            json.dumps(dict.fromkeys(RESTRICTION_TYPES, mode)),
            json.dumps({restriction: [] for restriction in RESTRICTION_TYPES}),
        ),
    ).fetchone()
    return package_group_of(row)


def put(db: Connection, group: PackageGroup) -> None:
    """Replace what can change of a group: all but its pattern and time."""
    db.execute(
        "UPDATE package_group SET contact_info = ?, description = ?, tags = ?, restrictions = ?, allowed = ?"
        " WHERE id = ?",
        (
            group.contact_info,
            group.description,
            json.dumps(group.tags),
            json.dumps(group.restrictions),
            json.dumps({restriction: list(names) for restriction, names in group.allowed.items()}),
            group.id,
        ),
    )


def remove(db: Connection, group: PackageGroup) -> None:
    """Remove a group; its packages stay."""
    db.execute("DELETE FROM package_group WHERE id = ?", (group.id,))
