"""The public index as repositories see it: what it lists is believed for a while, and asked for once."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from codeartifact_local.clock import Clock
from codeartifact_local.upstream.configuration import PipConfigurationError, PublicIndexAccess
from codeartifact_local.upstream.errors import PublicIndexError
from codeartifact_local.upstream.listing import Listing

if TYPE_CHECKING:
    from codeartifact_local.upstream.client import PublicClient

_REMEMBERED_LISTINGS = 512
_FAILURE_BELIEVED = timedelta(seconds=3)  # resolving 40 packages does not wait for 40 timeouts


class PublicIndex:
    """One public index; it is opened when it is first asked, and belongs to that event loop."""

    def __init__(self, access: Callable[[], PublicIndexAccess], clock: Clock, listing_seconds: float) -> None:
        self._access = access
        self._clock = clock
        self._believed = timedelta(seconds=listing_seconds)
        self._listings: OrderedDict[str, tuple[datetime, Listing | None]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Listing | None]] = {}
        self._failure: tuple[datetime, PublicIndexError] | None = None
        self._opening: asyncio.Task[PublicClient] | None = None

    async def listing(self, name: str) -> Listing | None:
        """Return the files of the project `name` (normalised), or None where there is no such project.

        Requests for one project at the same time ask the public index once.

        Raises:
            PublicIndexError: it cannot be reached, is too slow, or answers nonsense.
        """
        if name in self._listings:
            asked, listing = self._listings[name]
            if self._clock.now() - asked < self._believed:
                return listing
        if self._failure is not None and self._clock.now() - self._failure[0] < _FAILURE_BELIEVED:
            raise self._failure[1]
        if name not in self._asking:
            self._asking[name] = asyncio.create_task(self._ask(name))
            self._asking[name].add_done_callback(lambda _: self._asking.pop(name))
        return await asyncio.shield(self._asking[name])

    def believed_until(self, name: str) -> datetime | None:
        """Return when the list of a project's files, asked for before, is asked for again."""
        asked = self._listings.get(name)
        return asked[0] + self._believed if asked else None

    @asynccontextmanager
    async def download(self, address: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Give the bytes at `address`, which a listing named.

        Raises:
            PublicIndexError: as `listing`.
        """
        client = await self._client()
        async with client.download(address) as chunks:
            yield chunks

    async def close(self) -> None:
        """Close the connections."""
        for task in list(self._asking.values()):
            task.cancel()
        if self._opening is not None and self._opening.done() and not self._opening.exception():
            await self._opening.result().close()

    async def _ask(self, name: str) -> Listing | None:
        try:
            listing = await (await self._client()).listing(name)
        except PublicIndexError as error:
            self._failure = (self._clock.now(), error)
            raise
        self._listings[name] = (self._clock.now(), listing)
        self._listings.move_to_end(name)
        if len(self._listings) > _REMEMBERED_LISTINGS:
            self._listings.popitem(last=False)
        return listing

    async def _client(self) -> "PublicClient":
        if self._opening is None or (self._opening.done() and self._opening.exception()):
            self._opening = asyncio.create_task(asyncio.to_thread(_open, self._access))
        try:
            return await asyncio.shield(self._opening)
        except PipConfigurationError as error:
            raise PublicIndexError(f"The public index is not known: {error}.") from error


def _open(access: Callable[[], PublicIndexAccess]) -> "PublicClient":
    # A server that is never asked for public packages starts without httpx, in half the time.
    from codeartifact_local.upstream.client import open_client

    return open_client(access())
