"""Which tools ask git for a version or for the list of files, and where a folder says that it uses one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from carrack.model.conversion.folder import Folder
from carrack.model.conversion.setup_cfg import sections
from carrack.model.conversion.setup_script import read_script

READ_GIT = frozenset(
    {
        "flit-scm",
        "hatch-vcs",
        "pbr",
        "poetry-dynamic-versioning",
        "setuptools-git",
        "setuptools-git-versioning",
        "setuptools-scm",
        "setuptools-scm-git-archive",
        "uv-dynamic-versioning",
        "versioneer",
        "versioningit",
    }
)
"""Build requirements that ask git for a version, or for the list of files."""

TABLES = (
    ("setuptools_scm",),
    ("setuptools-scm",),
    ("setuptools-git-versioning",),
    ("versioningit",),
    ("versioneer",),
    ("poetry-dynamic-versioning",),
    ("uv-dynamic-versioning",),
    ("hatch", "version"),
    ("hatch", "build", "hooks", "vcs"),
    ("hatch", "build", "hooks", "version"),
    ("hatch", "metadata", "hooks", "vcs"),
    ("pdm", "version"),
    ("setuptools", "dynamic", "version"),
)
"""Tables of pyproject.toml that say where a version comes from, below `[tool]`."""

_LISTS = r"""tag(?:\s*\||['"]\s*[\])]|['", ]+(?:-l\b|--(?:list|sort|points|merged)))"""
_BY_HAND = re.compile(rf"""git['", ]+(?:(?:describe|rev-list|log)\b|{_LISTS})""")
"""A command that asks git; `git tag v1`, in scripts that publish, makes a tag and asks nothing."""


def required_names(requires: Iterable[str]) -> Iterator[str]:
    """The normalized names among build requirements; what is no requirement is left out."""
    for text in requires:
        try:
            yield canonicalize_name(Requirement(text).name)
        except InvalidRequirement:
            continue


def finds_files(requires: Iterable[str]) -> bool:
    """Whether a build requirement puts every file that git knows into setuptools' sdists."""
    return not {"setuptools-scm", "setuptools-git", "pbr"}.isdisjoint(required_names(requires))


def version_system(folder: Folder, requires: Iterable[str]) -> str | None:
    """The tool that makes the version out of git's tags; None where it is written down in the folder."""
    project = folder.table("project")
    if "version" in project and "version" not in project.get("dynamic", ()):
        return None
    script = read_script(folder.text("setup.py"))
    if script and script.keywords.get("pbr") is not None:
        return "pbr"
    if _is_written(script and script.literal("version"), folder):
        return None
    return next(_systems(folder, tuple(requires)), None)


def _is_written(literal: Any, folder: Folder) -> bool:
    told = sections(folder).get("metadata", {}).get("version", "")
    poetry = folder.table("tool", "poetry").get("version", "")
    dynamic = "poetry-dynamic-versioning" in folder.table("tool")
    return isinstance(literal, str) or (bool(told) and ":" not in told) or (bool(poetry) and not dynamic)


def _systems(folder: Folder, requires: tuple[str, ...]) -> Iterator[str]:
    tool = folder.table("tool")
    yield from (name for name in required_names(requires) if name in READ_GIT - {"setuptools-git"})
    yield from (
        name for name in ("setuptools_scm", "versioningit", "poetry-dynamic-versioning") if name in tool
    )
    if folder.table("tool", "hatch", "version").get("source") in ("vcs", "uv-dynamic-versioning"):
        yield "hatch-vcs"
    if folder.table("tool", "pdm", "version").get("source") == "scm" or _scm(folder.table("project")):
        yield "pdm"
    text = folder.text("setup.py")
    if "versioneer" in text:
        yield "versioneer"
    if "use_scm_version" in text or "setuptools_scm" in text:
        yield "setuptools-scm"
    if _BY_HAND.search(text):
        yield "setup.py"


def _scm(project: Mapping[str, Any]) -> bool:
    """The form of pdm-pep517 before PEP 621's `dynamic`."""
    version = project.get("version")
    return isinstance(version, Mapping) and bool(version.get("use_scm"))
