"""PublishPackageVersion (AWS CodeArtifact User Guide, "Publishing a generic package")."""

from collections.abc import AsyncIterator
from sqlite3 import Connection

import anyio.from_thread
from starlette.concurrency import run_in_threadpool

from codeartifact_local.controls.origins import may_publish
from codeartifact_local.controls.patterns import Coordinate
from codeartifact_local.operations.lookup import Output, ServiceCall, find_package, the_repository
from codeartifact_local.operations.versions import asset_summary, version_coordinate
from codeartifact_local.protocol.errors import (
    AccessDeniedError,
    ConflictError,
    QuotaExceededError,
    ValidationError,
)
from codeartifact_local.store import keeping, packages
from codeartifact_local.store.blobs import Digests, Incoming
from codeartifact_local.store.records import (
    FIRST_PUBLISHED,
    GENERIC,
    INTERNAL,
    PUBLISHED,
    UNFINISHED,
    Asset,
    Origin,
    Package,
    Repository,
    Version,
)


def publish_package_version(call: ServiceCall) -> Output:
    """Add a file to a version, which is Unfinished until a file comes without ``unfinished``."""
    if call.input["format"] != GENERIC:
        raise ValidationError(f"Only {GENERIC} packages can be published with this operation.", "OTHER")
    if "namespace" not in call.input:
        raise ValidationError(f"A namespace is required for packages of the format {GENERIC}.")
    with call.world.database.read() as db:
        the_repository(db, call)
    with call.world.blobs.incoming() as incoming:
        limit = call.world.settings.max_asset_bytes
        anyio.from_thread.run(_receive, call.input["assetContent"], incoming, limit)
        digests = incoming.digests()
        if digests.sha256 != call.input["assetSHA256"]:
            raise ValidationError(f"The content's SHA-256 is {digests.sha256}, not the one that was sent.")
        incoming.sync()
        return _publish(call, incoming, digests)


async def _receive(chunks: AsyncIterator[bytes], incoming: Incoming, limit: int) -> None:
    async for chunk in chunks:
        if incoming.size + len(chunk) > limit:
            raise ValidationError(f"The asset is larger than {limit} bytes, the most that one may have.")
        await run_in_threadpool(incoming.write, chunk)


def _publish(call: ServiceCall, incoming: Incoming, digests: Digests) -> Output:
    with call.world.database.write() as db:
        repository = the_repository(db, call)
        found = find_package(db, call, repository)
        _check_origins(db, call, repository, found)
        package = found or packages.add(
            db,
            repository,
            call.input["package"],
            FIRST_PUBLISHED,
            format=GENERIC,
            namespace=call.input["namespace"],
        )
        version = _version(db, call, repository, package)
        asset = Asset(name=call.input["assetName"], sha256=digests.sha256, size=digests.size, digests=digests)
        if not _is_held(db, call, version, asset):
            keeping.keep(db, call.world.blobs, incoming, digests)
            version = packages.put_assets(db, version, [asset])
        if version.status == UNFINISHED and not call.input.get("unfinished", False):
            version = packages.set_status(db, version, PUBLISHED)
    return {
        **version_coordinate(package, version),
        "status": version.status,
        "asset": asset_summary(asset),
    }


def _check_origins(db: Connection, call: ServiceCall, repository: Repository, found: Package | None) -> None:
    name, namespace = call.input["package"], call.input["namespace"]
    coordinate = Coordinate(format=GENERIC, namespace=namespace, name=name)
    if not may_publish(db, repository, coordinate, found):
        raise AccessDeniedError(
            f"Publishing {namespace}/{name} to {repository.name} is blocked by its origin controls."
        )


def _version(db: Connection, call: ServiceCall, repository: Repository, package: Package) -> Version:
    found = packages.find_version(db, package, call.input["packageVersion"])
    return found or packages.add_version(
        db,
        package,
        call.input["packageVersion"],
        status=UNFINISHED,
        origin=Origin(type=INTERNAL, repository=repository.name),
        published=call.world.clock.now(),
        metadata={},
    )


def _is_held(db: Connection, call: ServiceCall, version: Version, asset: Asset) -> bool:
    """Return whether this very file is here already; it is a conflict where it may not be added."""
    held = packages.find_asset(db, version, asset.name)
    if held is not None and held.sha256 == asset.sha256:
        return True
    if held is not None:
        raise ConflictError(
            f"Asset {asset.name} of version {version.version} already exists with other content.",
            kind="asset",
            resource=asset.name,
        )
    if version.status != UNFINISHED:
        raise ConflictError(
            f"Version {version.version} is {version.status}; files are added while it is {UNFINISHED}.",
            kind="package-version",
            resource=version.version,
        )
    most = call.world.settings.assets_per_version
    if len(packages.assets(db, version)) >= most:
        raise QuotaExceededError(
            f"Version {version.version} has {most} files, the most that one may have.",
            kind="package-version",
            resource=version.version,
        )
    return False
