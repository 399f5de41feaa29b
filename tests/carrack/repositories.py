"""Small workspaces in real git repositories, with commits whose times are given."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

GIT_ENVIRON = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "GIT_AUTHOR_NAME": "A. Maintainer",
    "GIT_AUTHOR_EMAIL": "maintainer@example.com",
    "GIT_COMMITTER_NAME": "A. Maintainer",
    "GIT_COMMITTER_EMAIL": "maintainer@example.com",
}
"""No user's configuration reaches git in these tests."""

EPOCH = 1_700_000_000


@dataclass(frozen=True)
class Repository:
    """A git repository with a work tree."""

    root: Path

    def git(self, *arguments: str, **extra: str) -> str:
        """Run git to its end; its stdout."""
        return subprocess.run(
            ["git", "-C", self.root, *arguments],
            env={**GIT_ENVIRON, **extra},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def write(self, files: Mapping[str, str]) -> None:
        """Write text files, folders as needed; each text is dedented."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text), encoding="utf-8")

    def commit(self, files: Mapping[str, str] | None = None, *, at: int = EPOCH) -> str:
        """Write `files` and commit everything at `at`; the commit's id."""
        self.write(files or {})
        self.git("add", "--all")
        date = f"{at} +0000"
        self.git("commit", "-qm", "a change", GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date)
        return self.git("rev-parse", "HEAD")


def repository(root: Path) -> Repository:
    """A new, empty repository in `root`, which is made."""
    root.mkdir(parents=True, exist_ok=True)
    new = Repository(root)
    new.git("init", "-q", "-b", "main")
    return new


def package(name: str, version: str = "0.1.0", *requires: str, folder: str = "packages") -> dict[str, str]:
    """The files of a distribution that hatchling builds and twine's strict check passes."""
    module = name.replace("-", "_")
    where = f"{folder}/{name}"
    requirements = "".join(f'    "{requirement}",\n' for requirement in requires)
    return {
        f"{where}/pyproject.toml": (
            '[build-system]\nrequires = ["hatchling>=1.27,<2"]\nbuild-backend = "hatchling.build"\n\n'
            f'[project]\nname = "{name}"\nversion = "{version}"\ndescription = "A package"\nreadme = "README.md"\n'
            f'requires-python = ">=3.11"\ndependencies = [\n{requirements}]\n\n'
            f'[tool.hatch.build.targets.wheel]\npackages = ["src/{module}"]\n'
        ),
        f"{where}/README.md": f"# {name}\n\nA package.\n",
        f"{where}/src/{module}/__init__.py": f'"""The module of {name}."""\n',
    }
