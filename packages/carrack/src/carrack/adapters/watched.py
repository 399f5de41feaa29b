"""A stream that notices patterns in passing."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import IO, Any

from carrack.model.secret_forms import told


@dataclass(kw_only=True)
class Watched(io.RawIOBase):
    """Looks for patterns in all that is read from `stream`, also across two reads; `seen` are the forms found.

    Line ends are passed over, because base64 is often written in lines of 64 or 76 characters.
    """

    stream: IO[bytes]
    patterns: tuple[tuple[str, bytes], ...]
    seen: set[str] = field(default_factory=set)
    _tail: bytes = b""

    def __post_init__(self) -> None:
        """Pass them over in the patterns too: those of a secret of many lines, or of one that is no text."""
        self.patterns = tuple((form, pattern.translate(None, b"\r\n")) for form, pattern in self.patterns)

    def readable(self) -> bool:
        """It can be read, as `io.BufferedReader` asks."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes into `buffer`, and look at them."""
        chunk = self.stream.read(len(buffer))
        buffer[: len(chunk)] = chunk
        joined = self._tail + chunk.translate(None, b"\r\n")
        self.seen.update(told(self.patterns, joined))
        self._tail = joined[1 - max(len(pattern) for _, pattern in self.patterns) :]
        return len(chunk)
