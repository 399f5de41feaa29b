"""What is installed in an image, held against the lock that it was to be built from."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.tags import Tag
from packaging.utils import NormalizedName
from packaging.version import Version

from carrack.model.listing import ListedFile
from carrack.model.lock import Lock, Pin
from carrack.model.target import Target

_PYTHON = re.compile(r"/python(3\.\d+)/")
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
"""Engines name machines as Go does, wheels as `uname -m`."""


@dataclass(frozen=True, kw_only=True)
class Installed:
    """A distribution in an image: its metadata's name and version, its wheel's tags, and the folder that it is in."""

    name: NormalizedName
    version: Version
    tags: frozenset[Tag]
    folder: str

    def is_from(self, pin: Pin) -> bool:
        """Whether this is the version that `pin` names."""
        return (self.name, self.version) == (pin.name, pin.candidate.version)

    def target(self, platform: str) -> Target | None:
        """What its Python is, by the folder; None where that does not say."""
        python = _PYTHON.search(f"{self.folder}/")
        machine = platform.split("/")[1]
        return Target(python=python[1], machine=_MACHINES.get(machine, machine)) if python else None

    def wheel(self, digest: str) -> ListedFile:
        """The file that this was installed from, by its tags (binary distribution format, "File name convention")."""
        parts = (
            ".".join(sorted({getattr(tag, part) for tag in self.tags}))
            for part in ("interpreter", "abi", "platform")
        )
        name = "-".join([self.name.replace("-", "_"), str(self.version), *parts])
        return ListedFile(name=f"{name}.whl", sha256=digest)

    def files(self, pin: Pin, listed: Sequence[ListedFile], platform: str) -> tuple[ListedFile, ...]:
        """The wheel of `pin` that was installed; several where its tags do not tell which."""
        locked = [file for file in listed if file.sha256 in pin.hashes]
        target = self.target(platform)
        same = [file for file in locked if file.tags == self.tags]
        fitting = [file for file in locked if target and target.installs(file)]
        return tuple(same or fitting or locked)


def locked_in(found: Collection[Installed], lock: Lock) -> Mapping[Installed, Pin]:
    """What of `found` is the lock's. Of two copies of one version that is the one beside most of the others.

    A base image may have what an app's own environment has too.
    """
    pairs = {one: pin for one in found for pin in lock.pins if one.is_from(pin)}
    often = Counter(one.folder for one in pairs)
    best: dict[Pin, Installed] = {}
    for one, pin in pairs.items():
        if pin not in best or often[one.folder] > often[best[pin].folder]:
            best[pin] = one
    return {one: pin for pin, one in best.items()}


def absent(lock: Lock, found: Collection[Installed], platform: str) -> tuple[str, ...]:
    """What an image for `platform` does not have of `lock`, a sentence each; only what its Python needs is missed."""
    versions = defaultdict(set)
    for one in found:
        versions[one.name].add(one.version)
    pythons = {target for one in locked_in(found, lock) if (target := one.target(platform))} or set(
        lock.targets
    )
    given = [Pin(candidate=candidate, hashes=frozenset()) for candidate in lock.brings]
    return tuple(_absent((*lock.pins, *given), versions, pythons))


def _absent(
    pins: Iterable[Pin], versions: dict[NormalizedName, set[Version]], targets: Collection[Target]
) -> Iterator[str]:
    for pin in sorted(pins, key=lambda pin: str(pin.candidate)):
        there, marker = versions.get(pin.name, set()), pin.candidate.marker
        if pin.candidate.version in there or not all(target.always_needs(marker) for target in targets):
            continue
        instead = f"has {', '.join(map(str, sorted(there)))}" if there else "does not have it"
        yield f"{pin.name} {pin.candidate.version} is locked, and the image {instead}"
