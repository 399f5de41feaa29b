"""Puts a checked file into a repository, or says why it may not be there."""

from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any

from starlette.concurrency import run_in_threadpool

from codeartifact_local.controls.origins import may_publish
from codeartifact_local.controls.patterns import Coordinate
from codeartifact_local.naming import Distribution
from codeartifact_local.pypi.address import Address
from codeartifact_local.pypi.errors import PypiError
from codeartifact_local.pypi.lookup import find_repository
from codeartifact_local.service import Service
from codeartifact_local.store import keeping, packages
from codeartifact_local.store.blobs import Digests, Incoming
from codeartifact_local.store.records import (
    ALLOW,
    DOWNLOADABLE,
    FIRST_PUBLISHED,
    INTERNAL,
    PUBLISHED,
    PYPI,
    Asset,
    Origin,
    Package,
    Repository,
    Version,
)
from codeartifact_local.upstream.chain import reach
from codeartifact_local.upstream.errors import PublicIndexError
from codeartifact_local.upstream.listing import Listing


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that was received and checked, and is not in any repository yet."""

    distribution: Distribution
    requires_python: str | None
    metadata: dict[str, Any]
    digests: Digests

    @property
    def name(self) -> str:
        """The package's normalised name."""
        return self.distribution.name

    @property
    def coordinate(self) -> Coordinate:
        """What names the package."""
        return Coordinate(format=PYPI, namespace="", name=self.name)

    @property
    def version(self) -> str:
        """The version as it is kept: normalised (PEP 440)."""
        return str(self.distribution.version)


async def publish(service: Service, address: Address, received: Upload, incoming: Incoming) -> None:
    """Put a file into the repository of `address`; it is on the disk and on the index page when this returns.

    Raises:
        PypiError: 403 publishing is blocked, 404 no such repository, 409 the name or version is taken.
    """
    listing = await _public_namesake(service, address, received.name)
    await run_in_threadpool(_publish, service, address, received, listing, incoming)


async def _public_namesake(service: Service, address: Address, name: str) -> Listing | None:
    """Return what the public index lists under `name`, where this repository would take it from there.

    While the public index cannot be reached a publish may slip through, as AWS documents of its service.
    """
    if not await run_in_threadpool(_reaches_public, service, address, name):
        return None
    try:
        return await service.supply.public.listing(name)
    except PublicIndexError:
        return None


def _reaches_public(service: Service, address: Address, name: str) -> bool:
    with service.database.read() as db:
        return any(hop.public for hop in reach(db, find_repository(db, address), name))


def _publish(
    service: Service, address: Address, received: Upload, listing: Listing | None, incoming: Incoming
) -> None:
    with service.database.write() as db:
        repository = find_repository(db, address)
        package = packages.find(db, repository, received.name)
        if not may_publish(db, repository, received.coordinate, package):
            raise PypiError(
                403,
                f"Publishing {received.name} to {repository.name} is blocked by its origin controls.",
            )
        version = packages.find_version(db, package, received.version) if package else None
        if version is not None and _is_held(db, version, received):
            keeping.keep(db, service.blobs, incoming, received.digests)  # they may have been lost
            return
        _check_upstream(db, repository, package, received, listing)
        _check_room(db, service, version)
        keeping.keep(db, service.blobs, incoming, received.digests)
        package = package or packages.add(db, repository, received.name, FIRST_PUBLISHED)
        now = service.clock.now()
        version = version or packages.add_version(
            db,
            package,
            received.version,
            status=PUBLISHED,
            origin=Origin(type=INTERNAL, repository=repository.name),
            published=now,
            metadata=received.metadata,
        )
        asset = Asset(
            name=received.distribution.filename,
            sha256=received.digests.sha256,
            size=received.digests.size,
            requires_python=received.requires_python,
            uploaded=now,
        )
        packages.put_assets(db, version, [asset])


def _is_held(db: Connection, version: Version, received: Upload) -> bool:
    """Return whether this very file is here already; it is a conflict where it may not be added."""
    filename = received.distribution.filename
    if version.status not in DOWNLOADABLE:
        raise PypiError(
            409,
            f"Version {version.version} of {received.name} is {version.status}; delete it first.",
        )
    held = packages.find_asset(db, version, filename)
    if held is not None and held.sha256 != received.digests.sha256:
        raise PypiError(
            409,
            f"{filename} already exists with other bytes (sha256 {held.sha256})",
        )
    return held is not None


def _check_room(db: Connection, service: Service, version: Version | None) -> None:
    most = service.settings.assets_per_version
    if version is not None and len(packages.assets(db, version)) >= most:
        raise PypiError(402, f"Version {version.version} has {most} files, the most that one may have.")


def _check_upstream(
    db: Connection,
    repository: Repository,
    package: Package | None,
    received: Upload,
    listing: Listing | None,
) -> None:
    """Refuse a version that upstream has, unless the origin controls hide what is upstream."""
    if package is not None and package.restrictions.upstream != ALLOW:
        return
    places = [
        hop.repository.name
        for hop in reach(db, repository, received.name)[1:]
        if hop.package and packages.find_version(db, hop.package, received.version)
    ]
    if listing is not None and received.version in listing.versions:
        places.append("the public index")
    if places:
        raise PypiError(
            409,
            f"{received.name} {received.version} is already upstream, in {' and in '.join(places)}.",
        )
