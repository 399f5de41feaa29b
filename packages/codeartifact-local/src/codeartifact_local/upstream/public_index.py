"""The public index: lists of files, believed for a while, and the files themselves."""

import asyncio
import logging
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta

import httpx

from codeartifact_local.clock import Clock
from codeartifact_local.upstream.configuration import PipConfigurationError, PublicIndexAccess
from codeartifact_local.upstream.listing import ACCEPT, Listing, ListingError, parse_listing

_log = logging.getLogger(__name__)
_TIMEOUT = httpx.Timeout(20, connect=5)
_LISTING_SECONDS = 30
_FAILURE_BELIEVED = timedelta(seconds=3)  # resolving 40 packages does not wait for 40 timeouts
_MAX_LISTING_BYTES = 128 * 1024**2
_REMEMBERED_LISTINGS = 512


class PublicIndexError(Exception):
    """The public index does not answer as it should; `status` is what a gateway says then."""

    def __init__(self, message: str, status: int = 502) -> None:
        super().__init__(message)
        self.status = status


class PublicIndex:
    """One public index, asked through one pool of connections; it belongs to one event loop."""

    def __init__(self, access: Callable[[], PublicIndexAccess], clock: Clock, listing_seconds: float) -> None:
        self._access = access
        self._clock = clock
        self._believed = timedelta(seconds=listing_seconds)
        self._listings: OrderedDict[str, tuple[datetime, Listing | None]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Listing | None]] = {}
        self._failure: tuple[datetime, PublicIndexError] | None = None
        self._opening: asyncio.Task[tuple[httpx.AsyncClient, str]] | None = None

    async def listing(self, name: str) -> Listing | None:
        """Return the files of the project `name` (normalised), or None where there is no such project.

        Requests for one project at the same time ask the public index once.

        Raises:
            PublicIndexError: it cannot be reached, is too slow, or answers nonsense.
        """
        asked, listing = self._listings.get(name, (None, None))
        if asked is not None and self._clock.now() - asked < self._believed:
            return listing
        if self._failure is not None and self._clock.now() - self._failure[0] < _FAILURE_BELIEVED:
            raise self._failure[1]
        task = self._asking.get(name)
        if task is None:
            task = self._asking[name] = asyncio.create_task(self._ask(name))
            task.add_done_callback(lambda _: self._asking.pop(name))
        return await asyncio.shield(task)

    @asynccontextmanager
    async def download(self, address: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Give the bytes at `address`, which a listing named.

        Raises:
            PublicIndexError: as `listing`.
        """
        client, _ = await self._client()
        with _translated():
            # Wheels are compressed already, and a listed hash is that of the bytes as they are kept.
            headers = {"Accept-Encoding": "identity"}
            async with client.stream("GET", address, headers=headers) as response:
                _check(response)
                yield response.aiter_raw(64 * 1024)

    async def close(self) -> None:
        """Close the connections."""
        for task in list(self._asking.values()):
            task.cancel()
        if self._opening is not None and self._opening.done() and not self._opening.exception():
            await self._opening.result()[0].aclose()

    async def _ask(self, name: str) -> Listing | None:
        client, address = await self._client()
        try:
            with _translated():
                async with asyncio.timeout(_LISTING_SECONDS):
                    listing = await _fetch_listing(client, f"{address}{name}/", name)
        except PublicIndexError as error:
            self._failure = (self._clock.now(), error)
            raise
        self._listings[name] = (self._clock.now(), listing)
        self._listings.move_to_end(name)
        while len(self._listings) > _REMEMBERED_LISTINGS:
            self._listings.popitem(last=False)
        return listing

    async def _client(self) -> tuple[httpx.AsyncClient, str]:
        if self._opening is None or (self._opening.done() and self._opening.exception()):
            self._opening = asyncio.create_task(self._open())
        try:
            return await asyncio.shield(self._opening)
        except PipConfigurationError as error:
            raise PublicIndexError(f"The public index is not known: {error}.") from error

    async def _open(self) -> tuple[httpx.AsyncClient, str]:
        return await asyncio.to_thread(_open_client, self._access)


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


def _open_client(access: Callable[[], PublicIndexAccess]) -> tuple[httpx.AsyncClient, str]:
    found = access()
    address = httpx.URL(found.address)
    if address.scheme not in ("http", "https"):
        raise PublicIndexError(f"pip's index-url is a {address.scheme}: address; http or https is needed.")
    client = httpx.AsyncClient(
        auth=_OwnHostAuth(address) if address.userinfo else None,
        verify=_trust(found.certificates),
        proxy=found.proxy,
        timeout=_TIMEOUT,
        follow_redirects=True,
        headers={"User-Agent": "codeartifact-local"},
    )
    _log.info("the public index is on %s", address.host)
    return client, str(address.copy_with(username=None, password=None))


def _trust(certificates: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificates) if certificates else httpx.create_ssl_context()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (TimeoutError, httpx.TimeoutException) as error:
        raise PublicIndexError("The public index did not answer in time.", 504) from error
    except (httpx.HTTPError, ListingError) as error:
        # The text of an httpx error may hold an address; its class says enough.
        raise PublicIndexError(f"The public index cannot be used ({type(error).__name__}).") from error


async def _fetch_listing(client: httpx.AsyncClient, page: str, name: str) -> Listing | None:
    async with client.stream("GET", page, headers={"Accept": ACCEPT}) as response:
        if response.status_code in (404, 410):
            return None
        _check(response)
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > _MAX_LISTING_BYTES:
                raise ListingError("its page is too large")
    content_type = response.headers.get("content-type", "")
    return await asyncio.to_thread(
        parse_listing, bytes(content), content_type, page=str(response.url), name=name
    )


def _check(response: httpx.Response) -> None:
    if response.status_code != 200:
        raise PublicIndexError(f"The public index answered with status {response.status_code}.")
