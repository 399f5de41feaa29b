"""git-filter-repo, in a process of its own: it prints, exits and keeps state, and promises its command line only."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from carrack.errors import WorkspaceError

_NOTHING_ELSE = (
    "--force",  # the clone is ours alone, and fresh but for the refs that do not come
    "--no-gc",  # the old commits are looked at once more, for the proof
    "--preserve-commit-hashes",  # an id in a message stays what it was: which ids are known depends on what comes later
    "--preserve-commit-encoding",
    "--quiet",
)
_RENAMES = """
global _carrack_names
try:
    names = _carrack_names
except NameError:
    names = _carrack_names = {names!r}
return names.get(refname, refname)
"""


@dataclass(frozen=True, kw_only=True)
class FilterRepo:
    """Rewrites the bare repository in `folder`, all refs of it; paths and names of tags change, and nothing else."""

    folder: Path
    environ: Mapping[str, str] = field(repr=False)

    @property
    def tool(self) -> str:
        """Its name and version."""
        return f"git-filter-repo {version('git-filter-repo')}"

    def rewrite(
        self, subdir: PurePosixPath, into: PurePosixPath, tags: Mapping[str, str]
    ) -> Mapping[str, str | None]:
        """Move `subdir` (`.`: everything) to `into`, rename tags; the new id of every old commit, None where it went.

        Only commits that have nothing of `subdir` go. Raises WorkspaceError with the tool's last words.
        """
        paths = [f"--to-subdirectory-filter={into}"]
        if subdir.parts:
            paths.insert(0, f"--subdirectory-filter={subdir}")
        else:
            paths += ["--prune-empty=never", "--prune-degenerate=never"]
        with tempfile.TemporaryDirectory() as scratch:
            callback = Path(scratch) / "refnames.py"
            callback.write_text(_RENAMES.format(names=_refs(tags)), encoding="ascii")
            self._run(*_NOTHING_ELSE, *paths, f"--refname-callback={callback}")
        return self._commit_map()

    def _run(self, *options: str) -> None:
        command = [sys.executable, "-P", "-m", "git_filter_repo", *options]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environ, "LC_ALL": "C", "PYTHONWARNINGS": "ignore"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode:
            said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            raise WorkspaceError(
                f"{self.tool} cannot rewrite it",
                faults=tuple(said[-12:]),
                untouched="everything; nothing was written",
            )

    def _commit_map(self) -> Mapping[str, str | None]:
        lines = (self.folder / "filter-repo" / "commit-map").read_text(encoding="ascii").splitlines()[1:]
        pairs = (line.split() for line in lines)
        return {old: None if set(new) == {"0"} else new for old, new in pairs}


def _refs(tags: Mapping[str, str]) -> Mapping[bytes, bytes]:
    return {_ref(old): _ref(new) for old, new in tags.items()}


def _ref(tag: str) -> bytes:
    return f"refs/tags/{tag}".encode("utf-8", "surrogateescape")
