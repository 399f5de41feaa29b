"""The environment of child processes: nothing of the user's pip and uv settings but certificates and proxies."""

from __future__ import annotations

import os
from collections.abc import Mapping

from carrack.adapters.pip_settings import PipSettings
from carrack.model.access import Access

_KEPT = frozenset(
    {"PIP_CERT", "PIP_CLIENT_CERT", "PIP_CACHE_DIR", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_CACHE_DIR"}
)
_DROPPED_PREFIXES = (
    *("PIP_", "UV_", "TWINE_", "AWS_", "CODEARTIFACT_", "PYTHON", "VIRTUAL_ENV", "CONDA_PREFIX"),
    *("HATCH_", "SETUPTOOLS_", "FLIT_", "PDM_"),  # would change what build backends make
)
_SWITCHED_OFF = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_NO_INPUT": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_KEYRING_PROVIDER": "disabled",
    "UV_NO_CONFIG": "1",
    "UV_KEYRING_PROVIDER": "disabled",
    "UV_PYTHON_DOWNLOADS": "never",
    "PYTHONNOUSERSITE": "1",
}


def isolated(
    environ: Mapping[str, str], access: Access | None = None, settings: PipSettings | None = None
) -> dict[str, str]:
    """`environ` for a pip or uv that sees one index and no other place to take files from.

    That is `access`'s index, else the public one that `settings` names, else the one built into pip. The user's pip
    and uv configuration files and variables are switched off, keyring too; AWS credentials are dropped. Certificates,
    proxies and caches stay. Credentials may be in the returned mapping: give it to a child, never print it.
    """
    settings = settings or PipSettings()
    kept = {k: v for k, v in environ.items() if k in _KEPT or not k.startswith(_DROPPED_PREFIXES)}
    url = access.simple_url_with_token if access else settings.index_url
    index = {"PIP_INDEX_URL": url, "UV_DEFAULT_INDEX": url} if url else {}
    return kept | settings.variables(kept) | _SWITCHED_OFF | index
