"""`ci init`: writes the files that CI runs, from templates and the workspace's settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import PurePosixPath

from carrack.errors import WorkspaceError
from carrack.model.ci import ACTIONS
from carrack.model.template import rendered
from carrack.ports import Manifests

FILES = {
    "pull-request.yml": PurePosixPath(".github/workflows/pull-request.yml"),
    "release.yml": PurePosixPath(".github/workflows/release.yml"),
    "buildspec.yml": PurePosixPath("buildspec.yml"),
}
"""Where each template goes."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """One file: its text, and what is there now."""

    path: PurePosixPath
    text: str
    present: str | None

    @property
    def is_there(self) -> bool:
        """Whether nothing is to be done."""
        return self.text == self.present

    def difference(self) -> str:
        """What writing it would change, as a unified diff."""
        before = (self.present or "").splitlines(keepends=True)
        after = self.text.splitlines(keepends=True)
        return "".join(unified_diff(before, after, f"{self.path} (now)", f"{self.path} (ci init)"))


def prepare(
    templates: Mapping[str, str], values: Mapping[str, str | tuple[str, ...]], manifests: Manifests
) -> tuple[Written, ...]:
    """Each file as it would be. Writes nothing."""
    return tuple(
        Written(
            path=FILES[name], text=rendered(text, {**ACTIONS, **values}), present=manifests.read(FILES[name])
        )
        for name, text in templates.items()
    )


def write(files: Iterable[Written], manifests: Manifests, *, force: bool) -> tuple[PurePosixPath, ...]:
    """Write what is not there yet, and with `force` what is different; the paths that were written.

    Raises WorkspaceError, before any write, where a file is there with another text.
    """
    todo = [file for file in files if not file.is_there]
    changed = [file for file in todo if file.present is not None]
    if changed and not force:
        raise WorkspaceError(
            "these files are there with other words",
            faults=tuple(line for file in changed for line in file.difference().splitlines()),
            untouched="everything; nothing was written",
            hint="keep your words; or rename yours, to have both; or take ours with carrack ci init --force",
        )
    manifests.write({file.path: file.text for file in todo})
    return tuple(file.path for file in todo)
