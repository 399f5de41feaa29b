"""What build requirements come to: which distributions, and what the constraints say of just these."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

DEFAULT_REQUIRES = ("setuptools>=40.8.0",)
"""What a pyproject.toml requires that does not say (PEP 518, as build and pip read it)."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, kw_only=True)
class Installed:
    """A distribution in an environment: its version, and what its metadata requires."""

    version: str
    requires: tuple[str, ...] = ()


def comes_to(requires: Iterable[str], installed: Mapping[NormalizedName, Installed]) -> bool:
    """Whether an environment that has `installed` is what an installer makes for `requires`: all of it, and no more.

    Requirements of an address are never known to be met: what is installed does not say where it came from.
    """
    found: set[tuple[NormalizedName, str]] = set()
    try:
        waiting = list(_counting(requires, ""))
        while waiting:
            one = waiting.pop()
            name = canonicalize_name(one.name)
            if one.url or name not in installed:
                return False
            if not one.specifier.contains(installed[name].version, prereleases=True):
                return False
            for extra in {"", *one.extras}:
                if (name, extra) not in found:
                    found.add((name, extra))
                    waiting += _counting(installed[name].requires, extra)
    except InvalidRequirement:
        return False
    return {name for name, _ in found} == installed.keys()


def _counting(requires: Iterable[str], extra: str) -> Iterator[Requirement]:
    """The requirements that count in this Python, with this extra."""
    for text in requires:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            yield requirement


def said_of(names: Collection[str], constraints: str) -> str:
    """What `constraints`, in the format of pip's requirements files, says of these distributions, and of all.

    Two texts that say the same of what is installed make the same environment, whatever else they pin.
    """
    lines = re.sub(r"\\\n", " ", constraints).splitlines()
    kept = []
    for line in (re.sub(r"(^|\s)#.*", "", line) for line in lines):
        words, name = " ".join(line.split()), _NAME.match(line.lstrip())
        if words and (name is None or canonicalize_name(name[0]) in names):
            kept.append(words)
    return "\n".join(sorted(kept))
