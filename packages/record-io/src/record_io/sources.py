"""The bytes of an input: decompressed, or the lines that begin in a piece of it."""

import gzip
from io import BufferedReader
from typing import Protocol

from record_io.errors import UnreadableInputError
from record_io.inputs import Input


class Source(Protocol):
    """Bytes, in their order."""

    def read1(self, size: int, /) -> bytes:
        """Return some of the next `size` bytes, none only at the end."""

    def close(self) -> None:
        """Close the file."""


def open_source(file: Input) -> Source:
    """Open an input at its start. Raises UnreadableInputError if it is gone, and OSError as the file system does."""
    try:
        opened = file.open()
        if file.gzip:
            return _Decompressed(opened)
        return opened if file.stop is None else _Lines(opened, file.start, file.stop)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise UnreadableInputError(f"{file.name}: cannot be opened: {error.strerror}") from error


class _Decompressed(gzip.GzipFile):
    """gzip's own, which leaves the compressed file open."""

    def __init__(self, file: BufferedReader) -> None:
        super().__init__(fileobj=file)
        self._file = file

    def close(self) -> None:
        super().close()
        self._file.close()


class _Lines:
    """The lines whose first byte is at `start` or later, and before `stop`."""

    def __init__(self, file: BufferedReader, start: int, stop: int) -> None:
        self._file = file
        position = self._behind_the_line_before(start) if start else 0
        self._left = stop - 1 - position  # bytes before the last one that a line of ours may begin at
        self._ended = self._left < 0

    def read1(self, size: int, /) -> bytes:
        if self._ended:
            return b""
        if self._left > 0:
            block = self._file.read(min(size, self._left))
            self._left -= len(block)
            return block
        line = self._file.readline(size)
        self._ended = not line or line.endswith(b"\n")
        return line

    def close(self) -> None:
        self._file.close()

    def _behind_the_line_before(self, start: int) -> int:
        """Read to where the line ends that holds the byte before `start`, and return the position."""
        position = self._file.seek(start - 1)
        while line := self._file.readline(1 << 20):
            position += len(line)
            if line.endswith(b"\n"):
                break
        return position
