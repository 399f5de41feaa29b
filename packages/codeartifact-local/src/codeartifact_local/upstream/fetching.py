"""Files from the public index: fetched once, followed by all who wait for them, kept when verified."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool

from codeartifact_local.content import BrokenContentError
from codeartifact_local.store import keeping
from codeartifact_local.store.blobs import Blobs, Incoming
from codeartifact_local.store.database import Database

_HELD_BACK_BYTES = 64 * 1024
_CHUNK_BYTES = 256 * 1024

Download = AbstractAsyncContextManager[AsyncIterator[bytes]]


class Fetch:
    """One file that is arriving; it goes on when its clients leave. Create it in a running event loop."""

    def __init__(self, database: Database, blobs: Blobs, sha256: str, download: Download) -> None:
        self._database = database
        self._blobs = blobs
        self._sha256 = sha256
        self._incoming: Incoming | None = None
        self._written = 0
        self._ended = False
        self._error: Exception | None = None
        self._news = asyncio.Condition()
        self.task = asyncio.create_task(self._run(download))

    async def follow(self) -> AsyncIterator[bytes]:
        """Give the bytes as they arrive; the last of them only when the file is verified and kept.

        Raises:
            PublicIndexError: the public index failed; before the first bytes, or on the way.
            BrokenContentError: the bytes are not those that were listed.
        """
        await self._more_than(0)
        sent = 0
        with self._open() as file:
            while await self._more_than(sent):
                while sent < self._readable():
                    chunk = await run_in_threadpool(file.read, min(_CHUNK_BYTES, self._readable() - sent))
                    sent += len(chunk)
                    yield chunk

    async def _more_than(self, sent: int) -> bool:
        async with self._news:
            await self._news.wait_for(lambda: self._ended or self._readable() > sent)
        if self._error is not None:
            raise self._error
        return self._readable() > sent

    def _readable(self) -> int:
        return self._written if self._ended else self._written - _HELD_BACK_BYTES

    def _open(self) -> BinaryIO:
        # An open file stays readable while it gets its final name; only opening it races with that.
        try:
            assert self._incoming is not None  # noqa: S101  # there are bytes, so that it was made
            return self._incoming.path.open("rb")
        except FileNotFoundError:
            return self._blobs.path(self._sha256).open("rb")

    async def _run(self, download: Download) -> None:
        try:
            with self._blobs.incoming() as self._incoming:
                async with download as chunks:
                    async for chunk in chunks:
                        await run_in_threadpool(self._incoming.write, chunk)
                        await self._tell()
                await run_in_threadpool(self._keep, self._incoming)
            await self._tell(ended=True)
        except asyncio.CancelledError:
            await self._tell(ended=True, error=BrokenContentError("The server stopped."))
            raise
        except Exception as error:
            await self._tell(ended=True, error=error)

    async def _tell(self, *, ended: bool = False, error: Exception | None = None) -> None:
        async with self._news:
            self._written = self._incoming.size if self._incoming else 0
            self._ended, self._error = ended, error
            self._news.notify_all()

    def _keep(self, incoming: Incoming) -> None:
        digests = incoming.digests()
        if digests.sha256 != self._sha256:
            raise BrokenContentError("The public index sent other bytes than it listed; they were not kept.")
        incoming.sync()
        with self._database.write() as db:
            keeping.keep(db, self._blobs, incoming, digests)
