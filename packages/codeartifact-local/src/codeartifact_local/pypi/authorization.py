"""Who may use a repository's endpoint: the bearer of a token of its domain."""

import base64
import binascii

from codeartifact_local.pypi.address import Address
from codeartifact_local.pypi.errors import PypiError
from codeartifact_local.service import Service
from codeartifact_local.tokens import TokenRefusedError

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="codeartifact"'}


def authorize(service: Service, header: str | None, address: Address) -> None:
    """Return when the ``Authorization`` header opens the domain of `address`.

    Raises:
        PypiError: 401, with a sentence that says why.
    """
    try:
        service.tokens.check(
            _token(header), domain=address.domain, owner=address.owner, now=service.clock.now()
        )
    except TokenRefusedError as error:
        raise PypiError(401, f"Not authorized: {error}.", _CHALLENGE) from error


def _token(header: str | None) -> str:
    scheme, _, value = (header or "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        raise TokenRefusedError("no token was sent; send it as the password of user aws")
    try:
        user, _, token = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise TokenRefusedError("the Authorization header is malformed") from error
    if user != "aws":
        raise TokenRefusedError("the user name must be aws")
    return token
