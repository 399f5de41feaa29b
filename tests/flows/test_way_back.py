"""A version that turns out bad: taken back, and the lock from before it installed, by the commands that are printed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import pytest
from tests.carrack.local import Shell, shell
from tests.carrack.repositories import EPOCH, Repository, package
from tests.flows.conftest import ROOT

from codeartifact_local.testing import LocalCodeArtifact, local_codeartifact

pytestmark = [pytest.mark.registry, pytest.mark.slow]

APP = f"""
[tool.carrack.apps.job]
path = "job"
lock = "job/requirements.lock"
pythons = ["3.{sys.version_info.minor}"]
"""
JOB = {name.replace("packages/job", "job"): text for name, text in package("job", "0.1.0", "alpha").items()}
MODULE = "packages/alpha/src/alpha/__init__.py"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalCodeArtifact]:
    """An index with the public one behind it, for the build backend."""
    with local_codeartifact(tmp_path / "index") as running:
        yield running


@pytest.fixture
def carrack(tmp_path: Path, server: LocalCodeArtifact) -> Shell:
    """The command in a workspace with alpha 0.1.0 and, later, 0.2.0; the app's lock is committed with each."""
    made = shell(tmp_path, server)
    with (made.workspace / "pyproject.toml").open("a") as manifest:
        manifest.write(APP)
    copy(ROOT / "build-constraints.txt", made.workspace)
    repo = Repository(made.workspace)
    repo.git("init", "-q", "-b", "main")
    repo.commit({**package("alpha"), MODULE: "GOOD = True\n", **JOB, ".gitignore": ".carrack/\n"})
    ok(made, "index", "create", "--yes")
    release(made, repo, EPOCH + 60)
    ok(made, "bump", "alpha", "minor")
    repo.commit({MODULE: "GOOD = False\n"}, at=EPOCH + 120)
    release(made, repo, EPOCH + 180)
    return made


def ok(carrack: Shell, *arguments: str) -> str:
    """Run `carrack ARGUMENTS`, which must succeed; its stdout."""
    done = carrack(*arguments)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def release(carrack: Shell, repo: Repository, at: int) -> None:
    """Publish, lock, and commit the lock."""
    ok(carrack, "publish")
    ok(carrack, "lock")
    repo.commit(at=at)


def installed(carrack: Shell) -> str:
    """What alpha says in the app's environment."""
    python = carrack.workspace / ".carrack/envs/job/bin/python"
    program = "import alpha; print(alpha.GOOD)"
    return subprocess.run([python, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def test_the_printed_commands_lead_back_to_what_was_good(carrack: Shell) -> None:
    """Though the tree is at the version that was taken back; `lock` keeps such a lock, and without it says why not."""
    ok(carrack, "install")
    assert installed(carrack) == "False"
    refused = carrack("retract", "alpha==0.2.0", "--yes")
    assert refused.returncode == 76
    (hint,) = [line for line in refused.stderr.splitlines() if "next:" in line]
    Repository(carrack.workspace).git(*hint.partition("git ")[2].split())
    ok(carrack, "retract", "alpha==0.2.0", "--yes")
    ok(carrack, "install")
    assert installed(carrack) == "True"
    good = (carrack.workspace / "job/requirements.lock").read_bytes()
    ok(carrack, "lock")
    assert (carrack.workspace / "job/requirements.lock").read_bytes() == good
    anew = carrack("lock", "--upgrade")
    assert anew.returncode == 76
    assert "alpha 0.2.0 was taken back from prod: it is Unlisted" in anew.stderr


def test_the_lock_of_what_was_taken_back_installs_nowhere_and_says_why(carrack: Shell) -> None:
    """Instead of pip's words, before anything is touched; brought back, it installs again."""
    ok(carrack, "retract", "alpha==0.2.0", "--yes", "--break-locks")
    refused = carrack("install")
    assert refused.returncode == 76
    assert "the lock is stale: alpha 0.2.0 was taken back from prod: it is Unlisted" in refused.stderr
    ok(carrack, "retract", "alpha==0.2.0", "--yes", "--status", "published")
    ok(carrack, "install")
