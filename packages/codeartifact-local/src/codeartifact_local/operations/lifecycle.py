"""Operations that change the status of versions, dispose of them, or delete them: all of them, or none."""

from collections.abc import Callable
from dataclasses import replace
from sqlite3 import Connection

from codeartifact_local.operations.all_or_nothing import (
    Failure,
    check_count,
    failed,
    not_found,
    revision_failure,
    status_failure,
    succeeded,
)
from codeartifact_local.operations.lookup import Output, ServiceCall, the_package, the_repository
from codeartifact_local.operations.packages import package_summary
from codeartifact_local.protocol.errors import ValidationError
from codeartifact_local.store import keeping, packages
from codeartifact_local.store.records import ARCHIVED, DELETED, DISPOSED, PUBLISHED, UNLISTED, Version

_TARGETS = (PUBLISHED, UNLISTED, ARCHIVED)


def update_package_versions_status(call: ServiceCall) -> Output:
    """Publish, unlist or archive versions; a disposed one has lost its files and stays disposed."""
    target = call.input["targetStatus"]
    if target not in _TARGETS:
        raise ValidationError(f"targetStatus must be one of {', '.join(_TARGETS)}, not {target}.")

    def refuse(version: Version) -> Failure | None:
        if version.status != DISPOSED:
            return None
        return Failure(
            code="NOT_ALLOWED", message=f"Version {version.version} is {DISPOSED}; it can only be deleted"
        )

    return _change(call, lambda db, version: packages.set_status(db, version, target), refuse)


def dispose_package_versions(call: ServiceCall) -> Output:
    """Remove the files of versions for good; their rows stay, as Disposed."""
    answer = _change(call, packages.dispose)
    keeping.collect(call.world.database, call.world.blobs)
    return answer


def delete_package_versions(call: ServiceCall) -> Output:
    """Remove versions, so that they can be published again."""

    def delete(db: Connection, version: Version) -> Version:
        packages.remove_version(db, version)
        return replace(version, status=DELETED)

    answer = _change(call, delete)
    keeping.collect(call.world.database, call.world.blobs)
    return answer


def delete_package(call: ServiceCall) -> Output:
    """Remove a package with its versions and its origin controls."""
    with call.world.database.write() as db:
        package = the_package(db, call, the_repository(db, call))
        packages.remove(db, package)
    keeping.collect(call.world.database, call.world.blobs)
    return {"deletedPackage": package_summary(package, "package")}


def _allow(version: Version) -> Failure | None:
    return None


def _change(
    call: ServiceCall,
    apply: Callable[[Connection, Version], Version],
    refuse: Callable[[Version], Failure | None] = _allow,
) -> Output:
    wanted = dict.fromkeys(call.input["versions"])
    check_count(call.input["versions"])
    with call.world.database.write() as db:
        package = the_package(db, call, the_repository(db, call))
        found = {version: packages.find_version(db, package, version) for version in wanted}
        judged = {name: _failure(call, name, version) for name, version in found.items()}
        versions = [version for version in found.values() if version is not None]
        refused = {version.version: refuse(version) for version in versions}
        failures = {
            name: failure for name in wanted if (failure := judged[name] or refused.get(name)) is not None
        }
        if failures:
            return failed(wanted, failures)
        return succeeded([apply(db, version) for version in versions])


def _failure(call: ServiceCall, name: str, version: Version | None) -> Failure | None:
    if version is None:
        return not_found(name)
    expected = call.input.get("versionRevisions", {}).get(name)
    return revision_failure(version.revision, expected) or status_failure(
        version.status, call.input.get("expectedStatus")
    )
