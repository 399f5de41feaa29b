"""The way into an index: its addresses and a short-lived token, kept out of every repr."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlsplit, urlunsplit

from carrack.model.index import Index

USERNAME = "aws"
"""The user name of every CodeArtifact token (AWS CodeArtifact User Guide, "Configure and use pip")."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """A CodeArtifact token.

    `expires` is None where the token does not say. `variable` is the environment variable that held it, None where
    it was asked for.
    """

    value: str = field(repr=False)
    expires: datetime | None = None
    variable: str | None = None


@dataclass(frozen=True, kw_only=True)
class Access:
    """An index's PyPI endpoint and the token that opens it. `repository_url` ends with a slash."""

    index: Index
    repository_url: str
    token: Token

    @property
    def simple_url(self) -> str:
        """The address of the simple index, without credentials; it ends with a slash, as CodeArtifact needs."""
        return simple_url(self.repository_url)

    @property
    def simple_url_with_token(self) -> str:
        """The address that pip and uv take. For a child's environment only: never argv, a file or a log."""
        return with_credentials(self.simple_url, USERNAME, self.token.value)


def simple_url(repository_url: str) -> str:
    """The address of the simple index of the PyPI endpoint at `repository_url`, which ends with a slash."""
    return f"{repository_url}simple/"


def with_credentials(url: str, username: str, password: str) -> str:
    """`url` with user name and password in it, percent-encoded."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{quote(username, safe='')}:{quote(password, safe='')}@{host}"
    return urlunsplit(parts._replace(netloc=netloc))


def without_credentials(url: str) -> str:
    """`url` as it may be shown."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
