"""Operations on repositories and their upstreams."""

from collections.abc import Iterable
from sqlite3 import Connection
from typing import Any

from codeartifact_local.operations.arns import repository_arn
from codeartifact_local.operations.lookup import (
    Output,
    ServiceCall,
    named_repository,
    the_domain,
    the_repository,
)
from codeartifact_local.operations.paging import paginate
from codeartifact_local.operations.tags import wanted_tags
from codeartifact_local.protocol.errors import (
    ConflictError,
    QuotaExceededError,
    ValidationError,
)
from codeartifact_local.settings import Settings
from codeartifact_local.store import domains, keeping, repositories
from codeartifact_local.store.records import EXTERNAL_CONNECTIONS, Domain, Repository

_MAX_UPSTREAMS = 10


def create_repository(call: ServiceCall) -> Output:
    """Make a repository of a domain."""
    name = call.input["repository"]
    with call.world.database.write() as db:
        domain = the_domain(db, call)
        if repositories.find(db, domain, name):
            raise ConflictError(f"Repository {name} already exists.", kind="repository", resource=name)
        most = call.world.settings.repositories_per_domain
        if domains.repository_count(db, domain) >= most:
            raise QuotaExceededError(
                f"A domain can have at most {most} repositories.", kind="repository", resource=name
            )
        repository = repositories.add(
            db,
            domain=domain,
            name=name,
            description=call.input.get("description"),
            created=call.world.clock.now(),
            tags=wanted_tags(call),
        )
        _set_upstreams(db, call, domain, repository)
        return repository_answer(db, call, domain, name)


def update_repository(call: ServiceCall) -> Output:
    """Replace a repository's description, its upstreams, or both."""
    with call.world.database.write() as db:
        domain, repository = the_domain(db, call), the_repository(db, call)
        if "description" in call.input:
            repositories.describe(db, repository, call.input["description"])
        _set_upstreams(db, call, domain, repository)
        return repository_answer(db, call, domain, repository.name)


def describe_repository(call: ServiceCall) -> Output:
    """Describe a repository."""
    with call.world.database.read() as db:
        return repository_answer(db, call, the_domain(db, call), call.input["repository"])


def delete_repository(call: ServiceCall) -> Output:
    """Delete a repository with all that it holds; what others retained from it stays."""
    with call.world.database.write() as db:
        gone = repository_answer(db, call, the_domain(db, call), call.input["repository"])
        repositories.remove(db, the_repository(db, call))
    keeping.collect(call.world.database, call.world.blobs)
    return gone


def list_repositories(call: ServiceCall) -> Output:
    """List the repositories of every domain of this server's account."""
    with call.world.database.read() as db:
        found = [
            (domain, repository)
            for domain in domains.every(db, call.world.settings.account)
            for repository in repositories.every(db, domain, call.input.get("repositoryPrefix", ""))
        ]
    return _listed(call, found)


def list_repositories_in_domain(call: ServiceCall) -> Output:
    """List the repositories of one domain."""
    with call.world.database.read() as db:
        domain = the_domain(db, call)
        found = [
            (domain, repository)
            for repository in repositories.every(db, domain, call.input.get("repositoryPrefix", ""))
            if call.input.get("administratorAccount", domain.owner) == domain.owner
        ]
    return _listed(call, found)


def _set_upstreams(db: Connection, call: ServiceCall, domain: Domain, repository: Repository) -> None:
    if "upstreams" not in call.input:
        return
    names = [upstream["repositoryName"] for upstream in call.input["upstreams"]]
    if len(names) > _MAX_UPSTREAMS:
        raise QuotaExceededError(
            f"A repository can have at most {_MAX_UPSTREAMS} upstream repositories.",
            kind="repository",
            resource=repository.name,
        )
    if len(set(names)) != len(names) or repository.name in names:
        raise ValidationError("Upstream repositories must be different from the repository and each other.")
    if names and repository.connection is not None:
        raise ConflictError(
            f"Repository {repository.name} has an external connection; upstreams are not possible beside it.",
            kind="repository",
            resource=repository.name,
        )
    repositories.set_upstreams(db, repository, [named_repository(db, domain, name) for name in names])


def _listed(call: ServiceCall, found: Iterable[tuple[Domain, Repository]]) -> Output:
    page = paginate(call, found, lambda pair: (pair[1].name, pair[0].name))
    return {
        "repositories": [
            _summary(call.world.settings, domain, repository) for domain, repository in page.items
        ],
        "nextToken": page.next_token,
    }


def repository_answer(db: Connection, call: ServiceCall, domain: Domain, name: str) -> Output:
    """Return the description of a repository, as several operations answer with it."""
    repository = named_repository(db, domain, name)
    upstreams = repositories.upstreams(db, repository)
    connections = (
        []
        if repository.connection is None
        else [
            {
                "externalConnectionName": repository.connection,
                "packageFormat": EXTERNAL_CONNECTIONS[repository.connection],
                "status": "Available",
            }
        ]
    )
    return {
        "repository": {
            **_summary(call.world.settings, domain, repository),
            "upstreams": [{"repositoryName": upstream.name} for upstream in upstreams],
            "externalConnections": connections,
        }
    }


def _summary(settings: Settings, domain: Domain, repository: Repository) -> dict[str, Any]:
    return {
        "name": repository.name,
        "administratorAccount": domain.owner,
        "domainName": domain.name,
        "domainOwner": domain.owner,
        "arn": repository_arn(settings, domain, repository),
        "description": repository.description,
        "createdTime": repository.created,
    }
