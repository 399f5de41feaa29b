"""The way to an index's PyPI endpoint: its address, and a token that is good now."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from threading import Lock
from urllib.parse import urlsplit

from carrack.adapters.aws import Connection
from carrack.errors import IndexAccessError, UsageError
from carrack.model.access import Access, Token

TOKEN_VARIABLE = "CODEARTIFACT_AUTH_TOKEN"  # noqa: S105  # a variable's name, the one of AWS's own documentation
SHORTEST, LONGEST = 900, 43_200
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")  # b64token of RFC 6750
_MARGIN = timedelta(minutes=5)


class CodeArtifactGate:
    """Opens one index. Answers are kept, and made anew when the token has less than five minutes left.

    One gate may be used from several threads.

    `duration` is how long a token is asked for, in seconds: 900 to 43,200, or 0 for as long as the
    credentials themselves are good (CodeArtifact API Reference, GetAuthorizationToken). `token` is one that
    the user made already: it is handed on as it is, and none is asked for. The index's `repository_endpoint`
    spares asking for the address, so that with both no AWS credentials are needed.

    Raises UsageError where `duration` is not one that CodeArtifact gives.
    """

    def __init__(self, connection: Connection, *, duration: int = SHORTEST, token: str | None = None) -> None:
        if duration and not SHORTEST <= duration <= LONGEST:
            raise UsageError(
                f"a token lasts {SHORTEST} to {LONGEST} seconds, or 0 for as long as the credentials; "
                f"{duration} is neither",
                untouched="everything; no token was made",
            )
        self._connection = connection
        self._duration = duration
        self._given = token
        self._access: Access | None = None
        self._opening = Lock()

    def open(self) -> Access:
        """Return the endpoint's address, with a slash at its end, and a token.

        Raises IndexAccessError where the service refuses, or where the token would travel unencrypted.
        """
        with self._opening:
            if self._access is None or _runs_out(self._access.token):
                url = self._access.repository_url if self._access else self.repository_url()
                self._access = Access(index=self._connection.index, repository_url=url, token=self._token())
            return self._access

    def renew(self, refused: Token) -> bool:
        """Whether the next `open` gives another token than `refused`; one that the user made is all there is."""
        if self._given:
            return False
        with self._opening:
            if self._access is not None and self._access.token == refused:
                self._access = None
        return True

    def repository_url(self) -> str:
        """Return the address alone; raises as `open` does."""
        index = self._connection.index
        url = index.repository_endpoint
        if url is None:
            answer = self._connection.call(
                "get_repository_endpoint", repository=index.repository, format="pypi"
            )
            url = str(answer["repositoryEndpoint"])
        if urlsplit(url).scheme != "https" and not (index.endpoint or "").startswith("http://"):
            raise IndexAccessError(
                f"{url} is not encrypted, and a token is not sent there",
                address=f"index {index.name}",
                hint="give repository-endpoint in pyproject.toml an https address",
            )
        return url if url.endswith("/") else f"{url}/"

    def _token(self) -> Token:
        if self._given:
            return _checked(self._given.strip(), self._connection.index.name)
        answer = self._connection.call("get_authorization_token", durationSeconds=self._duration)
        return Token(value=answer["authorizationToken"], expires=answer["expiration"])


def _checked(token: str, index: str) -> Token:
    if not _TOKEN.fullmatch(token):  # it goes no further: not into a header, an address or a message
        raise IndexAccessError(
            f"what {TOKEN_VARIABLE} holds is not a token",
            address=f"index {index}",
            hint=f'export {TOKEN_VARIABLE}="$(carrack token --to {index})"; with the AWS CLI, add '
            "--query authorizationToken --output text",
        )
    return Token(value=token, expires=expiry(token), variable=TOKEN_VARIABLE)


def expiry(token: str) -> datetime | None:
    """When `token` says that it expires, or None.

    AWS does not document what is in a token. Those seen so far begin with a base64url JSON object that has
    the time as `exp`, in seconds since 1970; use this for messages only.
    """
    head = token.partition(".")[0]
    try:
        content = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
        return datetime.fromtimestamp(content["exp"], UTC)
    except (ValueError, TypeError, KeyError, OverflowError, OSError):
        return None


def _runs_out(token: Token) -> bool:
    return token.expires is not None and token.expires - datetime.now(UTC) < _MARGIN
