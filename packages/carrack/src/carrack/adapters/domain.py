"""Looks at a domain and its repositories, and changes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from carrack.adapters.aws import Connection
from carrack.adapters.aws_errors import MissingError
from carrack.model.domain import (
    PUBLIC,
    AddUpstreams,
    Change,
    Connect,
    CreateDomain,
    CreateRepository,
    DomainState,
    Repository,
)


class CodeArtifactDomain:
    """Implements `ports.DomainAdmin` for the domain of `connection`'s index."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def state(self, repositories: Iterable[str]) -> DomainState:
        """See `ports.DomainAdmin`."""
        try:
            self._connection.call("describe_domain")
        except MissingError:
            return DomainState(exists=False)
        found = {name: self._repository(name) for name in repositories}
        return DomainState(
            exists=True, repositories={name: present for name, present in found.items() if present}
        )

    def make(self, change: Change) -> None:
        """See `ports.DomainAdmin`."""
        match change:
            case CreateDomain():
                self._connection.create_domain()
            case CreateRepository(repository=name, upstreams=upstreams):
                self._call("create_repository", name, upstreams=_named(upstreams))
            case Connect(repository=name):
                self._call("associate_external_connection", name, externalConnection=PUBLIC)
            case AddUpstreams(repository=name, added=added, present=present):
                self._call("update_repository", name, upstreams=_named((*present, *added)))

    def _repository(self, name: str) -> Repository | None:
        try:
            found = self._call("describe_repository", name)["repository"]
        except MissingError as error:
            if error.kind != "repository":
                raise
            return None
        return Repository(
            upstreams=tuple(upstream["repositoryName"] for upstream in found.get("upstreams", ())),
            connections=tuple(
                connection["externalConnectionName"] for connection in found.get("externalConnections", ())
            ),
        )

    def _call(self, operation: str, repository: str, **arguments: Any) -> dict[str, Any]:
        return self._connection.call(operation, repository=repository, **arguments)


def _named(upstreams: Iterable[str]) -> list[dict[str, str]]:
    return [{"repositoryName": name} for name in upstreams]
