"""Isolated build environments that are kept: found by what they come to, believed only while nothing changed them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import NormalizedName, canonicalize_name

from carrack.adapters.cache import FACTS, locked, remove, used_now
from carrack.adapters.cache.interpreter import interpreter
from carrack.model.artifact import sha256_of
from carrack.model.build_environment import Installed, comes_to, said_of


@dataclass(frozen=True, kw_only=True)
class BuildEnvironment:
    """An environment that is whole, with what is installed in it."""

    folder: Path
    python: str
    installed: Mapping[NormalizedName, Installed]
    listing: str

    @property
    def is_untouched(self) -> bool:
        """Whether every file is as it was when the environment was made; also that it is there."""
        try:
            return listing(self.folder / "env") == self.listing
        except OSError:  # or goes while we look
            return False


@dataclass(frozen=True)
class Environments:
    """The environments under `folder`, one for each resolved set of requirements, constraints and interpreter."""

    folder: Path

    @contextmanager
    def find(self, requires: Sequence[str], constraints: str) -> Iterator[BuildEnvironment | None]:
        """The environment for these, which stays for as long as the block lasts; None where it is to be made."""
        first = self._place(requires, constraints)
        others = sorted(path for path in first.parent.glob("*") if path.is_dir() and path != first)
        for place in (first, *others):
            if not (place / FACTS).exists():
                continue
            with locked(_lock(place), exclusive=False, wait=False) as ours:
                found = _read(place) if ours else None
                if (
                    found
                    and (place == first or _fits(found, place, requires, constraints))
                    and found.is_untouched
                ):
                    used_now(place)
                    yield found
                    return
        yield None

    def make(
        self, requires: Sequence[str], constraints: str, fill: Callable[[Path], Mapping[str, Any]]
    ) -> None:
        """Have the environment for these: `fill` makes it in the folder that it is given, and says what is in it.

        What another run makes meanwhile is waited for; what was left half made is made anew.
        """
        place = self._place(requires, constraints)
        with locked(_lock(place), exclusive=True):
            found = _read(place)
            if found and found.is_untouched:
                return
            remove(place)
            (place / "env").mkdir(mode=0o700, parents=True)
            try:
                facts = fill(place / "env")
            except BaseException:  # Ctrl-C too
                remove(place)
                raise
            names = facts["installed"].keys()
            sealed = {
                **facts,
                "said": sha256_of(said_of(names, constraints)),
                "listing": listing(place / "env"),
            }
            beside = place / f"{FACTS}.new"
            beside.write_text(json.dumps(sealed), encoding="utf-8")
            os.replace(beside, place / FACTS)

    def _place(self, requires: Sequence[str], constraints: str) -> Path:
        asked = json.dumps([sorted(requires), sha256_of(constraints)])
        return self.folder / interpreter() / sha256_of(asked)[:32]


def _lock(place: Path) -> Path:
    return place.with_name(f"{place.name}.lock")


def _read(place: Path) -> BuildEnvironment | None:
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        facts = json.loads((place / FACTS).read_text(encoding="utf-8"))
        return BuildEnvironment(
            folder=place,
            python=facts["python"],
            installed={
                canonicalize_name(name): Installed(version=version, requires=tuple(requires))
                for name, (version, requires) in facts["installed"].items()
            },
            listing=facts["listing"],
        )
    return None


def _fits(found: BuildEnvironment, place: Path, requires: Sequence[str], constraints: str) -> bool:
    with suppress(OSError, ValueError, KeyError, TypeError):  # facts that were harmed
        said = json.loads((place / FACTS).read_text(encoding="utf-8"))["said"]
        return said == sha256_of(said_of(found.installed.keys(), constraints)) and comes_to(
            requires, found.installed
        )
    return False


def listing(folder: Path) -> str:
    """A digest of which files are under `folder`, and when each was last changed: a write cannot hide its ctime."""
    found: list[tuple[str, int, int, int, int, int]] = []
    waiting = [str(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                one = entry.stat(follow_symlinks=False)
                found.append(
                    (entry.path, one.st_mode, one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns)
                )
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
    return sha256_of(repr(sorted(found)))
