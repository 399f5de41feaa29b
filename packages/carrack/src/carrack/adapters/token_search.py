"""Looks for a secret in a stream, and in the archives that it may be or hold, without a file in memory."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, BinaryIO, cast

from carrack.adapters.watched import Watched
from carrack.model.secret_forms import Leak, redacted, told

CHUNK = 1 << 18
DEPTH = 5
"""A layer, and four archives inside one another in it."""
_SPOOLED = 1 << 20
"""A zip archive cannot be read as a stream: up to this size it is kept in memory, a larger one on disk."""
_OPENERS: dict[bytes, Callable[[BinaryIO], IO[bytes]]] = {
    b"\x1f\x8b": lambda stream: cast(IO[bytes], gzip.GzipFile(fileobj=stream)),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
_UNREADABLE = (
    OSError,
    EOFError,
    RuntimeError,  # an encrypted member; NotImplementedError, a compression that zipfile does not know, is one
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)


def is_tar(head: bytes) -> bool:
    """Whether a file that begins with these 512 bytes is a tar archive (POSIX.1, "pax": ustar Interchange Format)."""
    return head[257:262] == b"ustar"


@dataclass(frozen=True, kw_only=True)
class Search:
    """The patterns, each with the form that it is, and how to walk what may hold them."""

    patterns: tuple[tuple[str, bytes], ...]

    def text(self, text: str, *, layer: str, member: str) -> Iterator[Leak]:
        """Search `text`, which is at `member` of `layer`."""
        for form in told(self.patterns, text.encode(errors="surrogatepass")):
            yield self._leak(layer, member, form)

    def stream(self, stream: IO[bytes], *, layer: str, member: str, depth: int = DEPTH) -> Iterator[Leak]:
        """Search `stream`: of an archive, also what its members hold."""
        watched = Watched(stream=stream, patterns=self.patterns)
        buffered: io.BufferedReader = io.BufferedReader(watched, CHUNK)
        inside = list(self._inside(buffered, layer=layer, member=member, depth=depth))
        with suppress(*_UNREADABLE):  # a damaged archive is searched as far as it can be read
            while buffered.read(CHUNK):
                pass
        yield from inside
        for form in sorted(watched.seen - {leak.form for leak in inside}):
            yield self._leak(layer, member, form)

    def _leak(self, layer: str, member: str, form: str) -> Leak:
        return Leak(
            layer=layer, member=redacted(member, (pattern for _, pattern in self.patterns)), form=form
        )

    def _inside(self, stream: io.BufferedReader, *, layer: str, member: str, depth: int) -> Iterator[Leak]:
        """Search inside an archive: nothing is found when it is none, or only begins like one."""
        if not depth:
            return
        step = f"{member}!" if member else ""
        with suppress(*_UNREADABLE):  # then its bytes, which are looked at as they are, must do
            head = stream.peek(tarfile.BLOCKSIZE)
            for magic, opener in _OPENERS.items():
                if head.startswith(magic):
                    opened = opener(cast(BinaryIO, stream))
                    yield from self.stream(opened, layer=layer, member=step, depth=depth - 1)
            if is_tar(head):
                yield from self._tar(stream, layer=layer, step=step, depth=depth - 1)
            if head.startswith(b"PK\x03\x04"):
                yield from self._zip(stream, layer=layer, step=step, depth=depth - 1)

    def _tar(self, stream: IO[bytes], *, layer: str, step: str, depth: int) -> Iterator[Leak]:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for entry in archive:
                words = "\n".join([entry.name, entry.linkname, *map(str, entry.pax_headers.values())])
                yield from self.text(words, layer=layer, member=step + entry.name)
                if body := archive.extractfile(entry) if entry.isreg() else None:
                    yield from self.stream(body, layer=layer, member=step + entry.name, depth=depth)

    def _zip(self, stream: IO[bytes], *, layer: str, step: str, depth: int) -> Iterator[Leak]:
        with tempfile.SpooledTemporaryFile(_SPOOLED) as copy:
            while chunk := stream.read(CHUNK):
                copy.write(chunk)
            with zipfile.ZipFile(cast(BinaryIO, copy)) as archive:
                for entry in archive.infolist():
                    yield from self.text(entry.filename, layer=layer, member=step + entry.filename)
                    with archive.open(entry) as body:
                        yield from self.stream(body, layer=layer, member=step + entry.filename, depth=depth)
