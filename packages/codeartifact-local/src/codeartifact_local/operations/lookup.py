"""The resources that a request names, or the service's error that there is no such resource."""

from collections.abc import Mapping
from sqlite3 import Connection
from typing import Any

from codeartifact_local.protocol.control_plane import Call
from codeartifact_local.protocol.errors import NotFoundError
from codeartifact_local.service import Service
from codeartifact_local.store import domains, package_groups, packages, repositories
from codeartifact_local.store.records import Domain, Package, PackageGroup, Repository, Version

ServiceCall = Call[Service]
Output = Mapping[str, Any]


def the_domain(db: Connection, call: ServiceCall) -> Domain:
    """Return the domain of a request; without an owner it is the caller's account's."""
    owner, name = call.input.get("domainOwner", call.world.settings.account), call.input["domain"]
    domain = domains.find(db, owner, name)
    if domain is None:
        raise NotFoundError(
            f"Domain not found. Domain: {name}, Owner: {owner}", kind="domain", resource=f"{owner}/{name}"
        )
    return domain


def the_repository(db: Connection, call: ServiceCall, member: str = "repository") -> Repository:
    """Return the repository that the input's `member` names."""
    return named_repository(db, the_domain(db, call), call.input[member])


def named_repository(db: Connection, domain: Domain, name: str) -> Repository:
    """Return the repository `name` of `domain`."""
    repository = repositories.find(db, domain, name)
    if repository is None:
        raise NotFoundError(
            f"Repository not found. Domain: {domain.name}, Repository: {name}",
            kind="repository",
            resource=f"{domain.name}/{name}",
        )
    return repository


def find_package(db: Connection, call: ServiceCall, repository: Repository) -> Package | None:
    """Return the package of a request in `repository`, or None."""
    return packages.find(
        db,
        repository,
        call.input["package"],
        format=call.input["format"],
        namespace=call.input.get("namespace", ""),
    )


def the_package(db: Connection, call: ServiceCall, repository: Repository) -> Package:
    """Return the package of a request in `repository`, not in its upstreams."""
    package = find_package(db, call, repository)
    if package is None:
        coordinate = f"packageType={call.input['format']}, packageName={call.input['package']}"
        raise NotFoundError(
            f"Package not found in repository. RepoId: {repository.name},"
            f" Package = PackageCoordinate{{{coordinate}}},",
            kind="package",
            resource=call.input["package"],
        )
    return package


def the_version(db: Connection, call: ServiceCall) -> tuple[Package, Version]:
    """Return the package and version of a request."""
    package = the_package(db, call, the_repository(db, call))
    version = packages.find_version(db, package, call.input["packageVersion"])
    if version is None:
        wanted = call.input["packageVersion"]
        raise NotFoundError(
            f"Package version not found in repository. Package: {package.name}, Version: {wanted}",
            kind="package-version",
            resource=f"{package.name}/{wanted}",
        )
    return package, version


def the_group(db: Connection, call: ServiceCall) -> tuple[Domain, PackageGroup]:
    """Return the domain and the package group of a request."""
    domain, pattern = the_domain(db, call), call.input["packageGroup"]
    group = package_groups.find(db, domain, pattern)
    if group is None:
        raise NotFoundError(
            f"Package group not found. Domain: {domain.name}, PackageGroup: {pattern}",
            kind="package",
            resource=pattern,
        )
    return domain, group
