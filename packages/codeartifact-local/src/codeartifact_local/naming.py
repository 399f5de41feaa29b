"""The grammar of names: which file names are those of a wheel or sdist, and of what."""

import re
from dataclasses import dataclass

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_name,
    is_normalized_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

_LETTERS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]*")
_MAX_LENGTH = 255


class DistributionNameError(ValueError):
    """A name that Python packaging does not allow; the message is one sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Distribution:
    """What a file name says."""

    filename: str
    name: NormalizedName
    version: Version
    is_wheel: bool


def parse_distribution(filename: str) -> Distribution:
    """Return what `filename` says, a wheel's (PEP 427) or an sdist's (PEP 625, and its older forms).

    Raises:
        DistributionNameError: it is neither, or not safe as the name of a file.
    """
    if len(filename) > _MAX_LENGTH or ".." in filename or not _LETTERS.fullmatch(filename):
        raise DistributionNameError(f"{filename[:_MAX_LENGTH]!r} is not a file name for a wheel or sdist")
    is_wheel = filename.endswith(".whl")
    try:
        parse = parse_wheel_filename if is_wheel else parse_sdist_filename
        name, version = parse(filename)[:2]
    except (InvalidWheelFilename, InvalidSdistFilename, ValueError) as error:
        raise DistributionNameError(f"{filename!r} is not the file name of a wheel or sdist") from error
    if not is_normalized_name(name):
        raise DistributionNameError(f"{filename!r} does not begin with a project name")
    return Distribution(filename=filename, name=name, version=version, is_wheel=is_wheel)


def parse_project(name: str) -> NormalizedName:
    """Return the normalised form of a project name (PEP 503).

    Raises:
        DistributionNameError: the name is outside PEP 508's grammar.
    """
    normalised = canonicalize_name(name)
    if len(name) > _MAX_LENGTH or not name.isascii() or not is_normalized_name(normalised):
        raise DistributionNameError(f"{name[:_MAX_LENGTH]!r} is not a project name")
    return normalised


def parse_version(version: str) -> Version:
    """Return a version (PEP 440).

    Raises:
        DistributionNameError: it is not one.
    """
    try:
        return Version(version)
    except InvalidVersion as error:
        raise DistributionNameError(f"{version[:_MAX_LENGTH]!r} is not a version") from error
