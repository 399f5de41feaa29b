"""Operations on the origin controls of package groups, and on the packages that these are about."""

from dataclasses import replace
from sqlite3 import Connection
from typing import Any

from codeartifact_local.controls.groups import Association, Groups, groups_of, is_root
from codeartifact_local.controls.patterns import Coordinate, parse_pattern
from codeartifact_local.operations.groups import check_pattern, group_description
from codeartifact_local.operations.lookup import (
    Output,
    ServiceCall,
    named_repository,
    the_domain,
    the_group,
)
from codeartifact_local.operations.paging import paginate
from codeartifact_local.protocol.errors import ValidationError
from codeartifact_local.store import package_groups, packages, repositories
from codeartifact_local.store.records import INHERIT, Domain, PackageGroup

_Listed = list[dict[str, str]]


def update_package_group_origin_configuration(call: ServiceCall) -> Output:
    """Change modes of a group, and the lists of repositories that a mode may allow."""
    with call.world.database.write() as db:
        domain, group = the_group(db, call)
        added: _Listed = call.input.get("addAllowedRepositories", [])
        removed: _Listed = call.input.get("removeAllowedRepositories", [])
        changed, updates = _with_lists(_with_modes(call, group), added, removed)
        for entry in added:
            named_repository(db, domain, entry["repositoryName"])
        package_groups.put(db, changed)
        described = group_description(call.world.settings, domain, groups_of(db, domain.id), changed)
    return {"packageGroup": described, "allowedRepositoryUpdates": updates}


def list_allowed_repositories_for_group(call: ServiceCall) -> Output:
    """List the repositories of one of a group's own lists."""
    with call.world.database.read() as db:
        _, group = the_group(db, call)
    page = paginate(call, group.allowed[call.input["originRestrictionType"]], lambda name: (name,))
    return {"allowedRepositories": page.items, "nextToken": page.next_token}


def list_associated_packages(call: ServiceCall) -> Output:
    """List the packages of a group; with ``preview`` those that a group with this pattern would have."""
    pattern = call.input["packageGroup"]
    check_pattern(pattern)
    with call.world.database.read() as db:
        if call.input.get("preview", False):
            domain = the_domain(db, call)
            groups = _with_preview(groups_of(db, domain.id), domain, pattern)
        else:
            domain, _ = the_group(db, call)
            groups = groups_of(db, domain.id)
        known = _every_package(db, domain)
    associated = [(package, groups.association(package)) for package in known]
    page = paginate(
        call,
        [(package, found) for package, found in associated if found.group.pattern == pattern],
        lambda pair: (pair[0].format, pair[0].namespace, pair[0].name),
    )
    return {
        "packages": [_associated(package, found) for package, found in page.items],
        "nextToken": page.next_token,
    }


def _with_modes(call: ServiceCall, group: PackageGroup) -> PackageGroup:
    wanted = call.input.get("restrictions", {})
    if is_root(group) and INHERIT in wanted.values():
        raise ValidationError("The root package group /* has nobody to inherit from.")
    return replace(group, restrictions={**group.restrictions, **wanted})


def _with_lists(
    group: PackageGroup, added: _Listed, removed: _Listed
) -> tuple[PackageGroup, dict[str, dict[str, list[str]]]]:
    """Return the group with its lists changed, and what the answer tells of that."""
    allowed = {restriction: set(names) for restriction, names in group.allowed.items()}
    updates: dict[str, dict[str, list[str]]] = {}
    for kind, entries in (("ADDED", added), ("REMOVED", removed)):
        for entry in entries:
            restriction, name = entry["originRestrictionType"], entry["repositoryName"]
            (allowed[restriction].add if kind == "ADDED" else allowed[restriction].discard)(name)
            updates.setdefault(restriction, {}).setdefault(kind, []).append(name)
    frozen = {restriction: frozenset(names) for restriction, names in allowed.items()}
    return replace(group, allowed=frozen), updates


def _with_preview(groups: Groups, domain: Domain, pattern: str) -> Groups:
    """Return the domain's groups, and one with `pattern` among them."""
    if pattern in groups.by_pattern:
        return groups
    like = next(iter(groups.by_pattern.values()))
    imagined = replace(like, pattern=parse_pattern(pattern).text)
    return Groups(by_pattern={**groups.by_pattern, pattern: imagined})


def _every_package(db: Connection, domain: Domain) -> set[Coordinate]:
    return {
        Coordinate(format=package.format, namespace=package.namespace, name=package.name)
        for repository in repositories.every(db, domain)
        for package in packages.every(db, repository)
    }


def _associated(package: Coordinate, found: Association) -> dict[str, Any]:
    return {
        "format": package.format,
        "namespace": package.namespace or None,
        "package": package.name,
        "associationType": found.strength,
    }
