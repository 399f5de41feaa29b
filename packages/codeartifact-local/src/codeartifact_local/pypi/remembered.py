"""Answers that hold until the data change: one server owns its data folder, so that it sees every change."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry(Generic[Value]):
    value: Value
    size: int
    generation: int
    until: datetime | None


class Remembered(Generic[Value]):
    """Values by key, the least recently used of them forgotten when together they are larger than `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._entries: OrderedDict[Hashable, _Entry[Value]] = OrderedDict()

    def get(self, key: Hashable, generation: int, now: datetime) -> Value | None:
        """Return a value that was put at this generation of the data and still holds, or None."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.generation != generation or (entry.until is not None and now >= entry.until):
            self._forget(key)
            return None
        self._entries.move_to_end(key)
        return entry.value

    def put(
        self, key: Hashable, value: Value, *, size: int, generation: int, until: datetime | None = None
    ) -> None:
        """Remember a value that was made of data of this `generation` or a later one."""
        self._forget(key)
        if size > self._most:
            return
        self._entries[key] = _Entry(value=value, size=size, generation=generation, until=until)
        self._size += size
        while self._size > self._most:
            self._forget(next(iter(self._entries)))

    def _forget(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._size -= entry.size
