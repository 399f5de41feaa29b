"""CopyPackageVersions (AWS CodeArtifact User Guide, "Copy packages between repositories")."""

from collections.abc import Mapping
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any

import anyio.from_thread

from codeartifact_local.operations.all_or_nothing import (
    Failure,
    check_count,
    failed,
    not_found,
    revision_failure,
    succeeded,
)
from codeartifact_local.operations.lookup import (
    Output,
    ServiceCall,
    find_package,
    the_package,
    the_repository,
)
from codeartifact_local.protocol.errors import InternalError, ValidationError
from codeartifact_local.store import packages
from codeartifact_local.store.records import DISPOSED, PUBLISHED, Asset, Origin, Package, Repository, Version
from codeartifact_local.upstream.chain import Hop, reach
from codeartifact_local.upstream.errors import PublicIndexError
from codeartifact_local.upstream.listing import Listing
from codeartifact_local.upstream.retention import PUBLIC_ORIGIN, first_restrictions, ingest


@dataclass(frozen=True, kw_only=True)
class Source:
    """A version that is to be copied, and its files."""

    version: str
    revision: str
    status: str
    origin: Origin
    metadata: dict[str, Any]
    files: list[Asset]
    ingested_by: Repository | None = None
    """The repository with the connection, where only the public index has the version yet."""


def copy_package_versions(call: ServiceCall) -> Output:
    """Copy versions of one package between repositories of a domain; the bytes are not copied."""
    wanted = _wanted(call)
    listing = _public_listing(call)
    with call.world.database.write() as db:
        origin, destination = (
            the_repository(db, call, m) for m in ("sourceRepository", "destinationRepository")
        )
        if origin.id == destination.id:
            raise ValidationError("The source and destination repositories must be different.", "OTHER")
        sources = {version: _source(db, call, origin, version, listing) for version in wanted}
        target = find_package(db, call, destination)
        failures = _failures(db, call, sources, wanted, target)
        if failures:
            return failed(wanted, failures)
        return succeeded(
            [
                _copy(db, call, destination, source)
                for source in sources.values()
                if source is not None and not _is_there(db, target, source)
            ]
        )


def _wanted(call: ServiceCall) -> Mapping[str, str | None]:
    """Return the revision that each version must have (None: any)."""
    versions, revisions = call.input.get("versions"), call.input.get("versionRevisions")
    if bool(versions) == bool(revisions):
        raise ValidationError("Exactly one of versions and versionRevisions must be given.", "OTHER")
    wanted: Mapping[str, str | None] = revisions if revisions else dict.fromkeys(versions or ())
    check_count(wanted)
    return wanted


def _public_listing(call: ServiceCall) -> Listing | None:
    if not call.input.get("includeFromUpstream", False):
        return None
    with call.world.database.read() as db:
        hops = reach(db, the_repository(db, call, "sourceRepository"), call.input["package"])
    if not any(hop.public for hop in hops):
        return None
    try:
        return anyio.from_thread.run(call.world.supply.public.listing, call.input["package"])
    except PublicIndexError as error:
        raise InternalError(str(error)) from error


def _source(
    db: Connection, call: ServiceCall, origin: Repository, wanted: str, listing: Listing | None
) -> Source | None:
    if not call.input.get("includeFromUpstream", False):
        return _held(db, packages.find_version(db, the_package(db, call, origin), wanted))
    hops = reach(db, origin, call.input["package"])
    found = (packages.find_version(db, hop.package, wanted) for hop in hops if hop.package)
    version = next((version for version in found if version is not None), None)
    return _held(db, version) if version else _public(hops, wanted, listing)


def _held(db: Connection, version: Version | None) -> Source | None:
    if version is None or version.status == DISPOSED:
        return None
    return Source(
        version=version.version,
        revision=version.revision,
        status=version.status,
        origin=version.origin,
        metadata=version.metadata,
        files=packages.assets(db, version),
    )


def _public(hops: list[Hop], wanted: str, listing: Listing | None) -> Source | None:
    if listing is None or wanted not in listing.versions:
        return None
    files = list(listing.versions[wanted].values())
    return Source(
        version=wanted,
        revision=packages.revision(wanted, files),
        status=PUBLISHED,
        origin=PUBLIC_ORIGIN,
        metadata={},
        files=files,
        ingested_by=next(hop.repository for hop in hops if hop.public),
    )


def _failures(
    db: Connection,
    call: ServiceCall,
    sources: Mapping[str, Source | None],
    wanted: Mapping[str, str | None],
    target: Package | None,
) -> dict[str, Failure]:
    may_overwrite = call.input.get("allowOverwrite", False)
    judged = {
        name: _failure(db, source, name, wanted[name], None if may_overwrite else target)
        for name, source in sources.items()
    }
    return {name: failure for name, failure in judged.items() if failure is not None}


def _failure(
    db: Connection, source: Source | None, name: str, revision: str | None, target: Package | None
) -> Failure | None:
    if source is None:
        return not_found(name)
    mismatched = revision_failure(source.revision, revision)
    if mismatched is None and target is not None and _differs_there(db, target, source):
        return Failure(code="ALREADY_EXISTS", message=f"Version {name} already exists")
    return mismatched


def _is_there(db: Connection, target: Package | None, source: Source) -> bool:
    """Return whether the destination has the identical version; revisions are equal where the files are."""
    existing = packages.find_version(db, target, source.version) if target else None
    return existing is not None and existing.revision == source.revision


def _differs_there(db: Connection, target: Package, source: Source) -> bool:
    existing = packages.find_version(db, target, source.version)
    return existing is not None and existing.revision != source.revision


def _copy(db: Connection, call: ServiceCall, destination: Repository, source: Source) -> Version:
    name, now = call.input["package"], call.world.clock.now()
    if source.ingested_by is not None:
        ingest(db, source.ingested_by, name, source.version, source.files, now)
    package = find_package(db, call, destination) or packages.add(
        db, destination, name, first_restrictions(source.origin), format=call.input["format"]
    )
    if replaced := packages.find_version(db, package, source.version):
        packages.remove_version(db, replaced)
    copy = packages.add_version(
        db,
        package,
        source.version,
        status=source.status,
        origin=source.origin,
        published=now,
        metadata=source.metadata,
    )
    return packages.put_assets(db, copy, source.files)
