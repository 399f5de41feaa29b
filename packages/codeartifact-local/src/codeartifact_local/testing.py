"""A real local CodeArtifact inside a test's own process."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import botocore.session
from botocore.config import Config

from codeartifact_local.clock import Clock
from codeartifact_local.environment import ANY_KEY, clean_environment
from codeartifact_local.faults import Faults
from codeartifact_local.protocol.model import operation_names
from codeartifact_local.serving import background, listening
from codeartifact_local.settings import Settings
from codeartifact_local.store.records import PUBLIC_PYPI


@dataclass(frozen=True, kw_only=True)
class LocalCodeArtifact:
    """A server that runs while the block of `local_codeartifact` does."""

    url: str
    """Its base address, without a slash at the end."""
    settings: Settings
    clock: Clock = field(default_factory=Clock)
    """Its time: `clock.advance(seconds)` lets tokens expire."""
    faults: Faults = field(default_factory=lambda: Faults(operation_names))
    """What is to go wrong: `faults.throttle("CopyPackageVersions", times=2)`."""
    domain: str = ""
    """The domain that the methods below are about where they are not told another; `fresh` makes one."""
    repository: str = ""
    """The repository of `domain` that they are about."""
    _clients: list[Any] = field(default_factory=list, repr=False)

    def environ(self) -> dict[str, str]:
        """Return this process's environment, cleaned of AWS and pointing here, for a subprocess."""
        return clean_environment(self.url, self.settings, os.environ)

    def client(self) -> Any:
        """Return a botocore client of CodeArtifact, the same that ``boto3.client("codeartifact")`` gives."""
        if not self._clients:
            key = self.settings.key or ANY_KEY
            client = _session().create_client(
                "codeartifact",
                endpoint_url=self.url,
                region_name=self.settings.region,
                aws_access_key_id=key.access_key_id,
                aws_secret_access_key=key.secret_access_key,
                config=Config(
                    proxies={}
                ),  # none is on the way to this machine, whatever the environment says
            )
            self._clients.append(client)
        return self._clients[0]

    def create(self, domain: str, *repositories: str, store: str = "pypi-store") -> None:
        """Make a domain, its store with the external connection, and repositories with the store upstream."""
        client = self.client()
        client.create_domain(domain=domain)
        client.create_repository(domain=domain, repository=store)
        client.associate_external_connection(domain=domain, repository=store, externalConnection=PUBLIC_PYPI)
        for name in repositories:
            client.create_repository(domain=domain, repository=name, upstreams=[{"repositoryName": store}])

    def fresh(self) -> "LocalCodeArtifact":
        """Return this server with a new domain, and in it the repository ``packages``, ready for use.

        Domains know nothing of each other, so that tests can share one server.
        """
        domain = f"tests-{secrets.token_hex(8)}"
        self.create(domain, "packages")
        return replace(self, domain=domain, repository="packages")

    def token(self, domain: str | None = None) -> str:
        """Return a token of a domain, for 12 hours of `clock`."""
        answer = self.client().get_authorization_token(domain=domain or self.domain)
        return str(answer["authorizationToken"])

    def upload_url(self, domain: str | None = None, repository: str | None = None) -> str:
        """Return a repository's endpoint, where twine uploads to."""
        found = self.client().get_repository_endpoint(
            domain=domain or self.domain, repository=repository or self.repository, format="pypi"
        )
        return str(found["repositoryEndpoint"])

    def index_url(
        self, domain: str | None = None, repository: str | None = None, token: str | None = None
    ) -> str:
        """Return the index address for pip and uv, with a token in it; a new one where none is given."""
        endpoint = urlsplit(self.upload_url(domain, repository))
        return endpoint._replace(
            netloc=f"aws:{quote(token or self.token(domain))}@{endpoint.netloc}",
            path=f"{endpoint.path}simple/",
        ).geturl()


@cache
def _session() -> botocore.session.Session:
    """Return a session that reads none of the caller's AWS files; its service models are loaded once."""
    nothing = {"config_file": (None, None, os.devnull, None), "profile": (None, None, None, None)}
    return botocore.session.Session(session_vars=nothing)


@contextmanager
def local_codeartifact(
    data: Path | None = None, *, public_index: str | None = None, settings: Settings | None = None
) -> Iterator[LocalCodeArtifact]:
    """Run a server on a free port of 127.0.0.1 while the block does.

    Args:
        data: Folder that keeps domains and packages; a temporary one, not synced, where it is None.
        public_index: Address of the simple pages behind ``public:pypi``; the settings' where it is None.
        settings: The other settings.
    """
    chosen = settings or Settings(durable=data is not None)
    if public_index is not None:
        chosen = replace(chosen, public_index=public_index)
    clock, faults = Clock(), Faults(operation_names)
    with ExitStack() as stack:
        folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="codeartifact-local-")))
        sock, url = stack.enter_context(listening("127.0.0.1", 0))
        stack.enter_context(background(folder, chosen, sock, clock, faults))
        local = LocalCodeArtifact(url=url, clock=clock, faults=faults, settings=chosen)
        yield local
        for client in local._clients:
            client.close()
