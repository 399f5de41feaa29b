"""Operations that tell a client where a repository is, and let it in."""

from datetime import timedelta

from codeartifact_local.operations.lookup import Output, ServiceCall, the_domain, the_repository
from codeartifact_local.protocol.errors import ValidationError
from codeartifact_local.store.records import PYPI

_TWELVE_HOURS = 43200
_SHORTEST = 900


def get_authorization_token(call: ServiceCall) -> Output:
    """Issue a token for a domain: for 12 hours, or as long as the request says (0: as long as AWS's default).

    AWS lets 0 stand for the rest of an assumed role's session; the keys that reach a local server have none.
    """
    seconds = call.input.get("durationSeconds", _TWELVE_HOURS) or _TWELVE_HOURS
    if seconds < _SHORTEST:
        raise ValidationError(
            f"durationSeconds must be 0, or from {_SHORTEST} to {_TWELVE_HOURS}, not {seconds}."
        )
    with call.world.database.read() as db:
        domain = the_domain(db, call)
    now = call.world.clock.now()
    expires = (now + timedelta(seconds=seconds)).replace(microsecond=0)
    token = call.world.tokens.issue(domain=domain.name, owner=domain.owner, issued=now, expires=expires)
    return {"authorizationToken": token, "expiration": expires}


def get_repository_endpoint(call: ServiceCall) -> Output:
    """Tell the address of a repository, in AWS's form that does not depend on the host name (as in a VPC)."""
    if call.input["format"] != PYPI:
        raise ValidationError(f"codeartifact-local serves {PYPI} only, not {call.input['format']}.", "OTHER")
    with call.world.database.read() as db:
        domain, repository = the_domain(db, call), the_repository(db, call)
    path = f"/{PYPI}/d/{domain.name}-{domain.owner}/{repository.name}/"
    return {"repositoryEndpoint": call.base_url + path}
