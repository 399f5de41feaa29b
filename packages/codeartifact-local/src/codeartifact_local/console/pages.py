"""What each page shows, read from the rows as of one moment."""

import re
from collections.abc import Iterable, Sequence
from sqlite3 import Connection
from typing import Any

from codeartifact_local.console.addresses import Place
from codeartifact_local.console.paging import shown
from codeartifact_local.console.picture import Picture, draw
from codeartifact_local.console.readme import render_readme
from codeartifact_local.controls import origins
from codeartifact_local.controls.groups import Groups, groups_of
from codeartifact_local.controls.patterns import Coordinate
from codeartifact_local.naming import DistributionNameError, parse_version
from codeartifact_local.operations.contents import dependency
from codeartifact_local.operations.core_metadata import core_metadata
from codeartifact_local.service import Service
from codeartifact_local.store import domains, packages, repositories, search
from codeartifact_local.store.records import (
    PUBLISHED,
    PYPI,
    RESTRICTION_TYPES,
    Domain,
    Package,
    Repository,
    Version,
)
from codeartifact_local.upstream.chain import MAX_SEARCHED, search_order
from codeartifact_local.visibility import Visibility

Values = dict[str, Any]
_MOST_BOXES = 60
_MOST_FOUND = 100
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SEPARATORS = re.compile(r"[-_.]+")


class MissingError(Exception):
    """There is no such thing; the message says what was looked for."""


def overview(service: Service) -> Values:
    """Return every domain, with how much is in it."""
    with service.database.read() as db:
        found = [
            {
                "domain": domain,
                "repositories": domains.repository_count(db, domain),
                "bytes": domains.asset_bytes(db, domain),
            }
            for domain in domains.every(db, service.settings.account)
        ]
    return {"domains": found}


def domain_page(service: Service, place: Place, query: str) -> Values:
    """Return a domain with its repositories, their picture, and its package groups."""
    with service.database.read() as db:
        domain = _domain(db, service, place)
        found = repositories.every(db, domain)
        upstreams = {one.name: repositories.upstreams(db, one) for one in found}
        counts = {one.name: packages.count(db, one) for one in found}
        groups = groups_of(db, domain.id)
        size = domains.asset_bytes(db, domain)
    return {
        "domain": domain,
        "bytes": size,
        "repositories": shown(found, query),
        "upstreams": upstreams,
        "packages": counts,
        "picture": _picture(found, upstreams) if len(found) <= _MOST_BOXES else None,
        "groups": [_group(groups, pattern) for pattern in sorted(groups.by_pattern)],
        "restriction_types": RESTRICTION_TYPES,
    }


def repository_page(service: Service, place: Place, query: str) -> Values:
    """Return a repository, what it searches, and its packages."""
    visibility = _visibility(service)
    with service.database.read() as db:
        domain, repository = _repository(db, service, place)
        order = search_order(db, repository)
        names = {one.name for one in order}
        upstreams = {
            one.name: [other for other in repositories.upstreams(db, one) if other.name in names]
            for one in order
        }
        page = shown(packages.every(db, repository), query)
        rows = [(package, _shown_versions(db, package, visibility)) for package in page.items]
    return {
        "domain": domain,
        "repository": repository,
        "upstreams": upstreams[repository.name],
        "order": order,
        "is_cut": len(order) >= MAX_SEARCHED,
        "picture": _picture(order, upstreams),
        "page": page,
        "packages": [(package, len(versions), _newest(package, versions)) for package, versions in rows],
    }


def package_page(service: Service, place: Place, query: str) -> Values:
    """Return a package of a repository: where its versions may come from, and those that are there."""
    visibility = _visibility(service)
    with service.database.read() as db:
        domain, repository, package = _package(db, service, place)
        coordinate = Coordinate(format=package.format, namespace=package.namespace, name=package.name)
        ways = (
            ("published here", origins.may_publish(db, repository, coordinate, package)),
            (
                "taken from upstream repositories",
                origins.may_take_from_upstreams(db, repository, coordinate, package),
            ),
            (
                "taken from the public index",
                origins.may_take_from_public(db, repository, coordinate, package),
            ),
        )
        group = groups_of(db, domain.id).association(coordinate)
        versions = _shown_versions(db, package, visibility)
        files = packages.assets_by_version(db, package)
    return {
        "domain": domain,
        "repository": repository,
        "package": package,
        "ways": ways,
        "group": group,
        "newest": _newest(package, versions),
        "page": shown(versions, query),
        "files": files,
    }


