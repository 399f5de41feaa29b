"""Joins verbs to adapters: the one place that knows both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import click

from carrack.errors import UsageError
from carrack.model.index import Index
from carrack.model.workspace import Workspace
from carrack.ports import Report

F = TypeVar("F", bound=Callable[..., Any])


def index_option(function: F) -> F:
    """`--to NAME`, the one way to say which index; `--index` is the same."""
    return click.option(
        "--to", "--index", "to", metavar="NAME", help="The index, by its name in [tool.carrack.indexes]."
    )(function)


@dataclass
class Wiring:
    """What a verb gets: where it was started, the environment, and adapters made when they are asked for."""

    start: Path
    environ: Mapping[str, str]
    report: Report = field(default_factory=Report)

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace around `start`."""
        from carrack.adapters.manifests import find_root, read_workspace

        return read_workspace(find_root(self.start), self.environ)

    def index(self, name: str | None) -> Index:
        """The index called `name`, else the workspace's default; it is named on stderr before anything else.

        Raises UsageError where neither says one, or there is none of that name.
        """
        known = self.workspace.indexes
        chosen = name or self.workspace.default_index
        if chosen is None:
            raise UsageError(
                "no index was chosen, and the workspace has no default",
                hint=f"say --to NAME, with one of: {', '.join(sorted(known)) or '(none is defined)'}",
            )
        if chosen not in known:
            raise UsageError(
                f"there is no index {chosen!r}",
                address="pyproject.toml: [tool.carrack.indexes]",
                hint=f"say --to NAME, with one of: {', '.join(sorted(known)) or '(none is defined)'}",
            )
        click.echo(str(known[chosen]), err=True)
        return known[chosen]
