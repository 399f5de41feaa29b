"""Which build requirements read .git."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

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


def required_names(requires: Iterable[str]) -> Iterator[str]:
    """The normalized names among build requirements; what is no requirement is left out."""
    for text in requires:
        try:
            yield canonicalize_name(Requirement(text).name)
        except InvalidRequirement:
            continue
