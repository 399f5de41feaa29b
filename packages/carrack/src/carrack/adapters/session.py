"""HTTP to an index's PyPI endpoint or a registry: the login, and the certificates and proxy of pip's configuration."""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from carrack.adapters.pip_settings import PipSettings
from carrack.model.access import USERNAME, Access

CONNECTIONS = 32
"""As many as one session keeps open to a place, for as many threads."""
_PIECE = 1 << 18
"""How much of a file is read and sent at once: with urllib3's own 16 KiB, sending takes four to six times as long."""


class NoCertificatesError(requests.exceptions.SSLError):
    """A file of certificates that a variable or pip's configuration names is not there."""


class _Transport(HTTPAdapter):
    """As requests' own, but that it sends files in larger pieces, and raises no plain OSError for such a file.

    Nobody who catches RequestException expects that.
    """

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        """Raises nothing."""
        super().init_poolmanager(*arguments, **named, blocksize=_PIECE)

    def proxy_manager_for(self, proxy: str, **named: Any) -> Any:
        """Raises what requests' own raises."""
        return super().proxy_manager_for(proxy, **named, blocksize=_PIECE)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Raises NoCertificatesError."""
        try:
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]
        except OSError as error:
            raise NoCertificatesError(str(error)) from error


def new_session(retry: Retry | int = 0) -> requests.Session:
    """A session with nobody's credentials; whatever goes wrong on the way is a RequestException."""
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Transport(max_retries=retry, pool_maxsize=CONNECTIONS))
    return session


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
    session = new_session(retry)
    session.auth = login
    session.verify = settings.cert or True
    session.cert = settings.client_cert
    session.proxies = settings.proxies(url)
    return session
