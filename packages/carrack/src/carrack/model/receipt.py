"""The receipt: what an index holds of this workspace, proved by hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from packaging.utils import NormalizedName
from packaging.version import Version

from carrack.model.index import Index
from carrack.model.published import File

SCHEMA: Final = 1


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file that the index holds, and the commit that it was built from; None where that is not known.

    `constraints` is the digest of the build requirements' lock that it was built with, where that is known.
    """

    name: NormalizedName
    version: Version
    file: File
    commit: str | None
    constraints: str | None = None


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """Files of this workspace that `index` was seen to hold, for whoever asks.

    `withdrawn` has the versions in the tree that were taken back and that nothing stands in for, with their status.
    """

    index: Index
    entries: tuple[Entry, ...]
    withdrawn: Mapping[NormalizedName, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """`sha256:…` over names, versions, file names and hashes, in an order of their own.

        Neither the index's name nor the commits are in it: the same files in another repository, promoted, have
        the same digest.
        """
        lines = sorted(f"{e.name} {e.version} {e.file.name} {e.file.sha256}\n" for e in self.entries)
        return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()

    def of(self, names: Iterable[NormalizedName]) -> Receipt:
        """The part of this receipt that is about `names`."""
        wanted = frozenset(names)
        return replace(self, entries=tuple(e for e in self.entries if e.name in wanted))

    def versions(self) -> dict[NormalizedName, Version]:
        """The version of each package in this receipt."""
        return {entry.name: entry.version for entry in self.entries}

    def hashes(self, name: NormalizedName) -> frozenset[str]:
        """The sha256 of every file of `name` in this receipt."""
        return frozenset(entry.file.sha256 for entry in self.entries if entry.name == name)
