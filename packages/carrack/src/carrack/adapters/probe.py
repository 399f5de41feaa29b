"""Asks the index once whether it takes a token: pip says only "No matching distribution" when it does not."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

import requests

from carrack.adapters.pip_settings import PipSettings
from carrack.adapters.retry import READING
from carrack.adapters.session import NoCertificatesError, open_session
from carrack.adapters.trust import is_untrusted
from carrack.errors import IndexAccessError
from carrack.model.access import Access, Token


def probe(access: Access, project: str, settings: PipSettings | None = None) -> None:
    """Return if the index takes the token.

    CodeArtifact has no list of projects, so it is asked for `project`: 200 and 404 both come after the token was
    taken. Where that is one of our own names, nobody upstream hears a new one. 429, 5xx and a broken connection are
    tried again.

    Raises IndexAccessError: the token was refused, with the time at which it expired where that is known and
    the command that renews it; or the index cannot be reached, or does not answer as an index does.
    """
    where = f"index {access.index.name}"
    try:
        answer = _answer(access, project, settings)
    except requests.RequestException as error:
        raise IndexAccessError(
            f"{access.simple_url} cannot be reached: {reason(error)}",
            address=where,
            hint="check the network, HTTPS_PROXY / NO_PROXY, and REQUESTS_CA_BUNDLE"
            + private_network(access.simple_url, access.index.region, "codeartifact.repositories"),
        ) from error
    if answer.status_code in (401, 403):
        raise IndexAccessError(
            f"the token{f' in {access.token.variable}' if access.token.variable else ''} was refused with "
            f"{answer.status_code}: {_age(access.token)}{_said(answer, access.token)}",
            address=where,
            hint=_renewal(access),
        )
    if answer.status_code not in (200, 404):
        raise IndexAccessError(
            f"{access.simple_url} answers {answer.status_code} {answer.reason}, as an index should not",
            address=where,
            hint="run the same command again; where it stays so, check the proxy and repository-endpoint",
        )


def _answer(access: Access, project: str, settings: PipSettings | None) -> requests.Response:
    """The answer for a project; its body only where that says why the token was refused."""
    with open_session(access, settings, READING) as session:
        answer = session.get(
            f"{access.simple_url}{project}/",
            headers={"Accept": "application/vnd.pypi.simple.v1+json, text/html;q=0.1"},
            allow_redirects=False,
            stream=True,  # the status says the rest: a page that breaks off is no refusal
            timeout=(10, 60),
        )
        with answer:
            if answer.status_code in (401, 403):
                answer.content  # noqa: B018 - read, before the connection is closed
        return answer


def reason(error: requests.RequestException) -> str:
    """Why a request had no answer, without its address or anything that a proxy's address may hold."""
    match error:
        case requests.exceptions.ProxyError():
            return "the proxy does not let us through"
        case NoCertificatesError():
            return f"{str(error)[:1].lower()}{str(error)[1:]}"
        case requests.exceptions.SSLError():
            return "its certificate is not trusted" if is_untrusted(error) else "its TLS connection broke"
        case requests.exceptions.Timeout():
            return "it does not answer in time"
    return "no connection"


def private_network(address: str, region: str, service: str) -> str:
    """What reaches AWS's own `address` from a network without a way out, as the end of a hint; else nothing.

    The endpoints' names are AWS's (CodeArtifact User Guide, "Create VPC endpoints for CodeArtifact").
    """
    host = urlsplit(address).hostname or ""
    if ".vpce." in host or not host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".aws")):
        return ""
    return f"; a private network needs the VPC endpoint com.amazonaws.{region}.{service}"


def _age(token: Token) -> str:
    if token.expires is None:
        return "it has expired, or is another domain's"
    time = f"{token.expires.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if token.expires <= datetime.now(UTC):
        return f"it expired at {time}"
    return f"it is good until {time} by its own account, but perhaps for another domain"


def _said(answer: requests.Response, token: Token) -> str:
    """The index's own words, where they are one plain line that does not repeat the token."""
    words = answer.text.strip() if answer.headers.get("Content-Type", "").startswith("text/plain") else ""
    plain = 0 < len(words) <= 200 and words.isprintable() and token.value not in words
    return f" (the index: {words})" if plain else ""


def _renewal(access: Access) -> str:
    command, variable = f"carrack token --to {access.index.name}", access.token.variable
    if variable:
        return f'unset {variable}, or renew it: export {variable}="$({command})"'
    return f"run the same command again; `{command}` shows whether a new token can be had"
