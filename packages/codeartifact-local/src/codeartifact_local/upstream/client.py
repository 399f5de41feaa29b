"""Asks the public index over HTTP. Importing httpx takes long; see `public_index`, which does it late."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import httpx

from codeartifact_local.upstream.configuration import PublicIndexAccess
from codeartifact_local.upstream.errors import PublicIndexError
from codeartifact_local.upstream.listing import ACCEPT, Listing, ListingError, parse_listing

_log = logging.getLogger(__name__)
_TIMEOUT = httpx.Timeout(20, connect=5)
_LISTING_SECONDS = 30
_MAX_LISTING_BYTES = 128 * 1024**2
_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class PublicClient:
    """One pool of connections to one public index; it belongs to one event loop."""

    address: str
    """Address of the simple pages, without credentials."""
    http: httpx.AsyncClient = field(repr=False)

    async def listing(self, name: str) -> Listing | None:
        """Return the files of the project `name`, or None where there is no such project.

        Raises:
            PublicIndexError: the index cannot be reached, is too slow, or answers nonsense.
        """
        with _translated():
            async with asyncio.timeout(_LISTING_SECONDS):
                return await self._listing(name)

    @asynccontextmanager
    async def download(self, address: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Give the bytes at `address`.

        Raises:
            PublicIndexError: as `listing`.
        """
        with _translated():
            # Wheels are compressed already, and a listed hash is that of the bytes as they are kept.
            headers = {"Accept-Encoding": "identity"}
            async with self.http.stream("GET", address, headers=headers) as response:
                _check(response)
                yield response.aiter_raw(_CHUNK_BYTES)

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def _listing(self, name: str) -> Listing | None:
        content = bytearray()
        headers = {"Accept": ACCEPT}
        async with self.http.stream("GET", f"{self.address}{name}/", headers=headers) as response:
            if response.status_code in (404, 410):
                return None
            _check(response)
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > _MAX_LISTING_BYTES:
                    raise ListingError("its page is too large")
        kind, page = response.headers.get("content-type", ""), str(response.url)
        return await asyncio.to_thread(parse_listing, bytes(content), kind, page=page, name=name)


def open_client(access: PublicIndexAccess) -> PublicClient:
    """Return a client for the public index that `access` describes.

    Raises:
        PublicIndexError: its address is not one of HTTP.
    """
    address = httpx.URL(access.address)
    if address.scheme not in ("http", "https"):
        raise PublicIndexError(f"pip's index-url is a {address.scheme}: address; http or https is needed.")
    http = httpx.AsyncClient(
        auth=_OwnHostAuth(address) if address.userinfo else None,
        verify=_trust(access.certificates),
        proxy=access.proxy,
        timeout=_TIMEOUT,
        follow_redirects=True,
        headers={"User-Agent": "codeartifact-local"},
    )
    _log.info("the public index is on %s", address.host)
    return PublicClient(address=str(address.copy_with(username=None, password=None)), http=http)


class _OwnHostAuth(httpx.BasicAuth):
    """The credentials of pip's index-url, given to that host and to no other."""

    def __init__(self, address: httpx.URL) -> None:
        super().__init__(address.username, address.password)
        self._origin = _origin(address)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if _origin(request.url) == self._origin:
            yield from super().auth_flow(request)
        else:
            yield request


def _origin(address: httpx.URL) -> tuple[str, str, int | None]:
    return address.scheme, address.host, address.port


def _trust(certificates: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificates) if certificates else httpx.create_ssl_context()


def _check(response: httpx.Response) -> None:
    if response.status_code != 200:
        raise PublicIndexError(f"The public index answered with status {response.status_code}.")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (TimeoutError, httpx.TimeoutException) as error:
        raise PublicIndexError("The public index did not answer in time.", 504) from error
    except (httpx.HTTPError, ListingError) as error:
        # The text of an httpx error may hold an address; its class says enough.
        raise PublicIndexError(f"The public index cannot be used ({type(error).__name__}).") from error
