"""Operations on external connections."""

from codeartifact_local.operations.lookup import Output, ServiceCall, the_domain, the_repository
from codeartifact_local.operations.repositories import repository_answer
from codeartifact_local.protocol.errors import ConflictError, NotFoundError
from codeartifact_local.store import repositories
from codeartifact_local.store.records import EXTERNAL_CONNECTIONS


def associate_external_connection(call: ServiceCall) -> Output:
    """Connect a repository to a public one; here only ``public:pypi`` leads somewhere."""
    with call.world.database.write() as db:
        domain, repository = the_domain(db, call), the_repository(db, call)
        wanted = _known_connection(call)
        if repository.connection is not None or repositories.upstreams(db, repository):
            raise ConflictError(
                f"Repository {repository.name} has an external connection or upstream repositories already;"
                " it can have one external connection, or upstream repositories.",
                kind="repository",
                resource=repository.name,
            )
        repositories.connect(db, repository, wanted)
        return repository_answer(db, call, domain, repository.name)


def disassociate_external_connection(call: ServiceCall) -> Output:
    """Disconnect a repository from its public one; what it keeps stays."""
    with call.world.database.write() as db:
        domain, repository = the_domain(db, call), the_repository(db, call)
        if repository.connection != call.input["externalConnection"]:
            wanted = call.input["externalConnection"]
            raise NotFoundError(
                f"Repository {repository.name} has no external connection {wanted}.",
                kind="repository",
                resource=repository.name,
            )
        repositories.connect(db, repository, None)
        return repository_answer(db, call, domain, repository.name)


def _known_connection(call: ServiceCall) -> str:
    wanted: str = call.input["externalConnection"]
    if wanted not in EXTERNAL_CONNECTIONS:
        raise NotFoundError(
            f"There is no external connection {wanted}; there are {', '.join(EXTERNAL_CONNECTIONS)}.",
            kind="repository",
            resource=wanted,
        )
    return wanted
