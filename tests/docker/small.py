"""A small workspace on the tests' index, of which images are built in seconds: a package, and an app that needs it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tests.carrack.local import Shell
from tests.carrack.repositories import GIT_ENVIRON, Repository, package, repository
from tests.docker.engine import Completed

ROOT = Path(__file__).parents[2]
PYTHON = "{}.{}".format(*sys.version_info)
WORKSPACE = """\
[tool.carrack]
default-index = "local"

[tool.carrack.apps.hello]
path = "hello"
lock = "hello/requirements.lock"
pythons = ["{python}"]
machines = ["x86_64", "aarch64"]
base = "python-base:latest"

[tool.carrack.apps.own]
path = "hello"
lock = "own.lock"
pythons = ["{python}"]
base = "python-base:latest"
dockerfile = "hello/Dockerfile"

[tool.carrack.indexes.local]
domain = "{domain}"
owner = "000000000000"
region = "us-east-1"
repository = "prod"
endpoint-variable = "CODEARTIFACT_LOCAL_URL"
tags = true
"""
MAIN = """\
import sys
import greeting

def main() -> None:
    print(greeting.WORDS, sys.version_info[:2])
"""
SCRIPTS = '\n[project.scripts]\nhello = "hello:main"\n'
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [1.0]\n\n### Added\n\n- Says hello.\n"


@dataclass(frozen=True)
class Small:
    """The workspace, its repository, and `carrack` in it with an engine's environment."""

    repository: Repository
    carrack: Shell

    def ok(self, *arguments: str) -> str:
        """Run `carrack ARGUMENTS`, which must succeed; its stdout."""
        done = self.carrack(*arguments)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def refused(self, *arguments: str) -> tuple[int, str]:
        """Run `carrack ARGUMENTS`, which must fail without a word on stdout; its exit code and what it says."""
        done: Completed = self.carrack(*arguments)
        assert done.returncode != 0, done.stdout
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        return done.returncode, done.stderr

    def with_engine(self, environ: Mapping[str, str]) -> Small:
        """The same with another engine."""
        return replace(self, carrack=replace(self.carrack, environ={**self.carrack.environ, **environ}))

    def copy(self, folder: Path) -> Small:
        """A copy of the workspace that a test may change."""
        shutil.copytree(self.repository.root, folder, symlinks=True)
        return Small(Repository(folder), Shell(folder, self.carrack.environ))

    def release(self, version: str, words: str, changelog: str) -> None:
        """Commit and publish a version of the package, lock the app to it, and commit that."""
        self.repository.commit(files(version, words, changelog))
        self.ok("index", "create", "--yes")
        self.ok("publish")
        self.ok("lock", "--app", "hello")
        self.repository.commit()


def files(version: str, words: str, changelog: str) -> dict[str, str]:
    """The package and the app."""
    app = package("hello", "2.0", "greeting>=1", folder=".")
    manifest = app["./hello/pyproject.toml"]
    return {
        **package("greeting", version),
        **app,
        "packages/greeting/src/greeting/__init__.py": f"WORDS = {words!r}\n",
        "packages/greeting/CHANGELOG.md": changelog,
        "hello/pyproject.toml": manifest.replace("\n[tool.hatch", f"{SCRIPTS}\n[tool.hatch"),
        "hello/src/hello/__init__.py": MAIN,
    }


def small_workspace(folder: Path, index: Mapping[str, str], domain: str = "small") -> Small:
    """A published and locked workspace in `folder`, on the index of this environment."""
    made = repository(folder)
    (folder / "build-constraints.txt").write_text((ROOT / "build-constraints.txt").read_text())
    workspace = WORKSPACE.format(python=PYTHON, domain=domain)
    made.write({"pyproject.toml": workspace, ".gitignore": ".carrack/\n__pycache__/\n"})
    small = Small(made, Shell(folder, {**GIT_ENVIRON, **index}))
    small.release("1.0", "hello", CHANGELOG)
    small.ok("lock", "--app", "own")
    made.commit()
    return small