def version_page(service: Service, place: Place, query: str) -> Values:
    """Return a version: its files, what it needs, and its readme.

    Only files that are here are read: nothing is fetched from the public index to show a page.
    """
    with service.database.read() as db:
        domain, repository, package = _package(db, service, place)
        version = packages.find_version(db, package, place.version or "")
        if version is None or not _visibility(service).in_lists(version):
            raise MissingError(f"There is no version {place.version} of {package.name} in {repository.name}.")
        files = packages.assets(db, version)
    here = [file for file in files if file.digests]
    metadata = core_metadata(service, package, here)
    text = metadata.get("description", "")
    return {
        "domain": domain,
        "repository": repository,
        "package": package,
        "version": version,
        "page": shown(files, query),
        "is_pypi": package.format == PYPI,
        "has_metadata": bool(metadata),
        "metadata": metadata,
        "links": metadata.get("project_urls", {}),
        "dependencies": [dependency(text) for text in metadata.get("requires_dist", [])],
        "readme": render_readme(text, metadata.get("description_content_type")) if text.strip() else None,
    }


def _domain(db: Connection, service: Service, place: Place) -> Domain:
    domain = domains.find(db, service.settings.account, place.domain)
    if domain is None:
        raise MissingError(f"There is no domain {place.domain}.")
    return domain


def _repository(db: Connection, service: Service, place: Place) -> tuple[Domain, Repository]:
    domain = _domain(db, service, place)
    repository = repositories.find(db, domain, place.repository or "")
    if repository is None:
        raise MissingError(f"There is no repository {place.repository} in the domain {domain.name}.")
    return domain, repository


def _package(db: Connection, service: Service, place: Place) -> tuple[Domain, Repository, Package]:
    domain, repository = _repository(db, service, place)
    package = packages.find(
        db, repository, place.package or "", format=place.format or "", namespace=place.namespace
    )
    if package is None:
        raise MissingError(f"The repository {repository.name} itself holds no package {place.package}.")
    return domain, repository, package


def _visibility(service: Service) -> Visibility:
    return Visibility(now=service.clock.now(), settings=service.settings)


def _shown_versions(db: Connection, package: Package, visibility: Visibility) -> list[Version]:
    found = (version for version in packages.versions(db, package) if visibility.in_lists(version))
    return sorted(found, key=lambda version: _precedence(package, version), reverse=True)


def _precedence(package: Package, version: Version) -> tuple[Any, ...]:
    """Return what orders versions: as Python does, by time where that says nothing."""
    try:
        parsed = parse_version(version.version) if package.format == PYPI else None
    except DistributionNameError:
        parsed = None
    return (parsed is not None, *((parsed,) if parsed else ()), version.published, version.version)


def _newest(package: Package, versions: Sequence[Version]) -> Version | None:
    """Return what installers choose by themselves: the first that is listed, and no pre-release if that can be."""
    listed = [version for version in versions if version.status == PUBLISHED]
    final = [version for version in listed if package.format != PYPI or not _is_prerelease(version.version)]
    return next(iter(final or listed), None)


def _is_prerelease(version: str) -> bool:
    try:
        return parse_version(version).is_prerelease
    except DistributionNameError:
        return False


def _group(groups: Groups, pattern: str) -> Values:
    group = groups.by_pattern[pattern]
    return {
        "group": group,
        "effective": {
            restriction: groups.source(group, restriction).restrictions[restriction]
            for restriction in RESTRICTION_TYPES
        },
    }


def _picture(found: Iterable[Repository], upstreams: dict[str, list[Repository]]) -> Picture:
    graph = {one.name: [other.name for other in upstreams[one.name]] for one in found}
    for one in found:
        graph[one.name] += [one.connection] if one.connection else []
    return draw(graph)


def search_page(service: Service, wanted: str) -> Values:
    """Return what has `wanted` in its name, or a file with that SHA-256."""
    text = wanted.strip().lower()
    owner = service.settings.account
    with service.database.read() as db:
        every = domains.every(db, owner)
        places = [
            (domain, repository)
            for domain in every
            for repository in repositories.every(db, domain)
            if text in repository.name.lower()
        ]
        if _SHA256.fullmatch(text):
            found = search.versions_by_sha256(db, owner, text, _MOST_FOUND + 1)
        else:
            found = search.packages_by_name(db, owner, _SEPARATORS.sub("-", text), _MOST_FOUND + 1)
    return {
        "wanted": wanted,
        "domains": [domain for domain in every if text and text in domain.name],
        "repositories": places[:_MOST_FOUND] if text else [],
        "found": found[:_MOST_FOUND] if text else [],
        "is_cut": len(found) > _MOST_FOUND or len(places) > _MOST_FOUND,
    }
