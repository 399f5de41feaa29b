"""The workspace's git repository, asked through git's own plumbing."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from carrack.errors import WorkspaceError
from carrack.model.history import TreeState

_FILE, _PROGRAM, _FOLDER = 0o644, 0o755, 0o755


@dataclass(frozen=True)
class Git:
    """Implements `ports.History` for the repository around `root`, which may be a folder inside it."""

    root: Path

    def state(self, paths: Iterable[PurePosixPath]) -> TreeState:
        """See `ports.History`. Raises WorkspaceError without git, a repository, or a first commit."""
        paths = tuple(paths)
        commit = self._head()
        return TreeState(
            commit=commit,
            shallow=self._ask("rev-parse", "--is-shallow-repository").strip() == "true",
            trees=self.trees(commit, paths),
            uncommitted=self._uncommitted(paths),
        )

    def trees(self, commit: str, paths: Iterable[PurePosixPath]) -> Mapping[PurePosixPath, str]:
        """See `ports.History`."""
        answer = self._run("ls-tree", "-d", "-z", commit, "--", *map(str, paths))
        if answer.returncode:
            return {}
        rows = (row.split("\t", 1) for row in answer.stdout.split("\0") if row)
        return {PurePosixPath(path): facts.split()[2] for facts, path in rows}

    def commit_at(self, path: PurePosixPath, epoch: int) -> str | None:
        """See `ports.History`."""
        log = self._ask("log", "--format=%H %ct", "HEAD", "--", str(path))
        return next((line.split()[0] for line in log.splitlines() if line.endswith(f" {epoch}")), None)

    def export(self, commit: str, path: PurePosixPath, to: Path) -> int:
        """See `ports.History`.

        Not `git archive`, which leaves out what `export-ignore` marks and a checkout has. Modes are 0644 or 0755
        and every time is the returned epoch, because sdists carry both.
        """
        epoch = int(self._ask("log", "-1", "--format=%ct", commit, "--", str(path)))
        with tempfile.TemporaryDirectory() as scratch:
            index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
            self._ask("read-tree", f"{commit}:{self._prefix()}{path}", environ=index)
            self._ask("checkout-index", "--all", f"--prefix={to}/", environ=index)
        _settle(to, epoch)
        return epoch

    def _head(self) -> str:
        answer = self._run("rev-parse", "--verify", "HEAD^{commit}")
        if answer.returncode:
            raise WorkspaceError(
                "not a git repository with a commit; builds are made from commits",
                address=str(self.root),
                hint="git init, git add, git commit; or clone the repository instead of copying its files",
            )
        return answer.stdout.strip()

    def _uncommitted(self, paths: Iterable[PurePosixPath]) -> tuple[PurePosixPath, ...]:
        prefix = self._prefix()
        answer = self._ask(
            "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", *map(str, paths)
        )
        return tuple(PurePosixPath(row[3:].removeprefix(prefix)) for row in answer.split("\0") if row)

    def _prefix(self) -> str:
        return self._ask("rev-parse", "--show-prefix").strip()

    def _ask(self, *arguments: str, environ: Mapping[str, str] | None = None) -> str:
        answer = self._run(*arguments, environ=environ)
        if answer.returncode:
            reason = (answer.stderr.strip().splitlines() or ["it gave no reason"])[-1]
            raise WorkspaceError(f"git {arguments[0]} failed: {reason}", address=str(self.root))
        return answer.stdout

    def _run(
        self, *arguments: str, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                ["git", "-C", str(self.root), *arguments],
                env={**os.environ, "LC_ALL": "C", **(environ or {})},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError:
            raise WorkspaceError("git is not on PATH", hint="install git") from None


def _settle(folder: Path, epoch: int) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            program = path.stat().st_mode & 0o100
            path.chmod(_FOLDER if path.is_dir() else _PROGRAM if program else _FILE)
        os.utime(path, (epoch, epoch), follow_symlinks=False)
