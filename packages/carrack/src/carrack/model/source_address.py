"""Where a former repository is: what git is told, and the credentials that are told to nobody else."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

_SCP_LIKE = re.compile(r"(?P<host>[^/:]+):(?P<path>.+)")
"""`git@host:path` (git-fetch's manual, "GIT URLS"): a colon before any slash."""


@dataclass(frozen=True, kw_only=True)
class SourceAddress:
    """A repository's URL or path. `url` has neither password nor token in it, so that it can be shown and kept."""

    url: str
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """What a clone's folder would be called."""
        last = re.split(r"[/:]", self.url.rstrip("/").removesuffix("/.git"))[-1]
        return re.sub(r"\.(git|bundle)$", "", last)

    @property
    def is_path(self) -> bool:
        """Whether it is a folder or a bundle of this machine."""
        return "://" not in self.url and not _SCP_LIKE.fullmatch(self.url)

    @property
    def had_secret(self) -> bool:
        """Whether credentials stood in it."""
        return bool(self.user or self.password)

    def relative(self, other: str) -> str:
        """`other`, a submodule's URL; one that begins with `./` or `../` is relative to this repository's."""
        if not other.startswith(("./", "../")):
            return other
        base = self.url.rstrip("/")
        while other.startswith(("./", "../")):
            if other.startswith("../"):
                base = re.sub(r"[/:][^/:]*$", "", base) if re.search(r"[/:]", base) else base
            other = other.split("/", 1)[1]
        separator = ":" if _SCP_LIKE.fullmatch(self.url) and "/" not in base and ":" not in base else "/"
        return f"{base}{separator}{other}"


def parse_address(text: str) -> SourceAddress:
    """Split credentials off. ssh keeps its user, who is no secret; a password in an ssh address is dropped.

    Query and fragment go too: git's servers have no use for them, and some hosts take tokens there.
    """
    if "://" not in text:
        return SourceAddress(url=text)
    parts = urlsplit(text)
    userinfo, _, host = parts.netloc.rpartition("@")
    user, _, password = userinfo.partition(":")
    clean = urlunsplit((parts.scheme, host, parts.path, "", ""))
    if parts.scheme.lower() in ("http", "https", "ftp", "ftps"):
        return SourceAddress(url=clean, user=unquote(user), password=unquote(password))
    kept = f"{user}@{host}" if user else host
    return SourceAddress(url=urlunsplit((parts.scheme, kept, parts.path, "", "")) if host else text)
