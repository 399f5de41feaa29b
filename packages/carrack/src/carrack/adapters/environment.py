"""The environment of child processes: nothing of the user's pip and uv settings but certificates and proxies."""

from __future__ import annotations

import os
from collections.abc import Mapping

from carrack.model.access import Access

_KEPT = frozenset(
    {
        "PIP_CERT",
        "PIP_CLIENT_CERT",
        "PIP_PROXY",
        "UV_NATIVE_TLS",
        "UV_SYSTEM_CERTS",
        "UV_CACHE_DIR",
        "PIP_CACHE_DIR",
    }
)
_DROPPED_PREFIXES = (
    "PIP_",
    "UV_",
    "TWINE_",
    "AWS_",
    "CODEARTIFACT_",
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
)


def isolated(environ: Mapping[str, str], access: Access | None = None) -> dict[str, str]:
    """`environ` for a pip or uv that sees `access`'s index and no other place to take files from.

    The user's pip and uv configuration files and variables are switched off, keyring too; AWS credentials are
    dropped. Certificate, proxy and cache settings stay. The token is in the returned mapping: give it to a child's
    environment, never print it.
    """
    kept = {k: v for k, v in environ.items() if k in _KEPT or not k.startswith(_DROPPED_PREFIXES)}
    switched_off = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INPUT": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_KEYRING_PROVIDER": "disabled",
        "UV_NO_CONFIG": "1",
        "UV_KEYRING_PROVIDER": "disabled",
    }
    if access is None:
        return kept | switched_off
    url = access.simple_url_with_token
    return kept | switched_off | {"PIP_INDEX_URL": url, "UV_DEFAULT_INDEX": url}
