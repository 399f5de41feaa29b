"""What of the user's pip configuration is kept: certificates, proxy, and the public index's address."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_SETTINGS = ("cert", "client-cert", "proxy", "index-url")
_SECTIONS = ("global.", "install.", ":env:.")
"""In pip's own order: what comes later wins (pip's user guide, "Configuration")."""

_LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True, kw_only=True)
class PipSettings:
    """Settings of the user's pip that say how to reach a host. None is in a repr: they may have credentials in them.

    `index_url` None means the index that is built into pip.
    """

    cert: str | None = field(default=None, repr=False)
    client_cert: str | None = field(default=None, repr=False)
    proxy: str | None = field(default=None, repr=False)
    index_url: str | None = field(default=None, repr=False)

    def variables(self, environ: Mapping[str, str]) -> dict[str, str]:
        """These settings as variables that pip, uv and requests all read; those that `environ` has are left alone.

        The proxy is not PIP_PROXY, which would send requests to loopback through it as well.
        """
        wanted: dict[str, str | None] = {
            "PIP_CERT": self.cert,
            "PIP_CLIENT_CERT": self.client_cert,
            "SSL_CERT_FILE": self.cert,
            "SSL_CLIENT_CERT": self.client_cert,
            "REQUESTS_CA_BUNDLE": self.cert,
            "HTTP_PROXY": self.proxy,
            "HTTPS_PROXY": self.proxy,
            "NO_PROXY": ",".join(_LOOPBACK) if self.proxy else None,
        }
        present = {name.upper() for name in environ}
        return {name: value for name, value in wanted.items() if value and name not in present}

    def proxies(self, url: str) -> dict[str, str]:
        """The proxy on the way to `url`, as requests takes it; none to loopback."""
        if not self.proxy or urlsplit(url).hostname in _LOOPBACK:
            return {}
        return {"http": self.proxy, "https": self.proxy}


def read_pip_settings(environ: Mapping[str, str]) -> PipSettings:
    """The settings of pip as a user with `environ` has them: variables, then configuration files.

    A pip configuration that pip itself cannot read gives none.
    """
    listed = list_settings(environ) or ()
    by_name = {
        key.removeprefix(section): value
        for section in _SECTIONS
        for key, value in listed
        if key.startswith(section) and key.removeprefix(section) in _SETTINGS
    }
    return PipSettings(
        cert=by_name.get("cert"),
        client_cert=by_name.get("client-cert"),
        proxy=by_name.get("proxy"),
        index_url=by_name.get("index-url"),
    )


def list_settings(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...] | None:
    """Every setting of pip's as it lists them, such as `global.index-url` with its value, which may be secret.

    None where pip cannot read its configuration.
    """
    listed = subprocess.run(
        [sys.executable, "-P", "-m", "pip", "config", "list"],
        env=dict(environ) | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return tuple(_entries(listed.stdout)) if listed.returncode == 0 else None


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """`(key, value)` of each line such as `global.index-url='https://…'`."""
    for line in text.splitlines():
        key, separator, value = line.partition("=")
        if separator:
            yield key, str(ast.literal_eval(value))
