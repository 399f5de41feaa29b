"""The version after a version."""

from __future__ import annotations

from enum import Enum

from packaging.version import Version


class Level(Enum):
    """Which part of a version is raised."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"


def raised(version: Version, level: Level) -> Version:
    """The next final version at `level`; a pre-release's own final counts as its next patch."""
    major, minor, patch = (*version.release, 0, 0)[:3]
    match level:
        case Level.MAJOR:
            return _version(version.epoch, major + 1, 0, 0)
        case Level.MINOR:
            return _version(version.epoch, major, minor + 1, 0)
        case Level.PATCH:
            own = _version(version.epoch, major, minor, patch)
            return own if own > version else _version(version.epoch, major, minor, patch + 1)


def _version(epoch: int, *release: int) -> Version:
    return Version(f"{epoch}!{'.'.join(map(str, release))}")


def is_same_line(one: Version, other: Version) -> bool:
    """Whether neither breaks what works with the other: equal majors, below 1.0 equal minors, of one epoch."""
    return (one.epoch, next_breaking(one)) == (other.epoch, next_breaking(other))


def next_breaking(version: Version) -> Version:
    """The next version that may break what works with `version`: the next major, below 1.0 the next minor."""
    major, minor = (*version.release, 0)[:2]
    return _version(version.epoch, major + 1) if major else _version(version.epoch, 0, minor + 1)
