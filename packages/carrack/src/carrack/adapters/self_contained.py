"""What in a manifest keeps a package from being built out of its own folder alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from carrack.adapters.tables import ManifestTable
from carrack.model.conversion.read_git import READ_GIT, required_names

_BACKENDS = ("hatch", "setuptools", "flit", "pdm", "poetry", "scikit-build", "maturin")
"""The tools whose tables say what goes into a distribution."""


def unbuildable(table: ManifestTable) -> Iterator[str]:
    """A sentence, with its key, for each thing that a build of the package's folder does not have."""
    for name in required_names(table.build_system.requires):
        if name in READ_GIT:
            yield (
                f"build-system.requires: {name} reads .git, which builds do not have; remove it, write the version "
                "under [project], and list the files that it found (setuptools: in MANIFEST.in)"
            )
    places = {f"project.{key}": getattr(table.project, key) for key in ("readme", "license", "license_files")}
    places |= {f"tool.{name}": table.tool[name] for name in _BACKENDS if name in table.tool}
    uv = table.tool.get("uv")
    if isinstance(uv, Mapping):
        places["tool.uv.build-backend"] = uv.get("build-backend")
    for key, value in places.items():
        for place, text in _texts(value, key.replace("_", "-")):
            if text.startswith("../"):
                yield (
                    f"{place}: {text!r} is outside of the package's folder, and only that is built; "
                    "put the file into the package"
                )


def _texts(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """Every text in a table, keys included, with where it is."""
    match value:
        case str():
            yield key, value
        case Mapping():
            for name, inner in value.items():
                yield f"{key}.{name}", str(name)
                yield from _texts(inner, f"{key}.{name}")
        case list() | tuple():
            for inner in value:
                yield from _texts(inner, key)
