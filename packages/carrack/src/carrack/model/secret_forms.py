"""The ways in which a secret may be written, and one place where it was found."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

SHORTEST = 16
"""In characters; a shorter "secret" would be found everywhere."""


@dataclass(frozen=True, kw_only=True, order=True)
class Leak:
    """One place of an image that holds a secret, written as `form`; the secret itself is not in here.

    `layer` is a layer's name in the saved archive and `member` a path in it, with `!` before each step into an
    archive. Or `layer` is `history` or `config` and `member` the address of the value there.
    """

    layer: str
    member: str
    form: str

    def __str__(self) -> str:
        if self.layer in ("history", "config"):
            return f"{self.member} ({self.form})"
        return f"{self.member or 'between its members'} in layer {self.layer} ({self.form})"


def forms(secret: str) -> tuple[tuple[str, bytes], ...]:
    """The ways of writing `secret` that are looked for: what each is called, and the bytes that would be found.

    Base64 depends on where in the encoded text the secret begins. So there are three of it, each without the
    characters that a neighbour has a part in: they are found in the base64 of `aws:SECRET` as in that of any other
    text around the secret. Raises ValueError for a secret of fewer than 16 characters.
    """
    if len(secret) < SHORTEST:
        raise ValueError(f"a secret of {len(secret)} characters is too short to look for")
    found: dict[bytes, str] = {}
    for form, text in _written(secret):
        found.setdefault(text, form)
    return tuple((form, text) for text, form in found.items())


def redacted(text: str, patterns: Iterable[bytes]) -> str:
    """`text` with `***` for each of `patterns`, so that the name of a place can be shown."""
    encoded = text.encode(errors="surrogatepass")
    for pattern in sorted(patterns, key=len, reverse=True):
        encoded = encoded.replace(pattern, b"***")
    return encoded.decode(errors="surrogatepass")


def told(patterns: Iterable[tuple[str, bytes]], text: bytes) -> Iterator[str]:
    """The forms that are in `text`."""
    return (form for form, pattern in patterns if pattern in text)


def _written(secret: str) -> Iterator[tuple[str, bytes]]:
    plain = secret.encode(errors="surrogateescape")  # a key in a file may be bytes that are no text
    yield "plain", plain
    percent = quote(plain, safe="")
    yield "percent-encoded", percent.encode()
    yield "percent-encoded in lower case", re.sub("%..", lambda code: code[0].lower(), percent).encode()
    for offset in range(3):
        text = _base64_core(plain, offset)
        yield f"base64 at offset {offset}", text
        yield f"base64url at offset {offset}", text.translate(bytes.maketrans(b"+/", b"-_"))


def _base64_core(secret: bytes, offset: int) -> bytes:
    """What stands for `secret` alone when `offset` bytes of something else precede it."""
    text = b64encode(b"\0" * offset + secret)
    complete_groups = (offset + len(secret)) // 3
    return text[(0, 2, 3)[offset] : 4 * complete_groups]
