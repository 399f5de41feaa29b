"""Looks at a domain and its repositories, and changes them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from packaging.utils import NormalizedName

from carrack.adapters.aws import Connection
from carrack.adapters.aws_errors import MissingError
from carrack.adapters.origin_controls import CodeArtifactControls
from carrack.errors import DeniedError
from carrack.model.changes import (
    PUBLIC,
    AddUpstreams,
    Change,
    CloseName,
    Connect,
    CreateDomain,
    CreateRepository,
    Unseen,
)
from carrack.model.controls import OURS, Controls
from carrack.model.domain import DomainState, Repository

_READERS = 8  # as many as the index's reader has
_Known = dict[tuple[str, NormalizedName], Controls]


class CodeArtifactDomain:
    """Implements `ports.DomainAdmin` for the domain of `connection`'s index."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def state(self, repositories: Iterable[str], names: Collection[NormalizedName] = ()) -> DomainState:
        """See `ports.DomainAdmin`."""
        unseen: list[Unseen] = []
        try:
            self._connection.call("describe_domain")
        except MissingError:
            return DomainState(exists=False)
        except DeniedError as error:  # which AWS may also say of a domain that does not exist
            unseen.append(Unseen(repository=None, names=False, refusal=error.message))
        found: dict[str, Repository] = {}
        controls: _Known = {}
        for name in repositories:
            try:
                present = self._repository(name)
            except DeniedError as error:
                unseen.append(Unseen(repository=name, names=False, refusal=error.message))
                continue
            if present is not None:
                found[name] = present
                controls |= self._controls(name, names, unseen)
        return DomainState(exists=True, repositories=found, controls=controls, unseen=tuple(unseen))

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
            case CloseName(repository=repository, name=package):
                CodeArtifactControls(self._connection, repository).set_controls(package, OURS)

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

    def _controls(self, repository: str, names: Collection[NormalizedName], unseen: list[Unseen]) -> _Known:
        reader = CodeArtifactControls(self._connection, repository)
        with ThreadPoolExecutor(_READERS) as pool:
            try:
                answers = list(pool.map(reader.controls, names))
            except DeniedError as error:
                unseen.append(Unseen(repository=repository, names=True, refusal=error.message))
                return {}
        return {(repository, name): found for name, found in zip(names, answers, strict=True) if found}

    def _call(self, operation: str, repository: str, **arguments: Any) -> dict[str, Any]:
        return self._connection.call(operation, repository=repository, **arguments)


def _named(upstreams: Iterable[str]) -> list[dict[str, str]]:
    return [{"repositoryName": name} for name in upstreams]
