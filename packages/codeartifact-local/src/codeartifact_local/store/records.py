"""The rows, as values."""

import json
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from codeartifact_local.store.blobs import Digests

PYPI, GENERIC = "pypi", "generic"
PUBLIC_PYPI = "public:pypi"
EXTERNAL_CONNECTIONS = {
    PUBLIC_PYPI: "pypi",
    "public:npmjs": "npm",
    "public:nuget-org": "nuget",
    "public:maven-central": "maven",
    "public:maven-googleandroid": "maven",
    "public:maven-gradleplugins": "maven",
    "public:maven-commonsware": "maven",
    "public:maven-clojars": "maven",
    "public:ruby-gems-org": "ruby",
    "public:crates-io": "cargo",
}
"""The formats of the service's external connections; here only ``public:pypi`` leads somewhere."""
FORMATS = ("npm", "pypi", "maven", "nuget", "generic", "ruby", "swift", "cargo")
FORMATS_WITHOUT_NAMESPACE = ("pypi", "nuget", "ruby", "cargo")
ALLOW, BLOCK = "ALLOW", "BLOCK"
INHERIT, ALLOW_SPECIFIC_REPOSITORIES = "INHERIT", "ALLOW_SPECIFIC_REPOSITORIES"
PUBLISH, INTERNAL_UPSTREAM, EXTERNAL_UPSTREAM = "PUBLISH", "INTERNAL_UPSTREAM", "EXTERNAL_UPSTREAM"
RESTRICTION_TYPES = (EXTERNAL_UPSTREAM, INTERNAL_UPSTREAM, PUBLISH)
ROOT_PATTERN = "/*"
INTERNAL, EXTERNAL = "INTERNAL", "EXTERNAL"
PUBLISHED, UNLISTED, ARCHIVED, DISPOSED = "Published", "Unlisted", "Archived", "Disposed"
UNFINISHED, DELETED = "Unfinished", "Deleted"
LISTED = frozenset({PUBLISHED})
"""Statuses whose files are on a project's index page."""
DOWNLOADABLE = frozenset({PUBLISHED, UNLISTED})
"""Statuses whose files can be downloaded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """A resource policy, and the revision that a change of it must name."""

    document: str
    revision: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Domain:
    """A domain."""

    id: int
    owner: str
    name: str
    encryption_key: str
    created: datetime
    tags: dict[str, str] = field(hash=False)
    policy: Policy | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """A repository of a domain."""

    id: int
    domain_id: int
    name: str
    description: str | None
    connection: str | None
    created: datetime
    tags: dict[str, str] = field(hash=False)
    policy: Policy | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageGroup:
    """A package group: which packages it is about, and from where their versions may come."""

    id: int
    domain_id: int
    pattern: str
    contact_info: str | None
    description: str | None
    created: datetime
    tags: dict[str, str] = field(hash=False)
    restrictions: dict[str, str] = field(hash=False)
    """A mode for each of `RESTRICTION_TYPES`."""
    allowed: dict[str, frozenset[str]] = field(hash=False)
    """For each of `RESTRICTION_TYPES` the repositories on its list."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Restrictions:
    """Origin controls of a package: whether versions may be published, and taken from upstream."""

    publish: str
    upstream: str


FIRST_PUBLISHED = Restrictions(publish=ALLOW, upstream=BLOCK)
FIRST_INGESTED = Restrictions(publish=BLOCK, upstream=ALLOW)


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """A package of a repository; its name is normalised."""

    id: int
    repository_id: int
    format: str
    namespace: str
    name: str
    restrictions: Restrictions


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a version entered its domain."""

    type: str
    repository: str | None = None
    connection: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """A version of a package."""

    id: int
    package_id: int
    version: str
    revision: str
    status: str
    origin: Origin
    published: datetime
    metadata: dict[str, Any] = field(hash=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asset:
    """A file of a version; `digests` are there when its bytes are."""

    name: str
    sha256: str
    size: int | None
    requires_python: str | None = None
    yanked: str | None = None
    """Why the public index withdrew it (PEP 592); "" where it gives no reason, None where it did not."""
    uploaded: datetime | None = None
    digests: Digests | None = None


def moment(seconds: float) -> datetime:
    """Return the time that a row holds."""
    return datetime.fromtimestamp(seconds, UTC)


def domain_of(row: sqlite3.Row) -> Domain:
    """Read a row of `domain`."""
    return Domain(**{**dict(row), **_resource(row)})


def repository_of(row: sqlite3.Row) -> Repository:
    """Read a row of `repository`."""
    return Repository(**{**dict(row), **_resource(row)})


def _resource(row: sqlite3.Row) -> dict[str, Any]:
    policy = Policy(**json.loads(row["policy"])) if row["policy"] else None
    return {"created": moment(row["created"]), "tags": json.loads(row["tags"]), "policy": policy}


def package_group_of(row: sqlite3.Row) -> PackageGroup:
    """Read a row of `package_group`."""
    allowed = json.loads(row["allowed"])
    return PackageGroup(
        **{
            **dict(row),
            "created": moment(row["created"]),
            "tags": json.loads(row["tags"]),
            "restrictions": json.loads(row["restrictions"]),
            "allowed": {restriction: frozenset(names) for restriction, names in allowed.items()},
        }
    )


def package_of(row: sqlite3.Row) -> Package:
    """Read a row of `package`."""
    return Package(
        id=row["id"],
        repository_id=row["repository_id"],
        format=row["format"],
        namespace=row["namespace"],
        name=row["name"],
        restrictions=Restrictions(publish=row["publish"], upstream=row["upstream"]),
    )


def version_of(row: sqlite3.Row) -> Version:
    """Read a row of `version`."""
    return Version(
        id=row["id"],
        package_id=row["package_id"],
        version=row["version"],
        revision=row["revision"],
        status=row["status"],
        origin=Origin(
            type=row["origin"], repository=row["entry_repository"], connection=row["entry_connection"]
        ),
        published=moment(row["published"]),
        metadata=json.loads(row["metadata"]),
    )


def asset_of(row: sqlite3.Row) -> Asset:
    """Read a row of `asset` joined with `blob` (whose columns begin with ``blob_``)."""
    digests = None
    if row["blob_size"] is not None:
        digests = Digests(
            size=row["blob_size"],
            md5=row["blob_md5"],
            sha1=row["blob_sha1"],
            sha256=row["sha256"],
            sha512=row["blob_sha512"],
        )
    return Asset(
        name=row["name"],
        sha256=row["sha256"],
        size=row["size"] if digests is None else digests.size,
        requires_python=row["requires_python"],
        yanked=row["yanked"],
        uploaded=None if row["uploaded"] is None else moment(row["uploaded"]),
        digests=digests,
    )
