"""What all ways are built from: the published workspace, the packages' own repositories, and one change of a line."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.carrack.local import Shell
from tests.carrack.repositories import GIT_ENVIRON, Repository
from tests.docker.engine import Engine
from tests.docker.published import TO_LOCAL, Published

CHANGED = "record-rules"
"""The package of which a line is changed."""
MARK = "# one more line\n"


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """A workspace, its index, a git host, a bucket, and an engine with two base images."""

    engine: Engine
    published: Published
    index: Mapping[str, str]
    """The environment in which Carrack finds the index."""
    store: Mapping[str, str]
    """The environment in which boto3 finds the bucket."""
    host: str
    """The address of the git host."""
    former: Path
    """The folder that it serves."""
    base: str
    base_with_git: str

    @property
    def root(self) -> Path:
        """The workspace."""
        return self.published.workspace

    @property
    def repository(self) -> Repository:
        """Its repository."""
        return Repository(self.root)

    def carrack(self, *arguments: str) -> None:
        """Run a verb, which must succeed."""
        path = f"/usr/bin:{os.environ['PATH']}"  # Debian's client of Docker first
        environ = {**GIT_ENVIRON, **self.index, **self.engine.environ, "PATH": path}
        s3 = {"AWS_ENDPOINT_URL_S3": self.store["AWS_ENDPOINT_URL"]}
        done = Shell(self.root, {**environ, **s3})(*arguments)
        assert done.returncode == 0, f"carrack {' '.join(arguments)}\n{done.stderr}"

    def head(self, package: str) -> str:
        """The newest commit of a package's repository."""
        return Repository(self.former / f"{package}.git").git("rev-parse", "main")

    def release(self) -> None:
        """Change the line in the workspace, and publish that."""
        add_line(self.root / "packages" / CHANGED)
        self.repository.git("commit", "-qam", "One more line")
        self.carrack("bump", CHANGED, "patch", "--commit")
        self.carrack("publish", *TO_LOCAL, CHANGED)

    def push(self, checkout: Path) -> None:
        """Change the line in a checkout of the package's own repository, and push that."""
        work, there = Repository(checkout), str(self.former / f"{CHANGED}.git")
        work.git("pull", "-q", "--ff-only", there, "main")
        add_line(checkout)
        work.git("commit", "-qam", "One more line")
        work.git("push", "-q", there, "HEAD:main")

    def forget(self, image: str) -> None:
        """Leave nothing of which a build could take a part: no cache, no image, no kept wheel."""
        self.engine.run("rmi", "--force", image, check=False)
        self.engine.run("builder", "prune", "--all", "--force")
        shutil.rmtree(self.root / ".carrack" / "wheels", ignore_errors=True)


def add_line(package: Path) -> None:
    """Add the line to a package's module."""
    with (package / "src" / CHANGED.replace("-", "_") / "__init__.py").open("a") as module:
        module.write(MARK)
