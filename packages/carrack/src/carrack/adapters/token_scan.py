"""Looks for a secret in everything that an image hands to whoever pulls it."""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, cast

from carrack.adapters.token_search import CHUNK, Search, is_tar
from carrack.errors import BuildError
from carrack.model.secret_forms import Leak, forms

_BY_CONTENT = re.compile(r"[0-9a-f]{64}")
"""Engines name a layer by a digest of what it is made of (OCI image specification, "Layer DiffID" and "ChainID")."""
_ZSTD = b"\x28\xb5\x2f\xfd"


def scan(saved: IO[bytes], secret: str) -> tuple[Leak, ...]:
    """What a saved image holds of `secret`: nothing when it is nowhere. See `TokenScan`."""
    return TokenScan((secret,))(saved)


class TokenScan:
    """Looks for secrets in one saved image after another; a layer that was clean is not searched again.

    Raises ValueError for a secret of fewer than 16 characters.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._search = Search(patterns=tuple(pair for secret in secrets for pair in forms(secret)))
        self._clean: set[str] = set()

    def __call__(self, saved: IO[bytes]) -> tuple[Leak, ...]:
        """What a saved image holds of the secrets: nothing when they are nowhere.

        `saved` is the archive that `docker save` or `podman save` writes, read once, as a stream: the configuration
        with the history, and each member's name, link and bytes in every layer, so also files that a later layer
        deletes. Archives inside a member (tar, gzip, bzip2, xz, zip) are opened in turn. Memory holds a chunk and
        the names, no file. Raises BuildError when the archive is not whole, or when a layer cannot be opened: what
        was not seen is not clean.
        """
        parts = _Parts(search=self._search, clean=frozenset(self._clean))
        try:
            with tarfile.open(fileobj=saved, mode="r|") as archive:
                for entry in archive:
                    parts.take(entry, archive.extractfile(entry) if entry.isreg() else None)
        except (tarfile.ReadError, ValueError) as error:  # ValueError: a JSON file that is none
            raise _not_whole(str(error)) from error
        if missing := parts.wanted - parts.names:
            raise _not_whole(f"{', '.join(sorted(missing))} is missing")
        leaking = {leak.layer for leak in parts.leaks}
        self._clean |= {name for name in parts.layers - leaking if _BY_CONTENT.search(name)}
        return tuple(sorted(set(parts.leaks)))


def _not_whole(why: str) -> BuildError:
    return BuildError(f"the engine did not give the whole image, so it cannot be searched: {why}")


@dataclass(kw_only=True)
class _Parts:
    """The parts of a saved image: those met, those that its manifest names, and what was found in them."""

    search: Search
    clean: frozenset[str]
    names: set[str] = field(default_factory=set)
    layers: set[str] = field(default_factory=set)
    wanted: set[str] = field(default_factory=lambda: {"manifest.json"})
    leaks: list[Leak] = field(default_factory=list)

    def take(self, entry: tarfile.TarInfo, body: IO[bytes] | None) -> None:
        """Search one part: a JSON file by its values, anything else as a layer."""
        self.names.add(entry.name)
        if body is None or entry.name in self.clean:
            return
        stream = io.BufferedReader(cast(io.RawIOBase, body), CHUNK)
        head = stream.peek(tarfile.BLOCKSIZE)
        if head[:1] not in (b"{", b"[") or is_tar(head):  # a layer's first file may be called `[`
            self._take_layer(stream, entry.name, head)
            return
        described = json.load(stream)
        self.leaks += self._in_description(described, entry.name)
        if entry.name == "manifest.json":
            self.wanted |= {part for image in described for part in (image["Config"], *image["Layers"])}

    def _take_layer(self, stream: IO[bytes], name: str, head: bytes) -> None:
        if head.startswith(_ZSTD):
            raise _not_whole(f"{name} is compressed with zstd")
        self.layers.add(name)
        self.leaks += self.search.stream(stream, layer=name, member="")

    def _in_description(self, described: Any, name: str) -> Iterator[Leak]:
        """Search a JSON file beside the layers: the image's configuration has its history in it."""
        for address, value in _values(described, ""):
            part = address.partition("[")[0].partition(".")[0]
            layer = part if part in ("history", "config") else name
            yield from self.search.text(value, layer=layer, member=address)


def _values(node: Any, address: str) -> Iterator[tuple[str, str]]:
    """Every key and value under `node` as text, with its address."""
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
