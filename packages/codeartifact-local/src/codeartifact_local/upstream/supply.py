"""The bytes of any file that a repository lists: from the disk, else from the public index."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from codeartifact_local.content import Content, read_kept
from codeartifact_local.store import keeping
from codeartifact_local.store.blobs import Blobs
from codeartifact_local.store.database import Database
from codeartifact_local.store.records import Asset
from codeartifact_local.upstream.errors import PublicIndexError
from codeartifact_local.upstream.fetching import Fetch
from codeartifact_local.upstream.public_index import PublicIndex


@dataclass(frozen=True, kw_only=True)
class Supply:
    """Hands out files, and keeps each of them the first time that it is wanted."""

    database: Database
    blobs: Blobs
    public: PublicIndex
    _arriving: dict[str, Fetch] = field(default_factory=dict)

    async def content(self, package: str, asset: Asset) -> Content:
        """Return the bytes of `asset`, a file of the package with this normalised name.

        Requests for one file at the same time fetch it once.

        Raises:
            PublicIndexError: they are not here, and the public index does not give them.
        """
        if asset.sha256 not in self._arriving:
            if await run_in_threadpool(self._is_kept, asset.sha256):
                kept = read_kept(self.blobs.path(asset.sha256), asset.sha256)
                return Content(chunks=await _with_first(kept), size=asset.size)
            await self._fetch(package, asset)
        arriving = self._arriving[asset.sha256].follow()
        return Content(chunks=await _with_first(arriving), size=asset.size)

    async def file(self, package: str, asset: Asset) -> Path:
        """Return where the bytes of `asset` are on the disk, once they are.

        Raises:
            PublicIndexError: as `content`.
            BrokenContentError: the public index sent other bytes than it listed.
        """
        if not await run_in_threadpool(self._is_kept, asset.sha256):
            async for _ in (await self.content(package, asset)).chunks:
                pass
        return self.blobs.path(asset.sha256)

    async def close(self) -> None:
        """Give up what is still arriving."""
        tasks = [fetch.task for fetch in self._arriving.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.public.close()

    async def _fetch(self, package: str, asset: Asset) -> None:
        listing = await self.public.listing(package)
        address = listing.addresses.get(asset.name) if listing else None
        if address is None:
            raise PublicIndexError(f"The public index no longer lists {asset.name}.")
        if asset.sha256 not in self._arriving:
            fetch = Fetch(self.database, self.blobs, asset.sha256, self.public.download(address))
            self._arriving[asset.sha256] = fetch
            fetch.task.add_done_callback(lambda _: self._arriving.pop(asset.sha256))

    def _is_kept(self, sha256: str) -> bool:
        with self.database.read() as db:
            return keeping.is_kept(db, sha256)


async def _with_first(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Wait for the first bytes, so that a failure before them can still be a proper answer."""
    first = await anext(chunks, b"")

    async def every() -> AsyncIterator[bytes]:
        yield first
        async for chunk in chunks:
            yield chunk

    return every()
