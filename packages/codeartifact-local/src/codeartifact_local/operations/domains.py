"""Operations on domains."""

import uuid
from sqlite3 import Connection
from typing import Any

from codeartifact_local.operations.arns import domain_arn
from codeartifact_local.operations.lookup import Output, ServiceCall, the_domain
from codeartifact_local.operations.paging import paginate
from codeartifact_local.operations.tags import wanted_tags
from codeartifact_local.protocol.errors import ConflictError, NotFoundError, QuotaExceededError
from codeartifact_local.settings import Settings
from codeartifact_local.store import domains, package_groups
from codeartifact_local.store.records import ROOT_PATTERN, Domain


def create_domain(call: ServiceCall) -> Output:
    """Make a domain of this server's account."""
    settings, name = call.world.settings, call.input["domain"]
    key = call.input.get(
        "encryptionKey", f"arn:aws:kms:{settings.region}:{settings.account}:key/{uuid.uuid4()}"
    )
    with call.world.database.write() as db:
        if domains.find(db, settings.account, name):
            raise ConflictError(f"Domain {name} already exists.", kind="domain", resource=name)
        if len(domains.every(db, settings.account)) >= settings.domains_per_account:
            raise QuotaExceededError(
                f"An account can have at most {settings.domains_per_account} domains.",
                kind="domain",
                resource=name,
            )
        now = call.world.clock.now()
        tags = wanted_tags(call)
        domain = domains.add(
            db, owner=settings.account, name=name, encryption_key=key, created=now, tags=tags
        )
        package_groups.add(db, domain=domain, pattern=ROOT_PATTERN, created=now)
        return {"domain": _description(db, settings, domain)}


def describe_domain(call: ServiceCall) -> Output:
    """Describe a domain."""
    with call.world.database.read() as db:
        return {"domain": _description(db, call.world.settings, the_domain(db, call))}


def delete_domain(call: ServiceCall) -> Output:
    """Delete a domain without repositories; that there is none is not an error the model has for this."""
    with call.world.database.write() as db:
        try:
            domain = the_domain(db, call)
        except NotFoundError:
            return {}
        if domains.repository_count(db, domain):
            raise ConflictError(
                f"Domain {domain.name} has repositories; delete them first.",
                kind="domain",
                resource=domain.name,
            )
        gone = {**_description(db, call.world.settings, domain), "status": "Deleted"}
        domains.remove(db, domain)
    return {"domain": gone}


def list_domains(call: ServiceCall) -> Output:
    """List the domains of this server's account."""
    settings = call.world.settings
    with call.world.database.read() as db:
        page = paginate(call, domains.every(db, settings.account), lambda domain: (domain.name,))
    return {"domains": [_summary(settings, domain) for domain in page.items], "nextToken": page.next_token}


def _summary(settings: Settings, domain: Domain) -> dict[str, Any]:
    return {
        "name": domain.name,
        "owner": domain.owner,
        "arn": domain_arn(settings, domain),
        "status": "Active",
        "createdTime": domain.created,
        "encryptionKey": domain.encryption_key,
    }


def _description(db: Connection, settings: Settings, domain: Domain) -> dict[str, Any]:
    return {
        **_summary(settings, domain),
        "repositoryCount": domains.repository_count(db, domain),
        "assetSizeBytes": domains.asset_bytes(db, domain),
        "s3BucketArn": f"arn:aws:s3:::assets-{domain.owner}-{settings.region}",
    }
