"""The addresses of pages. A domain's name begins with a letter, so that ``-`` is never one."""

from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from codeartifact_local.store.records import PYPI, Package, Version

CONSOLE = "/console/"
LOGIN = f"{CONSOLE}-/login"
LOGOUT = f"{CONSOLE}-/logout"


def address(*segments: str) -> str:
    """Return the address of a page."""
    return CONSOLE + "/".join(quote(segment, safe="") for segment in segments)


def package_address(domain: str, repository: str, package: Package, version: Version | None = None) -> str:
    """Return the address of a package in its repository, or of a version of it."""
    namespace = (package.namespace,) if package.namespace else ()
    last = (version.version,) if version else ()
    return address(domain, repository, package.format, *namespace, package.name, *last)


@dataclass(frozen=True, kw_only=True)
class Place:
    """What an address names, from the domain down as far as it goes."""

    domain: str
    repository: str | None = None
    format: str | None = None
    namespace: str = ""
    package: str | None = None
    version: str | None = None


def segments_of(raw_path: bytes) -> list[str] | None:
    """Return the decoded segments below ``/console/``, or None where there cannot be a page."""
    path = raw_path.removeprefix(CONSOLE.encode()).removesuffix(b"/")
    try:
        return [unquote_to_bytes(part).decode("utf-8") for part in path.split(b"/")] if path else []
    except UnicodeDecodeError:
        return None


def place_of(segments: list[str]) -> Place | None:
    """Return what `segments` name, or None where no page has such an address."""
    domain, *rest = segments
    if not rest:
        return Place(domain=domain)
    repository, *rest = rest
    if not rest:
        return Place(domain=domain, repository=repository)
    format, *rest = rest
    namespace = "" if format == PYPI else rest.pop(0) if rest else ""
    if len(rest) not in (1, 2):
        return None
    package, version = rest[0], rest[1] if len(rest) == 2 else None
    return Place(
        domain=domain,
        repository=repository,
        format=format,
        namespace=namespace,
        package=package,
        version=version,
    )
