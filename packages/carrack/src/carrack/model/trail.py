"""What leads from a job to the code that it ran, and back: image, wheels, tags, commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from carrack.model.deployed import DISTRIBUTIONS
from carrack.model.image_manifest import Manifest
from carrack.model.registry import REVISION_LABEL

SHORTEST_COMMIT = 7
"""Letters; git's own shortest short form."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What an image says of itself, for one platform. `manifest` is None where it has none that can be read."""

    platform: str
    labels: Mapping[str, str]
    manifest: Manifest | None

    @property
    def tells(self) -> bool:
        """Whether the image says what is in it."""
        return DISTRIBUTIONS in self.labels

    @property
    def tells_commits(self) -> bool:
        """Whether it also says what that was made from, which its manifest alone does."""
        return self.tells and self.manifest is not None


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A job definition whose image has what was asked for; `found` are `name==version`, or the commit's places.

    `found` is None where nothing was found, and the image does not say, for one of its platforms, what is in it.
    """

    definition: str
    active: bool
    image: str
    found: tuple[str, ...] | None


def versions_of(labels: Mapping[str, str], wanted: Requirement) -> tuple[str, ...]:
    """The distributions that an image's label names and `wanted` admits, as `name==version`.

    Extras and markers of `wanted` say nothing about what is installed, and are not looked at; pre-releases count.
    """
    found = []
    for word in labels.get(DISTRIBUTIONS, "").split():
        name, _, version = word.partition("==")
        if canonicalize_name(name) == canonicalize_name(wanted.name) and _admits(wanted, version):
            found.append(word)
    return tuple(found)


def places_of(contents: Contents, commit: str) -> tuple[str, ...]:
    """Where a commit, or the beginning of one, is in an image: as the workspace's own, and as that of packages."""
    found = ["the workspace"] if contents.labels.get(REVISION_LABEL, "").startswith(commit) else []
    for one in contents.manifest.distributions if contents.manifest else ():
        if one.commit and one.commit.startswith(commit):
            found.append(f"{one.name}=={one.version}")
    return tuple(found)


def _admits(wanted: Requirement, version: str) -> bool:
    try:
        return wanted.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False
