"""Which files make a version of a package whole: an sdist, and a wheel for each target that the package declares."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from carrack.model.published import File

_LINUX = re.compile(r"(?:manylinux\w*|musllinux_\d+_\d+|linux)_(?P<machine>x86_64|aarch64)$")
_CPYTHON = re.compile(r"cp3(?P<minor>\d+)$")


@dataclass(frozen=True, kw_only=True, order=True)
class WheelTarget:
    """What one native wheel is for: CPython `3.minor` on Linux `machine` (as `uname -m`)."""

    minor: int
    machine: str

    def __str__(self) -> str:
        return f"cp3{self.minor} on {self.machine}"

    def is_served_by(self, tags: Iterable[Tag]) -> bool:
        """Whether a wheel with these tags (PEP 425) is for this target; an abi3 wheel also is for later Pythons."""
        return any(self._fits_python(tag) and self._fits_machine(tag) for tag in tags)

    def _fits_python(self, tag: Tag) -> bool:
        if tag.interpreter in ("py3", "py2.py3"):
            return tag.abi == "none"
        found = _CPYTHON.match(tag.interpreter)
        if found is None:
            return False
        minor = int(found["minor"])
        return minor <= self.minor if tag.abi == "abi3" else minor == self.minor

    def _fits_machine(self, tag: Tag) -> bool:
        found = _LINUX.match(tag.platform)
        return tag.platform == "any" or (found is not None and found["machine"] == self.machine)


def wheel_targets(pythons: Iterable[str], machines: Iterable[str]) -> tuple[WheelTarget, ...]:
    """Every one of `pythons` (such as `cp312`) on every one of `machines`."""
    return tuple(
        WheelTarget(minor=int(python.removeprefix("cp3")), machine=machine)
        for python, machine in product(pythons, machines)
    )


def lacks(wanted: Iterable[WheelTarget], files: Iterable[File]) -> tuple[str, ...]:
    """What a version with these files is short of: its sdist, its wheel, or the wheel of each target in `wanted`."""
    files, wanted = tuple(files), tuple(wanted)
    wheels = [_tags(file) for file in files if file.is_wheel]
    short = [] if any(not file.is_wheel for file in files) else ["sdist"]
    short += [f"wheel for {t}" for t in wanted if not any(t.is_served_by(tags) for tags in wheels)]
    if not wanted and not wheels:
        short.append("wheel")
    return tuple(short)


def is_native(file: File) -> bool:
    """Whether this is a wheel that not every platform can install."""
    return file.is_wheel and all(tag.platform != "any" for tag in _tags(file))


def _tags(file: File) -> frozenset[Tag]:
    try:
        return parse_wheel_filename(file.name)[3]
    except InvalidWheelFilename:
        return frozenset()
