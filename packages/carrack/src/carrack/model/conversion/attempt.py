"""How a folder is built in the form that it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import tomlkit
from packaging.requirements import Requirement
from packaging.version import Version

from carrack.model.conversion import flit
from carrack.model.conversion.build_system import backend_of, requires_of
from carrack.model.conversion.folder import Folder
from carrack.model.conversion.remedies import Remedy

_CORES = {"poetry.masonry.api": "poetry.core.masonry.api", "flit.buildapi": "flit_core.buildapi"}
"""Backends that only hand the work on to a smaller one of the same makers."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Build requirements, constraints on them, and the version that tools for versions shall find in git."""

    requires: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    version: Version | None = None
    tags: tuple[str, ...] = ()

    def helped(self, remedy: Remedy) -> Attempt | None:
        """The next attempt; None where this one has the remedy already."""
        if remedy.constraint and remedy.constraint not in self.constraints:
            return replace(self, constraints=(*self.constraints, remedy.constraint))
        if remedy.requirement and remedy.requirement not in self.requires:
            return replace(self, requires=(*self.requires, remedy.requirement))
        return None

    def needs(self, first: Attempt) -> tuple[str, ...]:
        """What this one has beyond the `first`: requirements, with the bounds that helped."""
        new = [text for text in self.requires if text not in first.requires]
        bounds = [text for text in self.constraints if text not in first.constraints]
        return (*new, *bounds)

    @property
    def told(self) -> Mapping[str, str]:
        """The variables by which tools for versions are told one (each tool's own documentation)."""
        if self.version is None:
            return {}
        names = (
            "SETUPTOOLS_SCM_PRETEND_VERSION",
            "PBR_VERSION",
            "PDM_BUILD_SCM_VERSION",
            "UV_DYNAMIC_VERSIONING_BYPASS",
        )
        return dict.fromkeys((*names, "POETRY_DYNAMIC_VERSIONING_BYPASS"), str(self.version))


def first_attempt(folder: Folder, version: Version | None, prefix: str) -> Attempt:
    """What the folder itself asks for. `prefix` is how its version tool wants tags to begin, beside `v` and nothing."""
    names = () if version is None else tuple(dict.fromkeys(f"{p}{version}" for p in ("", "v", prefix)))
    constraints = []
    if flit.module_of(folder) is not None:
        constraints.append("flit_core<4")  # the last with `[tool.flit.metadata]`
    requires = requires_of(folder)
    if backend_of(folder) in _CORES:
        core = "poetry-core>=1" if "poetry" in backend_of(folder) else "flit_core>=2,<4"
        requires = (core, *(text for text in requires if Requirement(text).name not in ("poetry", "flit")))
    return Attempt(requires=requires, constraints=tuple(constraints), version=version, tags=names)


def buildable(folder: Folder, requires: tuple[str, ...], backend: str = "", place: str = ".") -> str | None:
    """The pyproject.toml to build with: another backend, in the folder `place`, or the core of the one that it names.

    None where it is good as it is.
    """
    core = backend or _CORES.get(backend_of(folder))
    if core is None:
        return None
    document = folder.pyproject
    table = document.setdefault("build-system", tomlkit.table())
    table["requires"], table["build-backend"] = list(requires), core
    if backend:
        table["backend-path"] = [place]
    return tomlkit.dumps(document)


def tag_prefix(folder: Folder) -> str:
    """What versioneer, or setuptools-scm's like, wants before the version in a tag."""
    told = folder.table("tool", "versioneer").get("tag_prefix")
    if told is None:
        line = next((text for _, text in folder.lines("setup.cfg") if text.startswith("tag_prefix")), "")
        told = line.partition("=")[2].strip().strip("'\"")
    return str(told)
