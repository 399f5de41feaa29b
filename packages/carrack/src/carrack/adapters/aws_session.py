"""A boto3 session for an index: credentials by boto3's own chain, kept where the AWS CLI keeps them."""

from __future__ import annotations

import contextlib
import getpass
import os
import shlex
from pathlib import Path
from typing import Any, NoReturn

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import CredentialResolver, create_credential_resolver
from botocore.loaders import Loader, create_loader
from botocore.utils import JSONFileCache

from carrack.adapters.broken_off import watch
from carrack.errors import IndexAccessError
from carrack.model.index import Index

CONNECTIONS = 32
"""As many as one client keeps open: at 150 ms a request they are the 200 listings a second that the API allows."""

# Said in full, so that AWS_ENDPOINT_URL*, AWS_USE_DUALSTACK_ENDPOINT, AWS_RETRY_MODE and their like in
# ~/.aws/config have no say: the environment gives credentials, proxies and certificates, never the place.
_CONFIG: dict[str, Any] = {
    "ignore_configured_endpoint_urls": True,
    "use_dualstack_endpoint": False,
    "use_fips_endpoint": False,
    "connect_timeout": 10,
    "read_timeout": 60,
    "max_pool_connections": CONNECTIONS,
    "retries": {"mode": "standard", "total_max_attempts": 4},
}


def open_session(index: Index, *, may_prompt: bool) -> boto3.Session:
    """Return a session in the index's region, with its profile or else boto3's default one.

    Results of assuming a role are shared with the AWS CLI (`~/.aws/cli/cache`), so that one MFA code serves
    every verb and the CLI too. Where `may_prompt` is false a needed code is an IndexAccessError.
    """
    session: Any = botocore.session.Session(profile=index.profile)
    cache: Any = _CliCache(str(Path.home() / ".aws" / "cli" / "cache"))
    resolver: Any = create_credential_resolver(session, cache=cache, region_name=index.region)
    # botocore has no argument for this. The tests of a role with MFA fail should the name ever change.
    resolver.get_provider("assume-role")._prompter = getpass.getpass if may_prompt else _refuse_to_prompt
    session.register_component("credential_provider", resolver)
    return _placed(session, index)


def open_nobodys_session(index: Index) -> boto3.Session:
    """Return a session in the index's region without credentials, which reads neither profile nor configuration.

    It can tell where a service is, and sign nothing.
    """
    unset: Any = dict.fromkeys(("profile", "config_file", "credentials_file"), (None, None, None, None))
    session: Any = botocore.session.Session(session_vars=unset)
    session.register_component("credential_provider", CredentialResolver([]))
    return _placed(session, index)


def _placed(session: Any, index: Index) -> boto3.Session:
    session.lazy_register_component("data_loader", lambda: _models(session))
    return boto3.Session(botocore_session=session, region_name=index.region)


def _models(session: Any) -> Loader:
    """As botocore's own, from the same places (`data_path`, `~/.aws/models`)."""
    named = create_loader(session.get_config_variable("data_path")).search_paths
    return _Loader(extra_search_paths=list(named), include_default_search_paths=False)


class _Loader(Loader):  # type: ignore[misc]
    """Takes each folder for a service, where botocore looks into all of its four hundred, twice a client.

    For one that is none, loading raises DataNotFoundError, of which botocore's UnknownServiceError is a kind.
    """

    def list_available_services(self, type_name: str) -> list[str]:
        """The names of all folders."""
        return sorted(
            {name for path in self.search_paths if os.path.isdir(path) for name in os.listdir(path)}
        )


def make_client(session: Any, service: str, endpoint_url: str | None = None, *, once: bool = False) -> Any:
    """Return a client of `service` in the session's region, at `endpoint_url` or else at AWS's own address for it.

    With `once` it sends each request one time, whatever comes back, as what must not be done twice wants it.
    """
    retries = {"mode": "standard", "total_max_attempts": 1} if once else _CONFIG["retries"]
    client = session.client(
        service, endpoint_url=endpoint_url, config=Config(**{**_CONFIG, "retries": retries})
    )
    if not once:
        watch(client)
    return client


def sign_in_command(session: boto3.Session, verb: str) -> str:
    """`aws sso login` or `aws login`, as `verb` says, with the profile that holds the login.

    That is the session's own, or the one at the end of its `source_profile` chain.
    """
    profiles: dict[str, dict[str, Any]] = session._session.full_config.get("profiles", {})
    name, seen = session.profile_name, set[str]()
    while name not in seen and (source := profiles.get(name, {}).get("source_profile")):
        seen.add(name)
        name = source
    return f"aws {verb} --profile {shlex.quote(name)}"


class _CliCache(JSONFileCache):  # type: ignore[misc]
    """The AWS CLI's cache. Where it cannot be written, a read-only home for instance, nothing is kept."""

    def __setitem__(self, key: str, value: Any) -> None:
        with contextlib.suppress(OSError):
            super().__setitem__(key, value)


def _refuse_to_prompt(prompt: str) -> NoReturn:
    raise IndexAccessError(
        "the AWS profile's role needs an MFA code, and nobody is here to type one",
        hint="run any carrack verb or `aws sts get-caller-identity` with this profile in a terminal first; "
        "in CI use a role that needs no MFA",
    )
