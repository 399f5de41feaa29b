"""What a lock is made for: one CPython minor version on Linux, on one kind of machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags

from carrack.model.listing import ListedFile

GLIBC_MINOR = 28
"""Wheels up to `manylinux_2_28` are locked (PEP 600): every Linux image still supported has glibc 2.28 or newer."""

_LEGACY = ("manylinux2014", "manylinux2010", "manylinux1")
_LAST_PATCH = 99


@dataclass(frozen=True, kw_only=True, order=True)
class Target:
    """One environment that a lock must serve: `python` is a minor version such as `3.12`, `machine` as `uname -m`."""

    python: str
    machine: str

    def __str__(self) -> str:
        return f"Python {self.python} on Linux {self.machine}"

    def may_need(self, marker: Marker | None) -> bool:
        """Whether `marker` holds with some patch release of this Python; a lock does not choose the patch."""
        return marker is None or any(marker.evaluate(self._environment(patch)) for patch in (0, _LAST_PATCH))

    def always_needs(self, marker: Marker | None) -> bool:
        """Whether `marker` holds with every patch release of this Python."""
        return marker is None or all(marker.evaluate(self._environment(patch)) for patch in (0, _LAST_PATCH))

    def installs(self, file: ListedFile) -> bool:
        """Whether `file` is a wheel for this target, by its tags and by its Requires-Python."""
        return not file.tags.isdisjoint(_tags(self)) and file.requires_python.contains(
            f"{self.python}.{_LAST_PATCH}"
        )

    def _environment(self, patch: int) -> dict[str, str]:
        full = f"{self.python}.{patch}"
        return {
            "implementation_name": "cpython",
            "implementation_version": full,
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": full,
            "python_version": self.python,
            "sys_platform": "linux",
        }


def targets(pythons: Iterable[str], machines: Iterable[str]) -> tuple[Target, ...]:
    """Every one of `pythons` on every one of `machines`."""
    return tuple(Target(python=python, machine=machine) for python, machine in product(pythons, machines))


@lru_cache(maxsize=64)
def _tags(target: Target) -> frozenset[Tag]:
    major, minor = (int(part) for part in target.python.split("."))
    platforms = [f"manylinux_2_{glibc}_{target.machine}" for glibc in range(GLIBC_MINOR, 4, -1)]
    platforms += [f"{name}_{target.machine}" for name in (*_LEGACY, "linux")]
    interpreter = f"cp{major}{minor}"
    return frozenset(
        (
            *cpython_tags((major, minor), [interpreter], platforms),
            *compatible_tags((major, minor), interpreter, platforms),
        )
    )


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A Python on this machine, in its own words: `python` is its minor version, `system` as `uname -s`."""

    executable: str
    implementation: str
    python: str
    system: str
    machine: str

    def __str__(self) -> str:
        return f"{self.implementation} {self.python} on {self.system} {self.machine}"

    def is_one_of(self, wanted: Iterable[Target]) -> bool:
        """Whether this Python is one of `wanted`."""
        here = Target(python=self.python, machine=self.machine)
        return self.implementation == "CPython" and self.system == "Linux" and here in tuple(wanted)
