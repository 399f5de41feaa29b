"""HTTP to an index's PyPI endpoint or a registry: the login, and the certificates and proxy of pip's configuration."""

from __future__ import annotations

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from carrack.adapters.pip_settings import PipSettings
from carrack.model.access import USERNAME, Access


def open_session(
    access: Access, settings: PipSettings | None = None, retry: Retry | int = 0
) -> requests.Session:
    """A session for `access`; see `signed_in_session`."""
    return signed_in_session(access.simple_url, (USERNAME, access.token.value), settings, retry)


def signed_in_session(
    url: str, login: tuple[str, str], settings: PipSettings | None = None, retry: Retry | int = 0
) -> requests.Session:
    """A session for `url`; certificates and proxies of the environment come before those of `settings`."""
    settings = settings or PipSettings()
    session = requests.Session()
    session.auth = login
    session.verify = settings.cert or True
    session.cert = settings.client_cert
    session.proxies = settings.proxies(url)
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session
