"""A workspace that is new: what it and its first package are called, and what its files say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import tomlkit
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from carrack.errors import UsageError
from carrack.model.index import Index
from carrack.model.template import rendered

_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
"""A distribution's name (PyPA specification "Names and normalization") whose module Python can import."""
_ENDPOINT = re.compile(
    r"(?P<domain>[a-z][a-z0-9-]*)-(?P<owner>\d{12})\.d\.codeartifact\.(?P<region>[a-z0-9-]+)\.amazonaws\.com"
)
_SIMPLE = re.compile(r"/pypi/(?P<repository>[A-Za-z0-9][\w.-]*)/simple/?")
"""The address of a repository (CodeArtifact User Guide, "Configure and use pip with CodeArtifact")."""
_SUFFIX = ".in"
_EXAMPLES = ("staging", "prod")


@dataclass(frozen=True, kw_only=True)
class Names:
    """`workspace` is normalized; the first package's name begins with it, so that it is nobody else's."""

    workspace: str

    @property
    def package(self) -> str:
        """The first package's distribution."""
        return f"{self.workspace}-tally"

    @property
    def module(self) -> str:
        """Its module."""
        return self.package.replace("-", "_")


def name_workspace(text: str) -> Names:
    """The names in a workspace that is called `text`. Raises UsageError where no distribution can be called so."""
    if not _NAME.fullmatch(text):
        raise UsageError(
            f"{text!r} is no name that packages could begin with: ASCII letters, digits, '.', '_' and '-', "
            "a letter first, a letter or digit last, 64 at most",
            untouched="everything; nothing was written",
            hint="carrack init FOLDER --name NAME",
        )
    return Names(workspace=canonicalize_name(text))


def lay_out(
    templates: Mapping[str, str], names: Names, version: str, index: Index | None
) -> dict[PurePosixPath, str]:
    """Each file's path and text, from templates whose paths have places too and end in `.in`.

    `version` is the toolkit's, `index` the workspace's own where it is known.
    """
    values: dict[str, str | tuple[str, ...]] = {
        "workspace": names.workspace,
        "package": names.package,
        "module": names.module,
        "version": version,
        "index": _index_tables(index),
        "release-to": _index_name(index) if index else _EXAMPLES[-1],
    }
    return {
        PurePosixPath(rendered(path.removesuffix(_SUFFIX), values)): rendered(text, values)
        for path, text in templates.items()
    }


def _index_tables(index: Index | None) -> tuple[str, ...]:
    if index is not None:
        return ("# The index that the toolkit came from.", *_table(index))
    lines = ["Yours, for example; `carrack index create --to prod` makes them ready."]
    for name in _EXAMPLES:
        place = Index(name=name, domain="acme", owner="111122223333", region="eu-west-1", repository=name)
        lines += _table(place)
    return tuple(f"# {line}" for line in lines)


def _table(index: Index) -> tuple[str, ...]:
    values = {
        "domain": index.domain,
        "owner": index.owner,
        "region": index.region,
        "repository": index.repository,
    }
    if index.store != Index.store:
        values["store"] = index.store
    if index.profile:
        values["profile"] = index.profile
    if index.repository_endpoint:
        values["repository-endpoint"] = index.repository_endpoint
    lines = (f"{key} = {json.dumps(value)}" for key, value in values.items())
    return (f"[tool.carrack.indexes.{_key(_index_name(index))}]", *lines)


def _index_name(index: Index) -> str:
    """`local` is the one on this machine."""
    return "shared" if index.name == "local" else index.name


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)


def index_at(url: str) -> Index | None:
    """The CodeArtifact repository whose simple pages are at `url`, which may have credentials in it; else None."""
    parts = urlsplit(url)
    host, path = _ENDPOINT.fullmatch(parts.hostname or ""), _SIMPLE.fullmatch(parts.path)
    if not host or not path:
        return None
    name = path["repository"]
    return Index(
        name=name, domain=host["domain"], owner=host["owner"], region=host["region"], repository=name
    )


def required(files: Mapping[PurePosixPath, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the new workspace builds with, and all that it requires of others, by the files that say so."""
    tables = {path: tomlkit.parse(text).unwrap() for path, text in files.items() if path.suffix == ".toml"}
    groups = tables.pop(PurePosixPath("pyproject.toml"))["dependency-groups"]
    projects = [table["project"] for table in tables.values()]
    ours = {canonicalize_name(project["name"]) for project in projects}
    wanted: Iterable[str] = (text for project in projects for text in project.get("dependencies", ()))
    others = [text for text in wanted if canonicalize_name(Requirement(text).name) not in ours]
    tools = [text for text in groups["dev"] if isinstance(text, str)]
    return tuple(groups["build"]), (*groups["build"], *tools, *others)
