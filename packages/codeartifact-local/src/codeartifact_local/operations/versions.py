"""Operations on the versions of a package and their files; they never look upstream."""

from typing import Any

import anyio.from_thread

from codeartifact_local.archives import description
from codeartifact_local.operations.core_metadata import core_metadata
from codeartifact_local.operations.lookup import Output, ServiceCall, the_package, the_repository, the_version
from codeartifact_local.operations.paging import paginate
from codeartifact_local.protocol.errors import ConflictError, InternalError, NotFoundError
from codeartifact_local.store import packages
from codeartifact_local.store.records import DOWNLOADABLE, Asset, Origin, Package, Version
from codeartifact_local.upstream.errors import PublicIndexError
from codeartifact_local.visibility import Visibility


def list_package_versions(call: ServiceCall) -> Output:
    """List versions of every status, or of the one asked for."""
    with call.world.database.read() as db:
        package = the_package(db, call, the_repository(db, call))
        visibility = Visibility(now=call.world.clock.now(), settings=call.world.settings)
        found = [version for version in packages.versions(db, package) if visibility.in_lists(version)]
    latest = max(found, key=lambda version: version.published, default=None)
    by_time = call.input.get("sortBy") == "PUBLISHED_TIME"
    page = paginate(
        call,
        (version for version in found if _is_wanted(call, version)),
        lambda version: (-version.published.timestamp() if by_time else 0.0, version.version),
    )
    return {
        **package_coordinate(package),
        "defaultDisplayVersion": latest.version if latest else None,
        "versions": [_summary(version) for version in page.items],
        "nextToken": page.next_token,
    }


def describe_package_version(call: ServiceCall) -> Output:
    """Describe a version."""
    with call.world.database.read() as db:
        package, version = the_version(db, call)
        files = packages.assets(db, version)
    metadata = version.metadata
    if not metadata:  # it came from the public index; nothing is fetched for this alone
        metadata = description(core_metadata(call.world, package, [file for file in files if file.digests]))
    coordinate = package_coordinate(package)
    coordinate["packageName"] = coordinate.pop("package")
    return {
        "packageVersion": {
            **coordinate,
            **_summary(version),
            **metadata,
            "displayName": metadata.get("displayName") or package.name,
            "publishedTime": version.published,
        }
    }


def list_package_version_assets(call: ServiceCall) -> Output:
    """List the files of a version."""
    with call.world.database.read() as db:
        package, version = the_version(db, call)
        found = packages.assets(db, version)
    page = paginate(call, found, lambda asset: (asset.name,))
    return {
        **version_coordinate(package, version),
        "assets": [asset_summary(asset) for asset in page.items],
        "nextToken": page.next_token,
    }


def get_package_version_asset(call: ServiceCall) -> Output:
    """Give the bytes of a file; those that were listed upstream and never downloaded are fetched now."""
    name = call.input["asset"]
    with call.world.database.read() as db:
        package, version = the_version(db, call)
        asset = packages.find_asset(db, version, name)
    _check_downloadable(call, version)
    if asset is None:
        raise NotFoundError(f"Asset not found. Asset: {name}", kind="asset", resource=name)
    try:
        content = anyio.from_thread.run(call.world.supply.content, package.name, asset)
    except PublicIndexError as error:
        raise InternalError(str(error)) from error
    return {
        "asset": content,
        "assetName": asset.name,
        "packageVersion": version.version,
        "packageVersionRevision": version.revision,
    }


def _check_downloadable(call: ServiceCall, version: Version) -> None:
    wanted = call.input.get("packageVersionRevision", version.revision)
    if wanted != version.revision:
        raise ConflictError(
            f"current revision: {version.revision}, expected revision: {wanted}",
            kind="package-version",
            resource=version.version,
        )
    if version.status not in DOWNLOADABLE:
        raise NotFoundError(
            f"The assets of a version that is {version.status} cannot be downloaded.",
            kind="asset",
            resource=call.input["asset"],
        )


def _is_wanted(call: ServiceCall, version: Version) -> bool:
    status, origin = call.input.get("status"), call.input.get("originType")
    return status in (None, version.status) and origin in (None, version.origin.type)


def package_coordinate(package: Package) -> dict[str, Any]:
    """Return the members by which answers name a package."""
    return {"format": package.format, "namespace": package.namespace or None, "package": package.name}


def version_coordinate(package: Package, version: Version) -> dict[str, Any]:
    """Return the members by which answers name a version, with its revision."""
    return {
        **package_coordinate(package),
        "version": version.version,
        "versionRevision": version.revision,
    }


def _summary(version: Version) -> dict[str, Any]:
    return {
        "version": version.version,
        "revision": version.revision,
        "status": version.status,
        "origin": _origin(version.origin),
    }


def _origin(origin: Origin) -> dict[str, Any]:
    entry = {"repositoryName": origin.repository, "externalConnectionName": origin.connection}
    return {"originType": origin.type, "domainEntryPoint": entry}


def asset_summary(asset: Asset) -> dict[str, Any]:
    """Return what answers tell of a file."""
    hashes = {"SHA-256": asset.sha256}
    if asset.digests is not None:
        hashes |= {
            "MD5": asset.digests.md5,
            "SHA-1": asset.digests.sha1,
            "SHA-512": asset.digests.sha512,
        }
    return {"name": asset.name, "size": asset.size, "hashes": hashes}
