"""git, run in one repository, with nothing around it that names another."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from carrack.errors import WorkspaceError

_NAMES_A_REPOSITORY = frozenset(
    {
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_COMMON_DIR",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_NAMESPACE",
        "GIT_PREFIX",
    }
)


@dataclass(frozen=True)
class GitCommand:
    """Runs git in the repository around `folder`.

    `environ` is git's environment, of which the variables that name a repository (git sets them for its hooks) are
    left out. Bytes that are no UTF-8 come and go as surrogates.
    """

    folder: Path
    environ: Mapping[str, str] = field(repr=False)

    def ask(self, *arguments: str, environ: Mapping[str, str] | None = None, told: str = "") -> str:
        """What git prints. Raises WorkspaceError, with git's own reason, where it fails."""
        answer = self.run(*arguments, environ=environ, told=told)
        if answer.returncode:
            raise WorkspaceError(f"git failed: {reason(answer)}", address=str(self.folder))
        return answer.stdout

    def run(
        self, *arguments: str, environ: Mapping[str, str] | None = None, told: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run git to its end, however it ends. Raises WorkspaceError where there is no git."""
        try:
            return subprocess.run(
                self._command(arguments),
                env=self._environ(environ),
                input=told,
                capture_output=True,
                encoding="utf-8",
                errors="surrogateescape",
                check=False,
            )
        except FileNotFoundError:
            raise WorkspaceError("git is not on PATH", hint="install git") from None

    @contextmanager
    def start(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """git, to be talked to. Raises WorkspaceError where there is no git."""
        try:
            process = subprocess.Popen(
                self._command(arguments),
                env=self._environ(None),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except FileNotFoundError:
            raise WorkspaceError("git is not on PATH", hint="install git") from None
        with process:
            yield process

    def contents(self, objects: Path) -> Iterator[tuple[str, bytes]]:
        """Id and content of each object that the file `objects` names, an id a line; one at a time in memory."""
        with (
            objects.open("rb") as told,
            subprocess.Popen(
                self._command(("cat-file", "--batch")),
                env=self._environ(None),
                stdin=told,
                stdout=subprocess.PIPE,
            ) as process,
        ):
            assert process.stdout is not None  # noqa: S101 - PIPE
            while head := process.stdout.readline().split():
                content = process.stdout.read(int(head[2]))
                process.stdout.read(1)
                yield head[0].decode(), content

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return ["git", "--literal-pathspecs", "--no-optional-locks", "-C", str(self.folder), *arguments]

    def _environ(self, extra: Mapping[str, str] | None) -> dict[str, str]:
        own = {key: value for key, value in self.environ.items() if key not in _NAMES_A_REPOSITORY}
        return {**own, "LC_ALL": "C", **(extra or {})}


def reason(answer: subprocess.CompletedProcess[str]) -> str:
    """What git said in one line."""
    said = re.sub(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x09\x0b-\x1f]", "", answer.stderr)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return " ".join(lines).removeprefix("fatal: ") or "it gave no reason"
