"""The lock: every wheel that an app's environment may install, by hash, as a pip requirements file.

The header is comment lines that other programs read too, the Dockerfile for one: `# python: 3.11 3.12 3.13`. There is
no address and no token in it; a lock serves every index that holds the same files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace

from packaging.markers import Marker
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from carrack.model.code_sources import LockedSource
from carrack.model.target import Target, targets
from carrack.model.workspace import App

SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A version that a resolver chose, and where it is needed; None means everywhere."""

    name: NormalizedName
    version: Version
    marker: Marker | None = None

    def __str__(self) -> str:
        return f"{self.name}=={self.version}" + (f" ; {self.marker}" if self.marker else "")


@dataclass(frozen=True, kw_only=True)
class Pin:
    """A version with the sha256 (lower-case hex) of every wheel of it that some target can install."""

    candidate: Candidate
    hashes: frozenset[str]

    @property
    def name(self) -> NormalizedName:
        """The distribution's name."""
        return self.candidate.name

    def format(self) -> str:
        """This pin as pip reads it, its hashes sorted."""
        return (
            " \\\n".join([str(self.candidate), *(f"    --hash=sha256:{h}" for h in sorted(self.hashes))])
            + "\n"
        )


@dataclass(frozen=True, kw_only=True)
class Lock:
    """What an app installs. `requirements` and `receipt` are digests of what it was made from.

    `sources` has a line for each distribution that the image does not get from the index, `brings` what the app's base
    image has already, which is not pinned.
    """

    app: str
    pythons: tuple[str, ...]
    machines: tuple[str, ...]
    requirements: str
    receipt: str
    pins: frozenset[Pin]
    sources: frozenset[LockedSource] = frozenset()
    brings: frozenset[Candidate] = frozenset()

    @property
    def targets(self) -> tuple[Target, ...]:
        """Every environment that this lock serves."""
        return targets(self.pythons, self.machines)

    def names(self) -> frozenset[NormalizedName]:
        """The distributions in this lock."""
        return frozenset(pin.name for pin in self.pins)

    def hashes(self, name: NormalizedName, version: Version) -> frozenset[str]:
        """The sha256 of every file of this version that the lock pins; none where it pins another, or none."""
        mine = (pin for pin in self.pins if pin.name == name and pin.candidate.version == version)
        return frozenset(digest for pin in mine for digest in pin.hashes)

    def files(self, name: NormalizedName) -> frozenset[str]:
        """The sha256 of every file of `name`, whatever its version."""
        return frozenset(digest for pin in self.pins if pin.name == name for digest in pin.hashes)

    def built(self) -> frozenset[NormalizedName]:
        """The distributions whose wheels are built from a commit, and are not the index's."""
        return frozenset(source.name for source in self.sources if source.commit)

    def only(self, names: Container[NormalizedName]) -> Lock:
        """This lock with the pins of `names` alone."""
        return replace(self, pins=frozenset(pin for pin in self.pins if pin.name in names))

    def version(self, name: NormalizedName) -> Version | None:
        """The highest version of `name` that the lock pins; None where it pins none."""
        return max((pin.candidate.version for pin in self.pins if pin.name == name), default=None)

    def without(self, names: Container[NormalizedName]) -> Lock:
        """This lock less the pins of `names`."""
        return replace(self, pins=frozenset(pin for pin in self.pins if pin.name not in names))

    def format(self) -> str:
        """The lock file's text; equal locks have equal texts."""
        header = {
            "carrack-lock": str(SCHEMA),
            "app": self.app,
            "python": " ".join(self.pythons),
            "machine": " ".join(self.machines),
            "requirements": self.requirements,
            "receipt": self.receipt,
        }
        lines = "".join(f"# {key}: {value}\n" for key, value in header.items())
        lines += "".join(sorted(f"# source: {source}\n" for source in self.sources))
        lines += "".join(sorted(f"# base: {candidate}\n" for candidate in self.brings))
        return lines + "".join(sorted(pin.format() for pin in self.pins))


def requirements_digest(app: App) -> str:
    """`sha256:…` over what an app asks of its lock, in any order.

    That is requirements, Pythons, machines, sources, and the names of what its base image brings.
    """
    wanted = (f"{canonicalize_name(r.name)} {str(r)[len(r.name) :]}" for r in app.requirements)
    sources = (f"{name} {source}" for name, source in app.sources.items())
    return _digest(
        ("requirement", wanted),
        ("python", app.pythons),
        ("machine", app.machines),
        ("source", sources),
        ("base", app.base_brings),
    )


def _digest(*groups: tuple[str, Iterable[str]]) -> str:
    lines = (f"{label} {value}\n" for label, values in groups for value in sorted(values))
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()
