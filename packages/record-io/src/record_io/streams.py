"""A file as a stream of valid UTF-8 for Arrow, whatever its bytes are."""

import codecs
import gzip
import io
import re
import zlib
from typing import Final

from record_io.errors import UnreadableInputError
from record_io.inputs import Input
from record_io.sources import Source

MARK: Final = "\ufdd0"
"""Stands for each byte that is not UTF-8. A Unicode noncharacter, which no text for interchange contains."""

_AT_REST: Final = codecs.getincrementaldecoder("utf-8")().getstate()
_ESCAPED: Final = re.compile("[\udc80-\udcff]")


class TextStream(io.RawIOBase):
    """The decompressed bytes of one file, without a byte order mark; bytes that are not UTF-8 become MARK.

    Arrow's parsers give up the whole file at the first bad byte. Marking it instead lets the reader reject
    the one record that holds it; `damaged` says whether any was marked so far. `source` is closed with the stream.
    Raises UnreadableInputError where its bytes are damaged, and OSError where the file system fails: that may pass.
    """

    def __init__(self, file: Input, source: Source) -> None:
        self.damaged = False
        self._file = file
        self._source = source
        encoding = "utf-8" if file.start else "utf-8-sig"
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
        self._position = 0
        self._ready = bytearray()
        self._ending = b""
        self._ended = False
        self._stopped = False

    def readable(self) -> bool:
        """Return True: Arrow asks before it reads."""
        return True

    def close(self) -> None:
        """Close the file as well."""
        self._source.close()
        super().close()

    def read(self, size: int = -1) -> bytes:
        """Return the next `size` bytes, fewer only at the end of the file; `size` must not be negative."""
        if self._stopped:
            return b""
        self._fill(size)
        block = bytes(self._ready[:size])
        del self._ready[:size]
        return block

    def peek(self, size: int) -> bytes:
        """Return what `read(size)` would, without moving on."""
        self._fill(size)
        return bytes(self._ready[:size])

    def append(self, ending: bytes) -> None:
        """Let `ending` follow the file's last byte; to be called once."""
        self._ending = ending
        if self._ended:
            self._ready += ending

    def stop(self) -> None:
        """Let the file end here, for a reader that reads ahead."""
        self._stopped = True

    def _fill(self, size: int) -> None:
        while len(self._ready) < size and not self._ended:
            block = self._next(size)
            self._ended = not block
            self._ready += self._decoded(block)
            if self._ended:
                self._ready += self._ending

    def _next(self, size: int) -> bytes:
        try:
            block = self._source.read1(size)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            where = f"after {self._position:,} {'decompressed ' if self._file.gzip else ''}bytes"
            raise UnreadableInputError(f"{self._file.name}: cannot be read on {where}: {error}") from error
        except OSError as error:
            error.filename = error.filename or self._file.name
            raise
        self._position += len(block)
        return block

    def _decoded(self, block: bytes) -> bytes:
        if block.isascii() and self._decoder.getstate() == _AT_REST:
            return block
        text = self._decoder.decode(block, not block)
        try:
            return text.encode()
        except UnicodeEncodeError:
            self.damaged = True
            return _ESCAPED.sub(MARK, text).encode()
