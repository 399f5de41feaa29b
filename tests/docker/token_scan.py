"""Look for a secret in everything that an image hands to whoever pulls it.

``scan`` reads the archive that ``docker save`` writes, once, as a stream: the configuration with the history,
and each member's name, link and bytes in every layer, so also files that a later layer deletes. Archives
inside a member (tar, gzip, bzip2, xz, zip) are opened in turn. Memory holds a chunk and the names, no file.
"""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any, BinaryIO, cast

from tests.docker.engine import Engine
from tests.docker.secret_forms import Watched, forms

CHUNK = 1 << 18
DEPTH = 5  # a layer, and four archives inside one another in it
SPOOLED = 1 << 20  # a zip archive cannot be read as a stream: up to this size in memory, a larger one on disk
OPENERS: dict[bytes, Callable[[BinaryIO], IO[bytes]]] = {
    b"\x1f\x8b": lambda stream: cast(IO[bytes], gzip.GzipFile(fileobj=stream)),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
UNREADABLE = (
    OSError,
    EOFError,
    RuntimeError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)


@dataclass(frozen=True, kw_only=True, order=True)
class Finding:
    """One place that holds the secret, written as ``form``.

    ``layer`` is a layer's name in the saved archive and ``member`` a path in it, with ``!`` before each step
    into an archive. Or ``layer`` is ``history`` or ``config`` and ``member`` the address of the value there.
    """

    layer: str
    member: str
    form: str


def scan_image(engine: Engine, image: str, secret: str) -> list[Finding]:
    """Return what ``image`` holds of ``secret``: nothing when it is nowhere."""
    with engine.saved(image) as archive:
        return scan(archive, secret)


def scan(saved: IO[bytes], secret: str) -> list[Finding]:
    """Return what a saved image holds of ``secret``; ValueError when the archive is not whole."""
    parts = _Parts(search=_Search(patterns=forms(secret)))
    try:
        with tarfile.open(fileobj=saved, mode="r|") as archive:
            for entry in archive:
                parts.take(entry, archive.extractfile(entry) if entry.isreg() else None)
    except tarfile.ReadError as error:
        raise ValueError(f"not a whole saved image: {error}") from error
    if missing := parts.wanted - parts.names:
        raise ValueError(f"not a whole saved image: {', '.join(sorted(missing))} is missing")
    return sorted(parts.findings)


@dataclass(kw_only=True)
class _Parts:
    """The parts of a saved image: those met, those that its manifest names, and what was found in them."""

    search: "_Search"
    names: set[str] = field(default_factory=set)
    wanted: set[str] = field(default_factory=lambda: {"manifest.json"})
    findings: list[Finding] = field(default_factory=list)

    def take(self, entry: tarfile.TarInfo, body: IO[bytes] | None) -> None:
        """Search one part: a JSON file by its values, anything else as a layer."""
        self.names.add(entry.name)
        if body is None:
            return
        stream = io.BufferedReader(cast(io.RawIOBase, body), CHUNK)
        if stream.peek(1)[:1] not in (b"{", b"["):
            self.findings += self.search.stream(stream, layer=entry.name, member="", depth=DEPTH)
            return
        described = json.load(stream)
        self.findings += self.search.description(described, name=entry.name)
        if entry.name == "manifest.json":
            self.wanted |= {part for image in described for part in (image["Config"], *image["Layers"])}


@dataclass(frozen=True, kw_only=True)
class _Search:
    """The patterns, and how to walk what may hold them."""

    patterns: dict[str, bytes]

    def text(self, text: str, *, layer: str, member: str) -> Iterator[Finding]:
        encoded = text.encode(errors="surrogateescape")
        for form, pattern in self.patterns.items():
            if pattern in encoded:
                yield Finding(layer=layer, member=member, form=form)

    def description(self, described: Any, *, name: str) -> Iterator[Finding]:
        """Search a JSON file beside the layers: the image's configuration has its history in it."""
        for address, value in _values(described, ""):
            part = address.partition("[")[0].partition(".")[0]
            layer = part if part in ("history", "config") else name
            yield from self.text(value, layer=layer, member=address)

    def stream(self, stream: IO[bytes], *, layer: str, member: str, depth: int) -> Iterator[Finding]:
        """Search ``stream``: of an archive, also what its members hold."""
        watched = Watched(stream=stream, patterns=self.patterns)
        buffered: io.BufferedReader = io.BufferedReader(watched, CHUNK)
        inside = list(self._inside(buffered, layer=layer, member=member, depth=depth))
        with suppress(*UNREADABLE):  # a damaged archive is searched as far as it can be read
            while buffered.read(CHUNK):
                pass
        told = {finding.form for finding in inside}
        yield from inside
        yield from (Finding(layer=layer, member=member, form=form) for form in sorted(watched.seen - told))

    def _inside(self, stream: io.BufferedReader, *, layer: str, member: str, depth: int) -> Iterator[Finding]:
        """Search inside an archive: nothing is found when it is none, or only begins like one."""
        if not depth:
            return
        step = f"{member}!" if member else ""
        try:
            head = stream.peek(tarfile.BLOCKSIZE)
            for magic, opener in OPENERS.items():
                if head.startswith(magic):
                    opened = opener(cast(BinaryIO, stream))
                    yield from self.stream(opened, layer=layer, member=step, depth=depth - 1)
            if head[257:262] == b"ustar":
                yield from self._tar(stream, layer=layer, step=step, depth=depth - 1)
            if head.startswith(b"PK\x03\x04"):
                yield from self._zip(stream, layer=layer, step=step, depth=depth - 1)
        except UNREADABLE:
            return  # then its bytes, which are looked at as they are, must do

    def _tar(self, stream: IO[bytes], *, layer: str, step: str, depth: int) -> Iterator[Finding]:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for entry in archive:
                words = "\n".join([entry.name, entry.linkname, *map(str, entry.pax_headers.values())])
                yield from self.text(words, layer=layer, member=step + entry.name)
                if body := archive.extractfile(entry) if entry.isreg() else None:
                    yield from self.stream(body, layer=layer, member=step + entry.name, depth=depth)

    def _zip(self, stream: IO[bytes], *, layer: str, step: str, depth: int) -> Iterator[Finding]:
        with tempfile.SpooledTemporaryFile(SPOOLED) as copy:
            while chunk := stream.read(CHUNK):
                copy.write(chunk)
            with zipfile.ZipFile(cast(BinaryIO, copy)) as archive:
                for entry in archive.infolist():
                    yield from self.text(entry.filename, layer=layer, member=step + entry.filename)
                    with archive.open(entry) as body:
                        yield from self.stream(body, layer=layer, member=step + entry.filename, depth=depth)


def _values(node: Any, address: str) -> Iterator[tuple[str, str]]:
    """Walk every key and value under ``node`` as text, with its address."""
    if isinstance(node, dict):
        for key, value in node.items():
            inner = f"{address}.{key}" if address else key
            yield inner, key
            yield from _values(value, inner)
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from _values(value, f"{address}[{position}]")
    else:
        yield address, str(node)
