"""Operations on package groups."""

from dataclasses import replace
from typing import Any

from codeartifact_local.controls.groups import Groups, groups_of, is_root
from codeartifact_local.controls.patterns import Coordinate, PatternError, parse_pattern
from codeartifact_local.operations.arns import package_group_arn
from codeartifact_local.operations.lookup import Output, ServiceCall, the_domain, the_group
from codeartifact_local.operations.paging import paginate
from codeartifact_local.operations.tags import wanted_tags
from codeartifact_local.protocol.errors import ConflictError, ValidationError
from codeartifact_local.settings import Settings
from codeartifact_local.store import package_groups
from codeartifact_local.store.records import (
    ALLOW_SPECIFIC_REPOSITORIES,
    RESTRICTION_TYPES,
    Domain,
    PackageGroup,
)


def create_package_group(call: ServiceCall) -> Output:
    """Make a group; it inherits everything from its parent."""
    pattern = call.input["packageGroup"]
    check_pattern(pattern)
    with call.world.database.write() as db:
        domain = the_domain(db, call)
        if package_groups.find(db, domain, pattern):
            raise ConflictError(f"Package group {pattern} already exists.", kind="package", resource=pattern)
        group = package_groups.add(
            db,
            domain=domain,
            pattern=pattern,
            created=call.world.clock.now(),
            contact_info=call.input.get("contactInfo"),
            description=call.input.get("description"),
            tags=wanted_tags(call),
        )
        return {
            "packageGroup": group_description(call.world.settings, domain, groups_of(db, domain.id), group)
        }


def update_package_group(call: ServiceCall) -> Output:
    """Replace the description of a group, whom to ask about it, or both."""
    with call.world.database.write() as db:
        domain, group = the_group(db, call)
        changed = replace(
            group,
            contact_info=call.input.get("contactInfo", group.contact_info),
            description=call.input.get("description", group.description),
        )
        package_groups.put(db, changed)
        return {
            "packageGroup": group_description(call.world.settings, domain, groups_of(db, domain.id), changed)
        }


def delete_package_group(call: ServiceCall) -> Output:
    """Delete a group; its children become those of its parent, and its packages stay."""
    with call.world.database.write() as db:
        domain, group = the_group(db, call)
        if is_root(group):
            raise ValidationError("The root package group /* cannot be deleted.", "OTHER")
        gone = group_description(call.world.settings, domain, groups_of(db, domain.id), group)
        package_groups.remove(db, group)
    return {"packageGroup": gone}


def describe_package_group(call: ServiceCall) -> Output:
    """Describe a group, with the modes that count for it and whom it has them from."""
    with call.world.database.read() as db:
        domain, group = the_group(db, call)
        groups = groups_of(db, domain.id)
    return {"packageGroup": group_description(call.world.settings, domain, groups, group)}


def list_package_groups(call: ServiceCall) -> Output:
    """List the groups of a domain whose patterns begin with a prefix."""
    prefix = call.input.get("prefix", "")
    with call.world.database.read() as db:
        domain = the_domain(db, call)
        groups = groups_of(db, domain.id)
    found = [group for group in groups.by_pattern.values() if group.pattern.startswith(prefix)]
    return _listed(call, domain, groups, found)


def list_sub_package_groups(call: ServiceCall) -> Output:
    """List the direct children of a group."""
    with call.world.database.read() as db:
        domain, group = the_group(db, call)
        groups = groups_of(db, domain.id)
    return _listed(call, domain, groups, groups.children(group))


def get_associated_package_group(call: ServiceCall) -> Output:
    """Tell the group of a package, which need not be in any repository."""
    with call.world.database.read() as db:
        domain = the_domain(db, call)
        groups = groups_of(db, domain.id)
    association = groups.association(
        Coordinate(
            format=call.input["format"],
            namespace=call.input.get("namespace", ""),
            name=call.input["package"],
        )
    )
    described = group_description(call.world.settings, domain, groups, association.group)
    return {"packageGroup": described, "associationType": association.strength}


def check_pattern(pattern: str) -> None:
    """Return when `pattern` is one that a group can have.

    Raises:
        ValidationError: it is not.
    """
    try:
        parse_pattern(pattern)
    except PatternError as error:
        raise ValidationError(str(error)) from error


def group_description(
    settings: Settings, domain: Domain, groups: Groups, group: PackageGroup
) -> dict[str, Any]:
    """Return what answers tell of a group."""
    parent = groups.parent(group)
    return {
        **_reference(settings, domain, group),
        "domainName": domain.name,
        "domainOwner": domain.owner,
        "createdTime": group.created,
        "contactInfo": group.contact_info,
        "description": group.description,
        "originConfiguration": {
            "restrictions": {
                restriction: _restriction(settings, domain, groups, group, restriction)
                for restriction in RESTRICTION_TYPES
            }
        },
        "parent": _reference(settings, domain, parent) if parent else None,
    }


def _restriction(
    settings: Settings, domain: Domain, groups: Groups, group: PackageGroup, restriction: str
) -> dict[str, Any]:
    source = groups.source(group, restriction)
    mode = source.restrictions[restriction]
    listed = len(source.allowed[restriction]) if mode == ALLOW_SPECIFIC_REPOSITORIES else None
    return {
        "mode": group.restrictions[restriction],
        "effectiveMode": mode,
        "inheritedFrom": None if source == group else _reference(settings, domain, source),
        "repositoriesCount": listed,
    }


def _reference(settings: Settings, domain: Domain, group: PackageGroup) -> dict[str, Any]:
    return {"arn": package_group_arn(settings, domain, group), "pattern": group.pattern}


def _listed(call: ServiceCall, domain: Domain, groups: Groups, found: list[PackageGroup]) -> Output:
    page = paginate(call, found, lambda group: (group.pattern,))
    return {
        "packageGroups": [
            group_description(call.world.settings, domain, groups, group) for group in page.items
        ],
        "nextToken": page.next_token,
    }
