"""IAM in front of a local CodeArtifact: every request needs its actions on its resources, from one identity's policy.

Which action a request needs, and on what, is what AWS documents: the Service Authorization Reference for operations,
the CodeArtifact User Guide for the PyPI endpoint ("Packages overview", "Repository policies") and for tokens
("AWS CodeArtifact authentication and tokens").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs

import pytest
from packaging.utils import canonicalize_name

from codeartifact_local import serving
from codeartifact_local.app import create_app
from codeartifact_local.protocol.answers import error_answer
from codeartifact_local.protocol.errors import AccessDeniedError
from codeartifact_local.protocol.model import operations_by_route
from codeartifact_local.pypi.address import parse_address
from codeartifact_local.pypi.errors import PypiError

ARN = "arn:aws:codeartifact:us-east-1:000000000000:"
BEARER = {"sts:AWSServiceName": "codeartifact.amazonaws.com"}
_NAME_FIELD = re.compile(rb'name="name"\r\n(?:[^\r\n]+\r\n)*\r\n(.*?)\r\n', re.DOTALL)


@dataclass(frozen=True)
class Need:
    """One action on one resource, with what the request says of itself for conditions."""

    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()


def allows(policy: Mapping[str, Any], need: Need) -> bool:
    """Whether some statement of an identity's policy allows it; there are no denials in ours."""
    return any(_allows(statement, need) for statement in policy["Statement"])


def _allows(statement: Mapping[str, Any], need: Need) -> bool:
    assert statement["Effect"] == "Allow"
    conditions = statement.get("Condition", {})
    assert set(conditions) <= {"StringEquals"}
    return (
        any(fnmatchcase(need.action.lower(), action.lower()) for action in statement["Action"])
        and any(fnmatchcase(need.resource, resource) for resource in statement["Resource"])
        and all(
            dict(need.context).get(key) == value for key, value in conditions.get("StringEquals", {}).items()
        )
    )


@dataclass
class Guard:
    """Who asks now (None may do everything), and what was needed so far, by who asked."""

    policies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    identity: str | None = None
    needed: dict[str, set[Need]] = field(default_factory=dict)
    denied: list[Need] = field(default_factory=list)

    def permits(self, needs: list[Need]) -> Need | None:
        """The first that the identity's policy does not allow; None where all are."""
        if self.identity is None:
            return None
        self.needed.setdefault(self.identity, set()).update(needs)
        refused = [need for need in needs if not allows(self.policies[self.identity], need)]
        self.denied += refused
        return next(iter(refused), None)

    @contextmanager
    def acting_as(self, identity: str) -> Iterator[None]:
        """Let requests come from `identity` while the block runs."""
        before, self.identity = self.identity, identity
        try:
            yield
        finally:
            self.identity = before


class Guarded:
    """The application behind a guard."""

    def __init__(self, app: Any, guard: Guard) -> None:
        self._app, self._guard = app, guard

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Pass a request on, or deny it as the service would."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        messages = [await receive()]
        while messages[-1].get("more_body"):
            messages.append(await receive())
        body = b"".join(message.get("body", b"") for message in messages)
        signed = any(name == b"authorization" for name, _ in scope["headers"])
        refused = self._guard.permits(list(needs(scope, body))) if signed else None
        if refused:
            message = f"User is not authorized to perform: {refused.action} on resource: {refused.resource}"
            pypi = scope["raw_path"].startswith(b"/pypi/")
            answer = PypiError(403, message).answer() if pypi else error_answer(AccessDeniedError(message))
            await answer(scope, receive, send)
            return

        async def again() -> Any:
            return messages.pop(0) if messages else await receive()

        await self._app(scope, again, send)


def needs(scope: Mapping[str, Any], body: bytes) -> Iterator[Need]:
    """What one request needs."""
    path: bytes = scope["raw_path"]
    if path.startswith(b"/pypi/"):
        address = parse_address(path, "")
        where = f"{address.domain}/{address.repository}"
        if scope["method"] == "POST":
            found = _NAME_FIELD.search(body)
            assert found, "an upload names its package"
            name = canonicalize_name(found[1].decode())
            yield Need("codeartifact:PublishPackageVersion", f"{ARN}package/{where}/pypi//{name}")
        else:
            yield Need("codeartifact:ReadFromRepository", f"{ARN}repository/{where}")
        return
    operation = operations_by_route()[scope["method"], path.decode()].name
    query = {key: values[0] for key, values in parse_qs(scope["query_string"].decode()).items()}
    told = json.loads(body) if body.startswith(b"{") else {}
    yield from _operation(operation, {**told, **query})


def _operation(name: str, told: Mapping[str, Any]) -> Iterator[Need]:
    action, domain = f"codeartifact:{name}", told["domain"]
    repositories = f"{ARN}repository/{domain}/"
    if name in ("CreateDomain", "CreateRepository"):
        yield Need(action, "*")
    elif name == "CopyPackageVersions":
        target = told["destination-repository"]
        yield Need(action, repositories + target)
        yield Need(action, f"{ARN}package/{domain}/{target}/pypi//{told['package']}")
        yield Need("codeartifact:ReadFromRepository", repositories + told["source-repository"])
    elif "package" in told:
        yield Need(action, f"{ARN}package/{domain}/{told['repository']}/pypi//{told['package']}")
    elif "repository" in told:
        yield Need(action, repositories + told["repository"])
    else:
        yield Need(action, f"{ARN}domain/{domain}")
    for upstream in told.get("upstreams", ()):
        yield Need(
            "codeartifact:AssociateWithDownstreamRepository", repositories + upstream["repositoryName"]
        )
    if name == "GetAuthorizationToken":
        yield Need("sts:GetServiceBearerToken", "*", tuple(BEARER.items()))


@contextmanager
def guarded(guard: Guard) -> Iterator[None]:
    """Let every server that is started in the block be behind `guard`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serving, "create_app", lambda *given: Guarded(create_app(*given), guard))
        yield
