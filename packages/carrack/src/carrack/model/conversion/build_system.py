"""`[build-system]`: the same backend, in a release that knows PEP 621, with all that it needs written down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import tomlkit
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from carrack.model.conversion.folder import PYPROJECT, UNTURNED, Folder, Turned
from carrack.model.conversion.former import Former
from carrack.model.conversion.markers import said
from carrack.model.conversion.read_git import required_names

SETUPTOOLS = "setuptools.build_meta"
LEGACY = f"{SETUPTOOLS}:__legacy__"
DEFAULT_REQUIRES = ("setuptools>=40.8.0",)
"""What a folder without `[build-system]` is built with (PEP 518)."""


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A build backend: its distribution, and the releases that take `[project]` with a licence expression."""

    module: str
    name: str
    bound: str

    @property
    def requirement(self) -> str:
        """It, in the releases that are good."""
        return self.admitting(Requirement(self.name))

    def admitting(self, told: Requirement) -> str:
        """The requirement, with what `told` excludes above its lower bound."""
        floor = max(Version(part.version) for part in SpecifierSet(self.bound) if part.operator == ">=")
        kept = SpecifierSet(self.bound) & SpecifierSet(
            ",".join(
                str(part)
                for part in told.specifier
                if part.operator in ("<", "<=", "!=") and Version(part.version.removesuffix(".*")) > floor
            )
        )
        return said(Requirement(f"{self.name}{kept}"))


_POETRY = Backend(module="poetry.core.masonry.api", name="poetry-core", bound=">=2.2,<3")
_FLIT = Backend(module="flit_core.buildapi", name="flit_core", bound=">=3.12,<5")
_SETUPTOOLS = Backend(module=SETUPTOOLS, name="setuptools", bound=">=77.0.3")

_NOW = {
    "poetry.masonry.api": _POETRY,
    "poetry.core.masonry.api": _POETRY,
    "poetry_dynamic_versioning.backend": _POETRY,
    "flit.buildapi": _FLIT,
    "flit_core.buildapi": _FLIT,
    "flit_scm:buildapi": _FLIT,
    "flit_scm.buildapi": _FLIT,
    "pbr.build": _SETUPTOOLS,
    SETUPTOOLS: _SETUPTOOLS,
    LEGACY: _SETUPTOOLS,
}
"""The backend that does the work of each from now on."""

_REPLACED = {"poetry": "poetry-core", "flit": "flit_core"}
"""Tools that were required for building, where their cores are enough."""


def backend_of(folder: Folder) -> str:
    """The module that builds the folder; setuptools' where nothing says one (PEP 517)."""
    return str(folder.table("build-system").get("build-backend", LEGACY))


def is_setuptools(folder: Folder) -> bool:
    """Whether setuptools builds the folder."""
    told = folder.table("build-system")
    in_tree = "backend-path" in told and "setuptools" in required_names(told.get("requires", ()))
    return in_tree or _NOW.get(backend_of(folder)) is _SETUPTOOLS


def current_requirement(module: str) -> str:
    """The build requirement of a backend that is known here."""
    return _NOW[module].requirement


def requires_of(folder: Folder) -> tuple[str, ...]:
    """What `[build-system]` requires, else what is required without it."""
    return tuple(folder.table("build-system").get("requires", DEFAULT_REQUIRES))


def write_build_system(folder: Folder, former: Former) -> Turned:
    """The table where it is missing, or says a release that is too old, or leaves something to `setup_requires`."""
    backend = _NOW.get(backend_of(folder))
    if backend is None:
        return UNTURNED
    wanted = _wanted(folder, backend, tuple(_beside(former)))
    document = folder.pyproject
    told = folder.table("build-system")
    module = LEGACY if backend is _SETUPTOOLS and "setup.py" in folder.names else backend.module
    if backend is _SETUPTOOLS and told.get("build-backend") in (SETUPTOOLS, "pbr.build"):
        module = SETUPTOOLS
    if told.get("requires") == wanted and told.get("build-backend") == module:
        return UNTURNED
    requires = tomlkit.array()
    requires.extend(wanted)
    table: Any = document.get("build-system", tomlkit.table())
    table["requires"], table["build-backend"] = requires, module
    if "build-system" in document:
        return Turned(changes={PYPROJECT: tomlkit.dumps(document)})
    text = tomlkit.dumps({"build-system": table})
    return Turned(changes={PYPROJECT: f"{text}\n{folder.text(PYPROJECT)}".strip("\n") + "\n"})


def _beside(former: Former) -> Iterator[str]:
    """What setup.py asks for itself; where it stays, also what it could not be run without."""
    if former.facts:
        yield from former.facts.setup_requires
        if former.facts.needs_script:
            yield from former.needs


def _wanted(folder: Folder, backend: Backend, setup_requires: Iterable[str]) -> list[str]:
    found: dict[str, str] = {}
    for text in (*requires_of(folder), *setup_requires):
        requirement = Requirement(text)
        name = canonicalize_name(_REPLACED.get(requirement.name, requirement.name))
        if name == "wheel" and backend is _SETUPTOOLS and not _imports_wheel(folder):
            continue  # setuptools 70.1 and later make wheels themselves
        own = name == canonicalize_name(backend.name)
        if own and requirement.marker and not requirement.marker.evaluate():
            continue  # for Pythons that this backend's releases do not know any more
        new = backend.admitting(requirement) if own else said(requirement)
        found[name] = _both(found[name], new) if name in found else new
    return list(({canonicalize_name(backend.name): backend.requirement} | found).values())


def _both(one: str, other: str) -> str:
    """One requirement that is as narrow as both."""
    first, second = Requirement(one), Requirement(other)
    if first.url or second.url or str(first.marker) != str(second.marker):
        return one
    first.specifier = SpecifierSet(",".join({str(part) for part in first.specifier & second.specifier}))
    return said(first)


def _imports_wheel(folder: Folder) -> bool:
    return folder.line("setup.py", r"^\s*(from|import) wheel\b") is not None


def too_old(requires: Iterable[str]) -> Requirement | None:
    """The requirement that keeps setuptools below 61, the first with PEP 621; None where none does."""
    for text in requires:
        requirement = Requirement(text)
        is_meant = requirement.marker is None or requirement.marker.evaluate()
        if is_meant and requirement.name == "setuptools" and _is_below(requirement.specifier):
            return requirement
    return None


def _is_below(specifier: SpecifierSet) -> bool:
    return any(
        part.operator in ("<", "<=", "==", "~=") and Version(part.version.removesuffix(".*")) <= Version("61")
        for part in specifier
    )
