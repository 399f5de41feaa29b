"""Work that is done before it is asked for."""

from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

Item = TypeVar("Item")
_END: Final = object()


def ahead(items: Generator[Item], depth: int = 2) -> Generator[Item]:
    """Yield the items, which a thread of their own makes, at most `depth` of them before they are asked for.

    Arrow lets go of the interpreter while it works, so that both go on at the same time. An error is raised where its
    item would have been. Closed early, it waits for the item that is being made.
    """
    with ThreadPoolExecutor(1) as thread:
        pending: deque[Future[object]] = deque(thread.submit(next, items, _END) for _ in range(depth))
        try:
            while (item := pending.popleft().result()) is not _END:
                pending.append(thread.submit(next, items, _END))
                yield item  # type: ignore[misc]
        finally:
            for one in pending:
                one.cancel()
            thread.submit(items.close)
