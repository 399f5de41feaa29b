"""Calls to CodeArtifact's control plane for one index."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from carrack.adapters.aws_errors import access_error
from carrack.errors import DeniedError, IndexAccessError
from carrack.model.index import Index

if TYPE_CHECKING:
    import boto3

    from carrack.model.diagnosis import Identity

_PAGE = 1000  # the most that the API gives at once
_AWS = re.compile(r"\.(amazonaws\.com(\.cn)?|api\.aws)$")


class Connection:
    """One index's control plane; nothing is read, asked or imported of boto3's before the first call.

    Region and endpoint are the index's, whatever the environment says, and `domain` and `domainOwner` go with
    every call: the account of the credentials cannot stand in for the index's. `may_prompt` says whether a
    person is there to type an MFA code. One connection may be used from several threads.
    """

    def __init__(self, index: Index, *, may_prompt: bool = False) -> None:
        self.index = index
        self._may_prompt = may_prompt
        self._making = Lock()

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Call `operation`, by boto3's name for it, on the index's domain.

        Raises MissingError where the service does not hold what is asked for, and IndexAccessError with one
        sentence for everything else that keeps us out.
        """
        answer: dict[str, Any] = self._told(
            lambda: getattr(self.client, operation)(**self._domain, **arguments)
        )
        return answer

    def pages(self, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
        """Yield the items under `key` of every page of `operation`; raises as `call` does."""
        for page in self.answers(operation, **arguments):
            yield from page[key]

    def answers(self, operation: str, **arguments: Any) -> Iterator[Mapping[str, Any]]:
        """Yield every page of `operation`; raises as `call` does."""
        pages = iter(
            self._told(
                lambda: self.client.get_paginator(operation).paginate(
                    **self._domain, **arguments, PaginationConfig={"PageSize": _PAGE}
                )
            )
        )
        while (page := self._told(lambda: next(pages, None))) is not None:
            yield page

    def stream(self, operation: str, key: str, size: int, **arguments: Any) -> Iterator[bytes]:
        """Yield the body under `key` of `operation`'s answer in pieces of `size` bytes; raises as `call` does."""
        with contextlib.closing(self.call(operation, **arguments)[key]) as body:
            while piece := self._told(lambda: body.read(size)):
                yield piece

    def create_domain(self) -> None:
        """Create the index's domain; CodeArtifact takes no owner here, and uses the caller's own account.

        Raises DeniedError where that is not the index's: on AWS with nothing created, since STS is asked
        first; on an endpoint of another kind, which need not have an STS, after the fact.
        """
        if self._on_aws:
            self._only_owner(self._caller()["Account"])
        created = self._told(lambda: self.client.create_domain(domain=self.index.domain))["domain"]
        self._only_owner(created["owner"], done=f"domain {self.index.domain} is created in that account")

    def identity(self) -> Identity:
        """Whose credentials these are, by STS where the endpoint is AWS's; elsewhere only where they come from.

        Raises IndexAccessError where there are none, or STS refuses them.
        """
        from carrack.model.diagnosis import Identity  # here, because most verbs do without the doctor

        found = self._told(self._credentials)
        if not self._on_aws:
            return Identity(source=found.method)
        caller = self._caller()
        return Identity(source=found.method, account=caller["Account"], arn=caller["Arn"])

    def regions(self) -> frozenset[str]:
        """The regions in which the installed boto3 knows CodeArtifact, of every part of AWS."""
        from carrack.adapters.aws_session import open_nobodys_session

        known = open_nobodys_session(self.index)
        parts = known.get_available_partitions()
        return frozenset(
            region
            for part in parts
            for region in known.get_available_regions("codeartifact", partition_name=part)
        )

    @property
    def address(self) -> str:
        """The address of the control plane, without a slash at its end; it takes no credentials to know it."""
        from carrack.adapters.aws_session import make_client, open_nobodys_session

        self._require_address()
        client = self._told(
            lambda: make_client(
                open_nobodys_session(self.index), "codeartifact", endpoint_url=self.index.endpoint
            )
        )
        return str(client.meta.endpoint_url).rstrip("/")

    @property
    def client(self) -> Any:
        """The boto3 client of the index's CodeArtifact, one for all threads."""
        with self._making:
            return self._made

    @cached_property
    def _made(self) -> Any:
        return self._told(lambda: self._client("codeartifact", endpoint_url=self.index.endpoint))

    @property
    def _on_aws(self) -> bool:
        return not self.index.endpoint or bool(_AWS.search(urlsplit(self.index.endpoint).hostname or ""))

    def _caller(self) -> dict[str, str]:
        caller: dict[str, str] = self._told(lambda: self._client("sts").get_caller_identity())
        return caller

    def _credentials(self) -> Any:
        found = self._session.get_credentials()
        if found is None:
            raise NoCredentialsError
        found.get_frozen_credentials()
        return found

    @property
    def _domain(self) -> dict[str, str]:
        return {"domain": self.index.domain, "domainOwner": self.index.owner}

    @cached_property
    def _session(self) -> boto3.Session:
        from carrack.adapters.aws_session import open_session

        return open_session(self.index, may_prompt=self._may_prompt)

    def _client(self, service: str, **place: Any) -> Any:
        from carrack.adapters.aws_session import make_client

        self._require_address()
        return make_client(self._session, service, **place)

    def _require_address(self) -> None:
        if self.index.unset_variable:
            raise IndexAccessError(
                f"its address is to be in the variable {self.index.unset_variable}, which holds no http address",
                address=f"index {self.index.name}",
                hint="start a local index with `codeartifact-local serve` and paste what it prints, "
                "or put `codeartifact-local run --` before the command",
            )

    def _only_owner(self, caller: str, done: str = "") -> None:
        if caller != self.index.owner:
            raise DeniedError(
                f"a domain can only be created from its own account, and these credentials are of {caller}",
                address=f"index {self.index.name}",
                done=done,
                untouched="" if done else "everything",
                hint=f"sign in to account {self.index.owner}, or correct owner in pyproject.toml",
            )

    def _told(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except (BotoCoreError, ClientError) as error:
            raise access_error(self.index, error, self._sign_in_command) from error

    def _sign_in_command(self, verb: str) -> str:
        from carrack.adapters.aws_session import sign_in_command

        return sign_in_command(self._session, verb)
