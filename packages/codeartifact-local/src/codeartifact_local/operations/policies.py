"""Operations on the resource policies of domains and repositories. They are kept and not enforced."""

import base64
import json
import secrets
from typing import Any

from codeartifact_local.operations.arns import domain_arn, repository_arn
from codeartifact_local.operations.lookup import Output, ServiceCall, the_domain, the_repository
from codeartifact_local.protocol.errors import ConflictError, NotFoundError, ResourceType, ValidationError
from codeartifact_local.store import domains, repositories
from codeartifact_local.store.records import Policy

_STATEMENT = (
    ("Effect",),
    ("Principal", "NotPrincipal"),
    ("Action", "NotAction"),
    ("Resource", "NotResource"),
)


def put_domain_permissions_policy(call: ServiceCall) -> Output:
    """Set the policy of a domain."""
    with call.world.database.write() as db:
        domain = the_domain(db, call)
        policy = _next(call, domain.policy, kind="domain", resource=domain.name)
        domains.put_policy(db, domain, policy)
    return _answer(policy, domain_arn(call.world.settings, domain))


def get_domain_permissions_policy(call: ServiceCall) -> Output:
    """Give the policy of a domain."""
    with call.world.database.read() as db:
        domain = the_domain(db, call)
    policy = _found(domain.policy, kind="domain", resource=domain.name)
    return _answer(policy, domain_arn(call.world.settings, domain))


def delete_domain_permissions_policy(call: ServiceCall) -> Output:
    """Remove the policy of a domain, and give it a last time."""
    with call.world.database.write() as db:
        domain = the_domain(db, call)
        policy = _found(domain.policy, kind="domain", resource=domain.name)
        _check_revision(call, policy, kind="domain", resource=domain.name)
        domains.put_policy(db, domain, None)
    return _answer(policy, domain_arn(call.world.settings, domain))


def put_repository_permissions_policy(call: ServiceCall) -> Output:
    """Set the policy of a repository."""
    with call.world.database.write() as db:
        domain, repository = the_domain(db, call), the_repository(db, call)
        policy = _next(call, repository.policy, kind="repository", resource=repository.name)
        repositories.put_policy(db, repository, policy)
    return _answer(policy, repository_arn(call.world.settings, domain, repository))


def get_repository_permissions_policy(call: ServiceCall) -> Output:
    """Give the policy of a repository."""
    with call.world.database.read() as db:
        domain, repository = the_domain(db, call), the_repository(db, call)
    policy = _found(repository.policy, kind="repository", resource=repository.name)
    return _answer(policy, repository_arn(call.world.settings, domain, repository))


def delete_repository_permissions_policy(call: ServiceCall) -> Output:
    """Remove the policy of a repository, and give it a last time."""
    with call.world.database.write() as db:
        domain, repository = the_domain(db, call), the_repository(db, call)
        policy = _found(repository.policy, kind="repository", resource=repository.name)
        _check_revision(call, policy, kind="repository", resource=repository.name)
        repositories.put_policy(db, repository, None)
    return _answer(policy, repository_arn(call.world.settings, domain, repository))


def _next(call: ServiceCall, current: Policy | None, *, kind: ResourceType, resource: str) -> Policy:
    _check_revision(call, current, kind=kind, resource=resource)
    document = call.input["policyDocument"]
    _check_document(document)
    return Policy(document=document, revision=base64.b64encode(secrets.token_bytes(32)).decode())


def _check_revision(call: ServiceCall, current: Policy | None, *, kind: ResourceType, resource: str) -> None:
    expected = call.input.get("policyRevision")
    if expected is not None and (current is None or current.revision != expected):
        found = "there is no policy" if current is None else f"the current revision is {current.revision}"
        raise ConflictError(
            f"The policy's revision is not {expected}: {found}.", kind=kind, resource=resource
        )


def _check_document(text: str) -> None:
    try:
        document = json.loads(text)
        statements = document["Statement"]
        listed = statements if isinstance(statements, list) else [statements]
        is_policy = bool(listed) and all(_is_statement(statement) for statement in listed)
    except (ValueError, KeyError, TypeError):
        is_policy = False
    if not is_policy:
        raise ValidationError(
            "policyDocument is not a resource policy: JSON with a Statement, of which each part has Effect,"
            " Principal, Action and Resource."
        )


def _is_statement(statement: dict[str, Any]) -> bool:
    return statement["Effect"] in ("Allow", "Deny") and all(
        any(name in statement for name in names) for names in _STATEMENT
    )


def _found(policy: Policy | None, *, kind: ResourceType, resource: str) -> Policy:
    if policy is None:
        raise NotFoundError(f"There is no policy on {kind} {resource}.", kind=kind, resource=resource)
    return policy


def _answer(policy: Policy, arn: str) -> Output:
    return {"policy": {"resourceArn": arn, "revision": policy.revision, "document": policy.document}}
