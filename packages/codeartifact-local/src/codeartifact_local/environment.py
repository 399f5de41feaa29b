"""The environment of a client: this server and nothing else of AWS."""

import os
from collections.abc import Mapping

from codeartifact_local.protocol.signature import Key
from codeartifact_local.settings import Settings

ADMIN_SECRET = "CODEARTIFACT_LOCAL_ADMIN_SECRET"  # noqa: S105  # the variable's name
ANY_KEY = Key(access_key_id="codeartifact-local", secret_access_key="codeartifact-local")  # noqa: S106
"""What clients sign with where any signature is accepted."""


def client_variables(url: str, settings: Settings, ambient: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that make boto3 and the aws CLI use the server at `url`."""
    key = settings.key or ANY_KEY
    no_proxy = _extended(ambient.get("no_proxy") or ambient.get("NO_PROXY") or "")
    return {
        "CODEARTIFACT_LOCAL_URL": url,
        "AWS_ENDPOINT_URL_CODEARTIFACT": url,
        "AWS_ACCESS_KEY_ID": key.access_key_id,
        "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
        "AWS_REGION": settings.region,
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
    }


def clean_environment(url: str, settings: Settings, ambient: Mapping[str, str]) -> dict[str, str]:
    """Return `ambient` without anything of AWS (but its CA bundle), and with this server in its place."""
    kept = {
        name: value
        for name, value in ambient.items()
        if not name.startswith("AWS_") or name == "AWS_CA_BUNDLE"
    }
    no_files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    secret = {} if settings.admin_secret is None else {ADMIN_SECRET: settings.admin_secret}
    return kept | no_files | client_variables(url, settings, ambient) | secret


def repository_variables(endpoint: str, index: str, token: str) -> dict[str, str]:
    """Return the variables that make pip, uv and twine use one repository; `index` has the token in it."""
    return {
        "CODEARTIFACT_AUTH_TOKEN": token,
        "PIP_INDEX_URL": index,
        "UV_DEFAULT_INDEX": index,
        "UV_PUBLISH_URL": endpoint,
        "UV_PUBLISH_USERNAME": "aws",
        "UV_PUBLISH_PASSWORD": token,
        "TWINE_REPOSITORY_URL": endpoint,
        "TWINE_USERNAME": "aws",
        "TWINE_PASSWORD": token,
    }


def _extended(no_proxy: str) -> str:
    listed = [host.strip() for host in no_proxy.split(",") if host.strip()]
    return ",".join([*listed, *(host for host in ("127.0.0.1", "localhost") if host not in listed)])
