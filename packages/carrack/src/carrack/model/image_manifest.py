"""The manifest in an image: what it was built from, and every distribution that is in it, with its origin."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from packaging.utils import NormalizedName
from packaging.version import Version

from carrack.model.deployed import DISTRIBUTIONS
from carrack.model.image_contents import Installed, locked_in
from carrack.model.listing import ListedFile
from carrack.model.lock import Lock, Pin

SCHEMA: Final = 1
PLACE: Final = PurePosixPath("/opt/carrack/manifest.json")
"""Where the manifest is in an image."""
LABEL: Final = "io.carrack.manifest"
"""The label that says it is there: the manifest's sha256."""
INDEX, RUNTIME, APP, BASE, UNLOCKED = "index", "runtime", "app", "base", "unlocked"
"""Where a distribution is from: the index, in the image or at run time; the app's own folder; the base image, as the
lock says; or none of these (the base image, the Dockerfile). What was built from a commit is `git` or `submodule`."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The release that a package of ours came from, as far as it is known: its commit, and its tag."""

    commit: str | None = None
    tag: str | None = None


Release = tuple[NormalizedName, Version]
Origins = Mapping[Release, Origin]


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A wheel's file name and sha256."""

    name: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """One installed distribution. `wheels` are more than one where the image does not tell which of them it was."""

    name: NormalizedName
    version: Version
    source: str
    folder: str
    wheels: tuple[Wheel, ...] = ()
    commit: str | None = None
    tag: str | None = None


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What an image was built from, and what is installed in it.

    `dirty`: whether files of the build were not those of `commit`. `lock` and `receipt` are digests; `base` is what
    the image is built on, as it was called, and `base_id` what that was.
    """

    app: str
    version: str
    commit: str
    dirty: bool
    lock: str
    receipt: str
    base: str | None
    base_id: str | None
    platform: str
    distributions: tuple[Distribution, ...]

    def installed(self) -> Mapping[NormalizedName, Distribution]:
        """The distributions by name; of several with one name the locked one."""
        return {one.name: one for one in sorted(self.distributions, key=lambda one: one.source != UNLOCKED)}


def lock_digest(lock: Lock) -> str:
    """`sha256:…` of a lock's text."""
    return text_digest(lock.format())


def text_digest(text: str) -> str:
    """`sha256:…` of a text."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def accounted(
    found: Collection[Installed],
    lock: Lock,
    pages: Mapping[NormalizedName, Sequence[ListedFile]],
    origins: Origins,
    own: tuple[NormalizedName, Version],
    platform: str,
) -> tuple[Distribution, ...]:
    """Each distribution with its origin: those that are installed, and those that are fetched at run time.

    `pages` list the files of what is locked, `own` is the app.
    """
    sources = {source.name: source for source in lock.sources}
    pins = locked_in(found, lock)

    def one(installed: Installed) -> Distribution:
        pin = pins.get(installed)
        locked = sources.get(installed.name) if pin else None
        kind = locked.kind if locked else INDEX
        source = kind if pin else _unpinned(installed, lock, own)
        origin = (
            origins.get(_release(pin), Origin(commit=locked.commit if locked else None)) if pin else Origin()
        )
        listed = (
            [installed.wheel(digest) for digest in pin.hashes]
            if pin and locked
            else pages.get(installed.name, ())
        )
        files = installed.files(pin, listed, platform) if pin else ()
        return Distribution(
            name=installed.name,
            version=installed.version,
            source=source,
            folder=installed.folder,
            wheels=tuple(Wheel(name=file.name, sha256=file.sha256 or "") for file in files),
            commit=origin.commit,
            tag=origin.tag,
        )

    later = (
        _fetched(pin, pages, origins)
        for pin in lock.pins
        if pin.name in sources and sources[pin.name].kind == RUNTIME
    )
    return tuple(
        sorted((*map(one, found), *later), key=lambda it: (it.source == UNLOCKED, it.name, it.folder))
    )


def _release(pin: Pin) -> Release:
    return (pin.name, pin.candidate.version)


def _unpinned(installed: Installed, lock: Lock, own: tuple[NormalizedName, Version]) -> str:
    is_it = (installed.name, installed.version)
    if is_it in {(candidate.name, candidate.version) for candidate in lock.brings}:
        return BASE
    return APP if is_it == own else UNLOCKED


def _fetched(
    pin: Pin,
    pages: Mapping[NormalizedName, Sequence[ListedFile]],
    origins: Origins,
) -> Distribution:
    """What jobs fetch when they start: any of the locked wheels, by the machine that they are on."""
    origin = origins.get(_release(pin), Origin())
    files = [file for file in pages.get(pin.name, ()) if file.sha256 in pin.hashes]
    return Distribution(
        name=pin.name,
        version=pin.candidate.version,
        source=RUNTIME,
        folder="",
        wheels=tuple(Wheel(name=file.name, sha256=file.sha256 or "") for file in files),
        commit=origin.commit,
        tag=origin.tag,
    )


def labels(manifest: Manifest, text: str) -> dict[str, str]:
    """The labels of the image that has `manifest`, written as `text`, in it; OCI's own where they have the meaning."""
    told = {
        "org.opencontainers.image.title": manifest.app,
        "org.opencontainers.image.version": manifest.version,
        "org.opencontainers.image.revision": manifest.commit,
        "org.opencontainers.image.base.name": manifest.base,
        "io.carrack.app": manifest.app,
        "io.carrack.dirty": str(manifest.dirty).lower(),
        "io.carrack.lock": manifest.lock,
        "io.carrack.receipt": manifest.receipt,
        DISTRIBUTIONS: _versions(manifest.distributions),
        LABEL: text_digest(text),
    }
    return {name: value for name, value in told.items() if value}


def _versions(distributions: Iterable[Distribution]) -> str:
    return " ".join(f"{one.name}=={one.version}" for one in distributions if one.source != UNLOCKED)
