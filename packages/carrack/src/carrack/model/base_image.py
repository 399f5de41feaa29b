"""What a base image brings: distributions that are in it already, and that an app's lock takes as given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from packaging.utils import NormalizedName
from packaging.version import Version

from carrack.model.lock import Candidate, Lock


@dataclass(frozen=True, kw_only=True)
class Brought:
    """A distribution of a base image, with its own metadata, which says what it requires."""

    candidate: Candidate
    metadata: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class BaseContents:
    """The distributions of a base image that an app declares, and the versions of all the others."""

    brought: tuple[Brought, ...] = ()
    others: Mapping[NormalizedName, Version] = field(default_factory=dict)

    @property
    def candidates(self) -> frozenset[Candidate]:
        """What is brought."""
        return frozenset(one.candidate for one in self.brought)


def moved_base(made: Lock, base: BaseContents) -> str | None:
    """A sentence about what the base image brings now and did not when `made` was locked; None where it is the same."""
    if made.brings == base.candidates:
        return None
    before, now = (
        ", ".join(sorted(map(str, found))) or "nothing" for found in (made.brings, base.candidates)
    )
    return f"the base image brought {before} when it was made, and brings {now}"


def twice(made: Lock, base: BaseContents) -> tuple[str, ...]:
    """What the lock installs in the very version that the base image has: `base-brings` could name it."""
    if not made.brings:
        return ()
    found: Iterable[Candidate] = (pin.candidate for pin in made.pins)
    return tuple(sorted(one.name for one in found if base.others.get(one.name) == one.version))
