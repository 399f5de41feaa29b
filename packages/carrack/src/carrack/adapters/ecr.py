"""Logs in to a registry of Amazon ECR, of the credentials' own account or of another."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from carrack.adapters.aws_errors import access_error
from carrack.adapters.aws_session import make_client, open_session, sign_in_command
from carrack.errors import DeniedError, IndexAccessError
from carrack.model.index import Index
from carrack.model.registry import Login, Repository

ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL_ECR"


def log_in(
    index: Index, repository: Repository, *, endpoint: str | None = None, may_prompt: bool = False
) -> Login:
    """The way into the repository's registry, with the credentials of `index`; it is good for twelve hours.

    The registry is at the repository's host. An `endpoint` of the API other than AWS's own, one for trying, says
    itself where its registry is (`proxyEndpoint`). Raises IndexAccessError where the credentials do not let us in,
    and where the password would travel unencrypted.
    """
    asked = replace(index, region=repository.region, endpoint=endpoint)
    answer = _token(asked, repository.account, may_prompt)
    username, _, password = base64.b64decode(answer["authorizationToken"]).decode().partition(":")
    url = str(answer["proxyEndpoint"]).rstrip("/") if endpoint else f"https://{repository.host}"
    login = Login(url=url, username=username, password=password)
    if not url.startswith("https://") and not login.on_loopback:
        raise IndexAccessError("it is not encrypted, and a password is not sent there", address=url)
    return login


def _token(index: Index, account: str, may_prompt: bool) -> dict[str, Any]:
    session: Any = None

    def sign_in(verb: str) -> str:
        return sign_in_command(session, verb)

    try:
        session = open_session(index, may_prompt=may_prompt)
        client = make_client(session, "ecr", index.endpoint)
        answer: dict[str, Any] = client.get_authorization_token(registryIds=[account])
    except (BotoCoreError, ClientError) as error:
        raise _refusal(index, account, error, sign_in) from error
    return answer["authorizationData"][0]  # type: ignore[no-any-return]


def _refusal(index: Index, account: str, error: Exception, sign_in: Callable[[str], str]) -> IndexAccessError:
    told = access_error(index, error, sign_in)
    told.address = f"registry of account {account}, region {index.region}"
    if isinstance(told, DeniedError):
        told.hint = "the credentials need ecr:GetAuthorizationToken"
    return told
