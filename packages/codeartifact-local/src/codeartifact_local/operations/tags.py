"""Operations on the tags of domains, repositories and package groups."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from sqlite3 import Connection

from codeartifact_local.operations.arns import ARN
from codeartifact_local.operations.lookup import Output, ServiceCall, named_repository
from codeartifact_local.protocol.errors import (
    NotFoundError,
    QuotaExceededError,
    ResourceType,
    ValidationError,
)
from codeartifact_local.store import domains, package_groups, repositories
from codeartifact_local.store.records import Domain

_MAX_TAGS = 200
Tags = Mapping[str, str]
Tagged = tuple[Tags, Callable[[Tags], None]]
"""The tags of a resource, and what replaces them."""


def tag_resource(call: ServiceCall) -> Output:
    """Add tags to a resource, or change the values of those that it has."""
    with call.world.database.write() as db:
        tags, put = _tagged(db, call)
        merged = {**tags, **wanted_tags(call)}
        if len(merged) > _MAX_TAGS:
            raise QuotaExceededError(
                f"A resource can have at most {_MAX_TAGS} tags.",
                kind=_kind(call),
                resource=call.input["resourceArn"],
            )
        put(merged)
    return {}


def untag_resource(call: ServiceCall) -> Output:
    """Remove tags from a resource; those that it does not have are no error."""
    with call.world.database.write() as db:
        tags, put = _tagged(db, call)
        put({key: value for key, value in tags.items() if key not in call.input["tagKeys"]})
    return {}


def list_tags_for_resource(call: ServiceCall) -> Output:
    """List the tags of a resource, by key."""
    with call.world.database.read() as db:
        tags, _ = _tagged(db, call)
    return {"tags": [{"key": key, "value": tags[key]} for key in sorted(tags)]}


def wanted_tags(call: ServiceCall) -> dict[str, str]:
    """Return the tags of a request.

    Raises:
        ValidationError: a key comes twice, or is one of AWS's own.
    """
    pairs = call.input.get("tags", [])
    found = {pair["key"]: pair["value"] for pair in pairs}
    if len(found) != len(pairs):
        raise ValidationError("Each tag key may be given once.")
    if reserved := [key for key in found if key.lower().startswith("aws:")]:
        raise ValidationError(f"Tag keys that begin with aws: are AWS's own, such as {reserved[0]}.")
    return found


def _tagged(db: Connection, call: ServiceCall) -> Tagged:
    parts = ARN.fullmatch(call.input["resourceArn"])
    if parts is None or (parts["kind"] == "domain") != (parts["rest"] is None):
        raise ValidationError(
            "resourceArn must be the ARN of a domain, a repository or a package group of CodeArtifact."
        )
    domain = domains.find(db, parts["owner"], parts["domain"])
    if domain is None or parts["region"] != call.world.settings.region:
        raise _not_found(call)
    if parts["kind"] == "domain":
        return domain.tags, lambda tags: domains.put_tags(db, domain, tags)
    return _within(db, call, domain, parts["kind"], parts["rest"])


def _within(db: Connection, call: ServiceCall, domain: Domain, kind: str, rest: str) -> Tagged:
    if kind == "repository":
        repository = named_repository(db, domain, rest.removeprefix("/"))
        return repository.tags, lambda tags: repositories.put_tags(db, repository, tags)
    group = package_groups.find(db, domain, rest)
    if group is None:
        raise _not_found(call)
    return group.tags, lambda tags: package_groups.put(db, replace(group, tags=dict(tags)))


def _not_found(call: ServiceCall) -> NotFoundError:
    arn = call.input["resourceArn"]
    return NotFoundError(f"Resource not found. ARN: {arn}", kind=_kind(call), resource=arn)


def _kind(call: ServiceCall) -> ResourceType:
    """Return the kind of resource; the model's enumeration has none for package groups."""
    return "repository" if ":repository/" in call.input["resourceArn"] else "domain"
