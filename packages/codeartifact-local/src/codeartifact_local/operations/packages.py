"""Operations on packages."""

from sqlite3 import Connection
from typing import Any

from packaging.utils import is_normalized_name

from codeartifact_local.operations.lookup import (
    Output,
    ServiceCall,
    find_package,
    the_package,
    the_repository,
)
from codeartifact_local.operations.paging import paginate
from codeartifact_local.protocol.errors import ValidationError
from codeartifact_local.store import packages
from codeartifact_local.store.records import PYPI, Package, Restrictions
from codeartifact_local.visibility import Visibility


def list_packages(call: ServiceCall) -> Output:
    """List the packages that a repository itself holds."""
    with call.world.database.read() as db:
        found = [
            package for package in packages.every(db, the_repository(db, call)) if _shows(db, call, package)
        ]
    page = paginate(
        call,
        (package for package in found if _is_wanted(call, package)),
        lambda package: (package.format, package.namespace, package.name),
    )
    return {
        "packages": [package_summary(package, "package") for package in page.items],
        "nextToken": page.next_token,
    }


def describe_package(call: ServiceCall) -> Output:
    """Describe a package that a repository itself holds."""
    with call.world.database.read() as db:
        package = the_package(db, call, the_repository(db, call))
    return {"package": package_summary(package, "name")}


def put_package_origin_configuration(call: ServiceCall) -> Output:
    """Set the origin controls of a package, which need not exist yet: names can be blocked ahead."""
    name, wanted = call.input["package"], Restrictions(**call.input["restrictions"])
    if call.input["format"] == PYPI and not is_normalized_name(name):
        raise ValidationError(f"'{name}' is not a normalised package name (lower case, with single hyphens).")
    with call.world.database.write() as db:
        repository = the_repository(db, call)
        package = find_package(db, call, repository)
        if package is not None:
            packages.restrict(db, package, wanted)
        else:
            namespace = call.input.get("namespace", "")
            packages.add(db, repository, name, wanted, format=call.input["format"], namespace=namespace)
    return {"originConfiguration": _configuration(wanted)}


def _shows(db: Connection, call: ServiceCall, package: Package) -> bool:
    visibility = Visibility(now=call.world.clock.now(), settings=call.world.settings)
    if visibility.is_immediate:
        return True
    versions = packages.versions(db, package)
    return not versions or any(visibility.in_lists(version) for version in versions)


def _is_wanted(call: ServiceCall, package: Package) -> bool:
    wanted = call.input
    return (
        package.name.startswith(wanted.get("packagePrefix", ""))
        and package.format == wanted.get("format", package.format)
        and package.namespace == wanted.get("namespace", package.namespace)
        and package.restrictions.publish == wanted.get("publish", package.restrictions.publish)
        and package.restrictions.upstream == wanted.get("upstream", package.restrictions.upstream)
    )


def package_summary(package: Package, name_member: str) -> dict[str, Any]:
    """Return what answers tell of a package, its name under `name_member`."""
    return {
        "format": package.format,
        "namespace": package.namespace or None,
        name_member: package.name,
        "originConfiguration": _configuration(package.restrictions),
    }


def _configuration(restrictions: Restrictions) -> dict[str, Any]:
    return {"restrictions": {"publish": restrictions.publish, "upstream": restrictions.upstream}}
