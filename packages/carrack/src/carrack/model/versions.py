"""The version after a version."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from packaging.version import Version


class Level(Enum):
    """Which part of a version is raised."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"


def raised(version: Version, level: Level) -> Version:
    """The next final version at `level`. A pre-release's own final will do where it is of that level already."""
    major, minor, patch = (*version.release, 0, 0)[:3]
    own = _version(version.epoch, major, minor, patch)
    is_ahead = own > version
    match level:
        case Level.MAJOR:
            return own if is_ahead and not (minor or patch) else _version(version.epoch, major + 1, 0, 0)
        case Level.MINOR:
            return own if is_ahead and not patch else _version(version.epoch, major, minor + 1, 0)
        case Level.PATCH:
            return own if is_ahead else _version(version.epoch, major, minor, patch + 1)


@dataclass(frozen=True, kw_only=True)
class Form:
    """What kind of version comes next: final, a pre-release (`a`, `b`, `rc`), or the snapshot with number `dev`."""

    pre: str | None = None
    dev: int | None = None


FINAL = Form()


def following(version: Version, level: Level, form: Form = FINAL) -> Version:
    """The version after `version` at `level`, in this form.

    Pre-releases of one final version are counted: rc1, rc2, …; another kind begins at 1.
    """
    final = raised(version, level)
    if form.dev is not None:
        return Version(f"{final}.dev{form.dev}")
    if form.pre is None:
        return final
    goes_on = version.pre is not None and version.pre[0] == form.pre and raised(version, Level.PATCH) == final
    number = version.pre[1] + 1 if goes_on and version.pre else 1
    return Version(f"{final}{form.pre}{number}")


def before_one(level: Level) -> Level:
    """The level that a change has in a version below 1.0, where the minor part tells of what breaks."""
    return Level.MINOR if level is Level.MAJOR else Level.PATCH


def _version(epoch: int, *release: int) -> Version:
    return Version(f"{epoch}!{'.'.join(map(str, release))}")


def is_same_line(one: Version, other: Version) -> bool:
    """Whether neither breaks what works with the other: equal majors, below 1.0 equal minors, of one epoch."""
    return (one.epoch, next_breaking(one)) == (other.epoch, next_breaking(other))


def next_breaking(version: Version) -> Version:
    """The next version that may break what works with `version`: the next major, below 1.0 the next minor."""
    major, minor = (*version.release, 0)[:2]
    return _version(version.epoch, major + 1) if major else _version(version.epoch, 0, minor + 1)
