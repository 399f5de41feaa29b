"""Where a version is deployed: images that have it in them, and job definitions that run such images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.utils import NormalizedName
from packaging.version import Version

DISTRIBUTIONS = "io.carrack.distributions"
"""The label with everything that an image has or fetches, as `name==version` words."""


def all_words(labels: Iterable[Mapping[str, str]]) -> str:
    """What any of the images of a list has in it."""
    return " ".join(dict.fromkeys(word for one in labels for word in one.get(DISTRIBUTIONS, "").split()))


@dataclass(frozen=True, kw_only=True)
class JobDefinition:
    """One revision of a job definition of AWS Batch (`name:revision`), and an image that it runs."""

    name: str
    image: str
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """A place with an image: what to call it, and the image's labels; None where the image does not tell."""

    place: str
    labels: Mapping[str, str] | None

    @property
    def tells(self) -> bool:
        """Whether the image says what is in it."""
        return self.labels is not None and DISTRIBUTIONS in self.labels

    def has(self, name: NormalizedName, version: Version) -> bool:
        """Whether this version is in the image, by what it says."""
        return f"{name}=={version}" in (self.labels or {}).get(DISTRIBUTIONS, "").split()
