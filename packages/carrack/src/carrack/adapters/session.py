"""HTTP to an index's PyPI endpoint: its token, and the certificates and proxy that pip is configured with."""

from __future__ import annotations

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from carrack.adapters.pip_settings import PipSettings
from carrack.model.access import USERNAME, Access


def open_session(
    access: Access, settings: PipSettings | None = None, retry: Retry | int = 0
) -> requests.Session:
    """A session for `access`; certificates and proxies of the environment come before those of `settings`."""
    settings = settings or PipSettings()
    session = requests.Session()
    session.auth = (USERNAME, access.token.value)
    session.verify = settings.cert or True
    session.cert = settings.client_cert
    session.proxies = settings.proxies(access.simple_url)
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session
