"""The tables. Times are seconds since the epoch, UTC."""

VERSION = 2

TABLES = """
CREATE TABLE domain (
    id INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    encryption_key TEXT NOT NULL,
    created REAL NOT NULL,
    tags TEXT NOT NULL DEFAULT '{}',
    policy TEXT,
    UNIQUE (owner, name)
) STRICT;

CREATE TABLE repository (
    id INTEGER PRIMARY KEY,
    domain_id INTEGER NOT NULL REFERENCES domain,
    name TEXT NOT NULL,
    description TEXT,
    connection TEXT,
    created REAL NOT NULL,
    tags TEXT NOT NULL DEFAULT '{}',
    policy TEXT,
    UNIQUE (domain_id, name)
) STRICT;

CREATE TABLE upstream (
    repository_id INTEGER NOT NULL REFERENCES repository ON DELETE CASCADE,
    priority INTEGER NOT NULL,
    upstream_id INTEGER NOT NULL REFERENCES repository ON DELETE CASCADE,
    PRIMARY KEY (repository_id, priority)
) STRICT;

-- Tags, restrictions by type, and the lists of repositories that they allow are JSON.
CREATE TABLE package_group (
    id INTEGER PRIMARY KEY,
    domain_id INTEGER NOT NULL REFERENCES domain ON DELETE CASCADE,
    pattern TEXT NOT NULL,
    contact_info TEXT,
    description TEXT,
    created REAL NOT NULL,
    tags TEXT NOT NULL,
    restrictions TEXT NOT NULL,
    allowed TEXT NOT NULL,
    UNIQUE (domain_id, pattern)
) STRICT;

CREATE TABLE package (
    id INTEGER PRIMARY KEY,
    repository_id INTEGER NOT NULL REFERENCES repository ON DELETE CASCADE,
    format TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    publish TEXT NOT NULL,
    upstream TEXT NOT NULL,
    UNIQUE (repository_id, format, namespace, name)
) STRICT;

CREATE TABLE version (
    id INTEGER PRIMARY KEY,
    package_id INTEGER NOT NULL REFERENCES package ON DELETE CASCADE,
    version TEXT NOT NULL,
    revision TEXT NOT NULL,
    status TEXT NOT NULL,
    origin TEXT NOT NULL,
    entry_repository TEXT,
    entry_connection TEXT,
    published REAL NOT NULL,
    metadata TEXT NOT NULL,
    UNIQUE (package_id, version)
) STRICT;

-- A file of a version. Of a file that came from upstream there may be no bytes yet: then it has no blob.
CREATE TABLE asset (
    version_id INTEGER NOT NULL REFERENCES version ON DELETE CASCADE,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER,
    requires_python TEXT,
    yanked TEXT,
    uploaded REAL,
    PRIMARY KEY (version_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_by_sha256 ON asset (sha256);

-- Bytes that are on disk, once for all domains, whoever refers to them.
CREATE TABLE blob (
    sha256 TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    md5 TEXT NOT NULL,
    sha1 TEXT NOT NULL,
    sha512 TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""
