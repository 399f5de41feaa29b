"""The ways in which a secret may be written, and a stream that notices them in passing."""

import io
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any
from urllib.parse import quote

SHORTEST = 16  # a shorter "secret" would be found everywhere


def forms(secret: str) -> dict[str, bytes]:
    """Return the ways of writing ``secret`` that are looked for, each as the bytes that would be found.

    Base64 depends on where in the encoded text the secret begins. So there are three of it, each without the
    characters that a neighbour has a part in: they are found in the base64 of ``aws:SECRET`` as in that of
    any other text around the secret. ValueError for a secret of fewer than 16 characters.
    """
    if len(secret) < SHORTEST:
        raise ValueError(f"a secret of {len(secret)} characters is too short to look for")
    found: dict[bytes, str] = {}
    for form, text in _written(secret):
        found.setdefault(text, form)
    return {form: text for text, form in found.items()}


def _written(secret: str) -> Iterator[tuple[str, bytes]]:
    yield "plain", secret.encode()
    percent = quote(secret, safe="")
    yield "percent-encoded", percent.encode()
    yield "percent-encoded in lower case", re.sub("%..", lambda code: code[0].lower(), percent).encode()
    for offset in range(3):
        text = _base64_core(secret.encode(), offset)
        yield f"base64 at offset {offset}", text
        yield f"base64url at offset {offset}", text.translate(bytes.maketrans(b"+/", b"-_"))


def _base64_core(secret: bytes, offset: int) -> bytes:
    """Return what stands for ``secret`` alone when ``offset`` bytes of something else precede it."""
    text = b64encode(b"\0" * offset + secret)
    complete_groups = (offset + len(secret)) // 3
    return text[(0, 2, 3)[offset] : 4 * complete_groups]


@dataclass(kw_only=True)
class Watched(io.RawIOBase):
    """A stream that looks for patterns in all that is read from it, also across two reads.

    Line ends are passed over, because base64 is often written in lines of 64 or 76 characters.
    """

    stream: IO[bytes]
    patterns: dict[str, bytes]
    seen: set[str] = field(default_factory=set)
    _tail: bytes = b""

    def readable(self) -> bool:
        """Say that it can be read, as ``io.BufferedReader`` asks."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes into ``buffer``, and look at them."""
        chunk = self.stream.read(len(buffer))
        buffer[: len(chunk)] = chunk
        joined = self._tail + chunk.translate(None, b"\r\n")
        self.seen.update(form for form, pattern in self.patterns.items() if pattern in joined)
        self._tail = joined[1 - max(map(len, self.patterns.values())) :]
        return len(chunk)
