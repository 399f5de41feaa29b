"""Where the public index is, and how to reach it: as pip is configured, else pip's built-in default."""

import ast
import os
import subprocess
import sys
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from codeartifact_local.hosts import is_loopback

_DEFAULT_INDEX = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
_PIP_SECONDS = 30


class PipConfigurationError(Exception):
    """pip cannot say where the public index is."""


@dataclass(frozen=True, kw_only=True)
class PublicIndexAccess:
    """How to reach the public index. The address may hold credentials, so that it has no repr."""

    address: str = field(repr=False)
    certificates: str | None = None
    proxy: str | None = field(default=None, repr=False)


def discover(address: str | None = None) -> PublicIndexAccess:
    """Return how pip would reach the public index; `address`, where given, replaces pip's.

    Raises:
        PipConfigurationError: pip does not run, or its answer cannot be read.
    """
    if address is not None and is_loopback(urlsplit(address).hostname or ""):
        # Neither a proxy nor other certificates help on the way to this machine: pip need not be asked.
        return PublicIndexAccess(address=address.rstrip("/") + "/")
    configured = _merged(_pip("-m", "pip", "config", "list"))
    found = address or configured.get("index-url") or _pip("-c", _DEFAULT_INDEX).strip()
    return PublicIndexAccess(
        address=found.rstrip("/") + "/",
        certificates=configured.get("cert") or os.environ.get("REQUESTS_CA_BUNDLE"),
        proxy=configured.get("proxy"),
    )


def _pip(*arguments: str) -> str:
    try:
        done = subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, timeout=_PIP_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        # Not `from error`: the exception would carry pip's output, which may hold credentials.
        raise PipConfigurationError(
            f"pip of {sys.executable} does not say where the public index is ({type(error).__name__})"
        ) from None
    return done.stdout


def _merged(listing: str) -> dict[str, str]:
    """Return the options of `pip install`: the environment goes before ``install`` before ``global``."""
    found: dict[str, str] = {}
    pairs = [line.partition("=") for line in listing.splitlines()]
    for section in ("global", "install", ":env:"):
        for key, _, value in pairs:
            if key.startswith(f"{section}."):
                found[key.removeprefix(f"{section}.")] = str(ast.literal_eval(value))
    return found
