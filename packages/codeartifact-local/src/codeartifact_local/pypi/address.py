"""Which repository, and what in it, the path (and host) of a request names."""

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from codeartifact_local.pypi.errors import PypiError

_DOMAIN = r"(?P<domain>[a-z][a-z0-9-]{0,48}[a-z0-9])-(?P<owner>[0-9]{12})"
_DOMAIN_SEGMENT = re.compile(_DOMAIN)
_DOMAIN_HOST = re.compile(rf"{_DOMAIN}\.(d\.)?codeartifact\..*")


@dataclass(frozen=True, kw_only=True)
class Address:
    """A repository's endpoint, and the decoded path segments after it."""

    domain: str
    owner: str
    repository: str
    rest: tuple[str, ...]


def parse_address(raw_path: bytes, host: str) -> Address:
    """Read ``/pypi/d/DOMAIN-OWNER/REPOSITORY/…``, or ``/pypi/REPOSITORY/…`` on the domain's own host.

    Raises:
        PypiError: 404, there is nothing under such a path.
    """
    segments = tuple(_decoded(part) for part in raw_path.split(b"/")[2:])
    if segments[0] == "d" and len(segments) >= 4:
        found, (repository, *rest) = _DOMAIN_SEGMENT.fullmatch(segments[1]), segments[2:]
    elif len(segments) >= 2:
        found, (repository, *rest) = _DOMAIN_HOST.fullmatch(host), segments
    else:
        found, repository, rest = None, "", []
    if found is None or not repository:
        raise PypiError(
            404, "There is no repository at this address; GetRepositoryEndpoint gives a repository's."
        )
    return Address(domain=found["domain"], owner=found["owner"], repository=repository, rest=tuple(rest))


def _decoded(segment: bytes) -> str:
    """Decode one segment after the path was split, so that an encoded slash cannot make two of it."""
    try:
        text = unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "/" in text or "\\" in text or text in (".", "..") or not text.isprintable():
        raise PypiError(404, "The path of this address is malformed.")
    return text
