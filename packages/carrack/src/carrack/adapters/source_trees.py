"""Commits of other repositories, laid out to be built: fetched for a git source, for a submodule there already."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from packaging.utils import NormalizedName

from carrack.adapters.git import Git
from carrack.adapters.projects import build_requirements
from carrack.errors import LockError, WorkspaceError
from carrack.model.artifact import Source
from carrack.model.code_sources import CommittedSource, GitSource, LockedSource, SubmoduleSource

_STATUS = re.compile(r"(?P<flag>.)(?P<commit>[0-9a-f]{40,64}) ")
_FLAGS = {
    "-": ("is not checked out", "git submodule update --init -- {path}"),
    "+": (
        "is checked out at another commit than the one recorded",
        "git add {path} to record it, or git submodule update -- {path} to go back",
    ),
    "U": ("has merge conflicts", "settle them, then git add {path}"),
}
_NO_QUESTIONS = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -o BatchMode=yes"}


@dataclass(frozen=True, kw_only=True)
class SourceRepositories:
    """Implements `ports.SourceTrees` for the workspace at `root`.

    `environ` is git's: the user's own credential helpers and ssh agent let it in; nothing is asked for on a terminal.
    """

    root: Path
    environ: Mapping[str, str] = field(repr=False)

    def commit(self, name: NormalizedName, source: CommittedSource) -> str:
        """See `ports.SourceTrees`. Raises WorkspaceError for a submodule that is not as it is recorded."""
        return source.commit if isinstance(source, GitSource) else self._recorded(name, source)

    def export(self, name: NormalizedName, source: CommittedSource, to: Path) -> tuple[Source, LockedSource]:
        """See `ports.SourceTrees`.

        Raises LockError where a git source cannot be fetched, WorkspaceError for a submodule that is not as it is
        recorded, and for a folder that is not in the commit or not all of it.
        """
        commit = self.commit(name, source)
        if isinstance(source, SubmoduleSource):
            return self._laid_out(name, source, self._submodule(source), commit, to)
        with tempfile.TemporaryDirectory(prefix="carrack-fetch-") as scratch:
            self._fetch(name, source, Path(scratch))
            return self._laid_out(name, source, self._git(Path(scratch)), commit, to)

    def _laid_out(
        self, name: NormalizedName, source: CommittedSource, git: Git, commit: str, to: Path
    ) -> tuple[Source, LockedSource]:
        kind = "git" if isinstance(source, GitSource) else "submodule"
        epoch, tree = git.described(commit)
        git.export_as_of(epoch, commit, source.subdirectory, to)
        return (
            Source(name=name, version=None, path=to, epoch=epoch, build_requires=build_requirements(to)),
            LockedSource(name=name, kind=kind, commit=commit, tree=tree),
        )

    def _fetch(self, name: NormalizedName, source: GitSource, into: Path) -> None:
        """Fetch one commit and nothing before it; git itself checks that the content has this id."""
        for arguments in (
            ("init", "--quiet"),
            ("fetch", "--quiet", "--no-tags", "--depth=1", source.url, source.commit),
        ):
            done = self._run(into, *arguments)
            if done.returncode:
                raise LockError(
                    f"commit {source.commit[:12]} cannot be fetched from {source.url}",
                    address=f"sources.{name}",
                    faults=tuple(done.stderr.strip().splitlines()),
                    untouched="the lock, and every environment",
                    hint=f"git ls-remote {source.url} tells whether the repository lets you in; a commit that "
                    "no branch or tag has any more must be pushed again",
                )

    def _recorded(self, name: NormalizedName, source: SubmoduleSource) -> str:
        address = f"sources.{name}: submodule {source.path}"
        done = self._run(self.root, "submodule", "status", "--", str(source.path))
        found = _STATUS.match(done.stdout)
        if done.returncode or found is None:
            raise WorkspaceError(
                "is no submodule of this repository",
                address=address,
                faults=tuple(done.stderr.strip().splitlines()),
                hint=f"git submodule add URL {source.path}",
            )
        if found["flag"] in _FLAGS:
            what, remedy = _FLAGS[found["flag"]]
            raise WorkspaceError(what, address=address, hint=remedy.format(path=source.path))
        changed = self._submodule(source).state([PurePosixPath(".")]).uncommitted
        if changed:
            raise WorkspaceError(
                "has changes that are not committed, and its wheel is built from its commit",
                address=address,
                faults=tuple(f"{source.path / path}: is not committed" for path in changed),
                hint=f"commit them in {source.path} and git add {source.path}, or take them back",
            )
        return found["commit"]

    def _submodule(self, source: SubmoduleSource) -> Git:
        return self._git(self.root / source.path)

    def _git(self, root: Path) -> Git:
        return Git(root, self.environ)

    def _run(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return Git(folder, {**_NO_QUESTIONS, **self.environ}).run(*arguments)
