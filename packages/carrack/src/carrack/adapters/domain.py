"""Looks at a domain and its repositories, and changes them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from packaging.utils import NormalizedName

from carrack.adapters.aws import Connection
from carrack.adapters.aws_errors import MissingError
from carrack.adapters.aws_session import CONNECTIONS
from carrack.adapters.origin_controls import CodeArtifactControls
from carrack.errors import DeniedError, IndexAccessError
from carrack.model.changes import (
    PUBLIC,
    AddUpstreams,
    Change,
    CloseName,
    Connect,
    CreateDomain,
    CreateRepository,
    PutPolicy,
    Unseen,
)
from carrack.model.controls import OURS, Controls
from carrack.model.domain import DomainState, Repository

_Known = dict[tuple[str, NormalizedName], Controls]


class CodeArtifactDomain:
    """Implements `ports.DomainAdmin` and `ports.DomainSize` for the domain of `connection`'s index."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def state(
        self,
        repositories: Iterable[str],
        names: Collection[NormalizedName] = (),
        policies: Collection[str | None] = (),
    ) -> DomainState:
        """See `ports.DomainAdmin`."""
        look = _Look(self._connection)
        if not look.domain_exists():
            return DomainState(exists=False)
        found = {name: present for name in repositories if (present := look.repository(name))}
        controls = [look.controls(name, names) for name in found]
        known = {place: look.policy(place) for place in policies if place is None or place in found}
        return DomainState(
            exists=True,
            repositories=found,
            controls={place: one for each in controls for place, one in each.items()},
            policies={place: policy for place, policy in known.items() if policy is not None},
            unseen=tuple(look.unseen),
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
            case CloseName(repository=repository, name=package):
                CodeArtifactControls(self._connection, repository).set_controls(package, OURS)
            case PutPolicy(repository=place, document=document):
                operation, where = _policy("put", place)
                self._connection.call(operation, **where, policyDocument=json.dumps(document))

    def size(self) -> int:
        """See `ports.DomainSize`. Raises IndexAccessError where the service does not say it: its model lets it."""
        told = self._connection.call("describe_domain")["domain"].get("assetSizeBytes")
        if told is None:
            raise IndexAccessError(
                "the service does not say how much the domain holds",
                address=f"index {self._connection.index.name}",
                hint="run the same command again",
            )
        return int(told)

    def _call(self, operation: str, repository: str, **arguments: Any) -> None:
        self._connection.call(operation, repository=repository, **arguments)


class _Look:
    """One look at a domain. What is denied is kept in `unseen`, and taken for nothing else."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.unseen: list[Unseen] = []

    def domain_exists(self) -> bool:
        try:
            self._connection.call("describe_domain")
        except MissingError:
            return False
        except DeniedError as error:  # which AWS may also say of a domain that does not exist
            self.unseen.append(Unseen(repository=None, refusal=error.message))
        return True

    def repository(self, name: str) -> Repository | None:
        try:
            found = self._connection.call("describe_repository", repository=name)["repository"]
        except DeniedError as error:
            self.unseen.append(Unseen(repository=name, refusal=error.message))
            return None
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

    def controls(self, repository: str, names: Collection[NormalizedName]) -> _Known:
        reader = CodeArtifactControls(self._connection, repository)
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            try:
                answers = list(pool.map(reader.controls, names))
            except DeniedError as error:
                self.unseen.append(Unseen(repository=repository, part="names", refusal=error.message))
                return {}
        return {(repository, name): found for name, found in zip(names, answers, strict=True) if found}

    def policy(self, repository: str | None) -> dict[str, Any] | None:
        operation, place = _policy("get", repository)
        try:
            found = self._connection.call(operation, **place)["policy"]["document"]
        except MissingError:
            return None
        except DeniedError as error:
            self.unseen.append(Unseen(repository=repository, part="policy", refusal=error.message))
            return None
        document: dict[str, Any] = json.loads(found)
        return document


def _policy(verb: str, repository: str | None) -> tuple[str, dict[str, str]]:
    kind = "domain" if repository is None else "repository"
    return f"{verb}_{kind}_permissions_policy", {} if repository is None else {"repository": repository}


def _named(upstreams: Iterable[str]) -> list[dict[str, str]]:
    return [{"repositoryName": name} for name in upstreams]
