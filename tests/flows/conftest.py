"""A clone of this repository, a local index, and the installed `carrack` command: nothing else is needed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.carrack.local import Shell

from codeartifact_local.testing import LocalCodeArtifact, local_codeartifact

ROOT = Path(__file__).parents[2]


class Carrack(Shell):
    """The command line in one workspace, with one environment."""

    def ok(self, *arguments: str, **extra: str) -> str:
        """Run `carrack ARGUMENTS`, which must succeed; its stdout."""
        done = self(*arguments, **extra)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def commit(self, message: str) -> None:
        """Commit everything in the workspace."""
        git(self.workspace, "commit", "--quiet", "--all", "--message", message)


def git(folder: Path, *arguments: str) -> str:
    """Run git in `folder`; its stdout."""
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    return subprocess.run(
        ["git", "-C", folder, *identity, *arguments], check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCodeArtifact]:
    """A local CodeArtifact with nothing in it, and the public index behind it."""
    with local_codeartifact(tmp_path_factory.mktemp("index")) as running:
        yield running


@pytest.fixture(scope="module")
def carrack(tmp_path_factory: pytest.TempPathFactory, index: LocalCodeArtifact) -> Carrack:
    """The command line in a fresh clone of HEAD, its index created."""
    workspace = tmp_path_factory.mktemp("workspace") / "clone"
    git(ROOT, "clone", "--quiet", "--no-local", str(ROOT), str(workspace))
    command = Carrack(workspace, index.environ())
    command.ok("index", "create", "--to", "local", "--yes")
    return command
