"""`pip install carrack`, `carrack init`, `make demo`, `make test`: the whole way of somebody who is new.

The toolkit comes from an index that it was published to, by pip, and from nowhere else. The tests of this module are
one story and run in this order.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.flows.conftest import Carrack, git

from codeartifact_local.testing import LocalCodeArtifact

pytestmark = [pytest.mark.registry, pytest.mark.slow]

TEAM = """
[tool.carrack.indexes.team]
domain = "carrack"
owner = "000000000000"
region = "us-east-1"
repository = "prod"
endpoint-variable = "CODEARTIFACT_LOCAL_URL"
"""
NOT_THEIRS = ("PIP_", "UV_", "AWS_", "CODEARTIFACT_", "MAKE", "MFLAGS", "VENV", "VIRTUAL_ENV", "PYTHON")
"""What a make, a pip or a server around these tests says, and nobody new has."""


@dataclass(frozen=True)
class User:
    """Somebody with a home of their own, and an environment that `carrack` was installed into."""

    home: Path
    environ: Mapping[str, str]

    def run(self, *command: str, at: str = ".", **extra: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a folder below the home."""
        return subprocess.run(
            command,
            cwd=self.home / at,
            env={**self.environ, **extra},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def ok(self, *command: str, at: str = ".", **extra: str) -> str:
        """The same, which must succeed; its stdout."""
        done = self.run(*command, at=at, **extra)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory, carrack: Carrack, index: LocalCodeArtifact) -> User:
    """Their pip has the index with the toolkit, by PIP_INDEX_URL, and no other setting but certificates."""
    carrack.ok("publish", "--to", "local", "carrack", "codeartifact-local")
    home = tmp_path_factory.mktemp("home")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_THEIRS)}
    kept |= {name: os.environ[name] for name in ("PIP_CERT",) if name in os.environ}
    theirs = {
        "HOME": str(home),
        "PATH": f"{home}/env/bin:{path_without(Path(sys.executable).parent)}",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": index.index_url("carrack", "prod"),
    }
    somebody = User(home, {**kept, **theirs})
    somebody.ok(python(), "-m", "venv", "env")
    somebody.ok("env/bin/pip", "install", "--quiet", "carrack")
    return somebody


def path_without(folder: Path) -> str:
    """PATH without the environment that runs the tests."""
    return os.pathsep.join(part for part in os.environ["PATH"].split(os.pathsep) if Path(part) != folder)


def python() -> str:
    """The Python that this environment was made with."""
    return f"{sys.base_prefix}/bin/python3"


def make(user: User, *targets: str, **extra: str) -> str:
    """Run make in the new workspace."""
    return user.ok("make", *targets, f"PYTHON={python()}", at="my-pipelines", **extra)


def test_a_workspace_is_made_in_a_folder_that_is_not_there(user: User, index: LocalCodeArtifact) -> None:
    """Its path is on stdout; everything is pinned by sha256, and neither address nor token is in any file."""
    assert user.ok("carrack", "init", "my-pipelines").strip() == f"{user.home}/my-pipelines"
    workspace = user.home / "my-pipelines"
    for file in (workspace / "requirements-dev.txt", workspace / "build-constraints.txt"):
        pins = re.findall(
            r"^(\S+)==\S+.*((?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+)$", file.read_text(), re.M
        )
        assert len(pins) == len(re.findall(r"^[a-z]", file.read_text(), re.M)) > 0
        assert "://" not in file.read_text()
    assert {"carrack", "batch-params", "codeartifact-local"} <= {
        line.partition("==")[0] for line in (workspace / "requirements-dev.txt").read_text().splitlines()
    }
    everything = "".join(path.read_text() for path in workspace.rglob("*") if path.is_file())
    for foreign in (index.url, "127.0.0.1", str(user.home), "record-io", "record_io", "@@"):
        assert foreign not in everything


def test_a_second_time_the_folder_is_in_the_way(user: User) -> None:
    """65, with what is in it; nothing changes."""
    done = user.run("carrack", "init", "my-pipelines")
    assert done.returncode == 65
    assert "  Makefile\n" in done.stderr


def test_the_demo_goes_all_the_way_before_anything_is_committed(user: User) -> None:
    """Published, locked, installed and run; a token for another index in the environment is in nobody's way."""
    said = make(user, "demo", CODEARTIFACT_AUTH_TOKEN="of-another-index")
    assert "released my-pipelines-tally 0.1.0" in said
    assert json.loads(said.splitlines()[-1]) == {"files": 2, "records": 6, "values": 3}
    counts = json.loads((user.home / "my-pipelines/.demo/counts.json").read_text())
    assert counts == {"JP": 3, "SE": 2, "BR": 1}


def test_its_tests_and_its_linters_pass(user: User) -> None:
    """With the environment that is there by then."""
    said = make(user, "test")
    assert re.search(r"=+ \d+ passed in [\d.]+s =+\n$", said), said
    make(user, "lint")


def test_it_is_committed_whole_and_only_it(user: User) -> None:
    """Environment, demo and caches are no part of it."""
    workspace = user.home / "my-pipelines"
    git(workspace, "init", "--quiet", "--initial-branch", "main")
    git(workspace, "add", "--all")
    git(workspace, "commit", "--quiet", "--message", "A new workspace")
    tracked = git(workspace, "ls-files").split()
    assert len(tracked) == 23
    assert not [path for path in tracked if path.startswith((".venv", ".demo", ".carrack"))]


def test_a_second_demo_publishes_nothing(user: User) -> None:
    """After the commit; and a test that fails is seen, which is the control of the one above."""
    said = make(user, "demo")
    assert "nothing to release" in said
    assert json.loads(said.splitlines()[-1])["records"] == 6
    module = user.home / "my-pipelines/packages/my-pipelines-tally/src/my_pipelines_tally/tally.py"
    text = module.read_text()
    module.write_text(text.replace("+= 1", "+= 2"))
    assert user.run("make", "test", f"PYTHON={python()}", at="my-pipelines").returncode != 0
    module.write_text(text)


def test_it_is_released_to_an_index_of_the_team_s(user: User, index: LocalCodeArtifact) -> None:
    """By the targets of its README, in their order; what was pinned is pinned anew in the very same words."""
    workspace = user.home / "my-pipelines"
    (workspace / "pyproject.toml").write_text((workspace / "pyproject.toml").read_text() + TEAM)
    aws = {
        name: value for name, value in index.environ().items() if name.startswith(("AWS_", "CODEARTIFACT_"))
    }
    team = replace(user, environ={**user.environ, **aws})
    make(team, "requirements", "INDEX=team")
    assert git(workspace, "status", "--short") == " M pyproject.toml\n"
    git(workspace, "commit", "--quiet", "--all", "--message", "The team's index")
    assert "new" in make(team, "status", "INDEX=team")
    for target in ("toolkit", "publish", "lock", "install"):
        make(team, target, "INDEX=team")
    job = f"{workspace}/.carrack/envs/pipeline_app/bin/pipeline-app"
    said = user.ok(job, "--param-json", "pipeline_app/examples/orders.json", at="my-pipelines")
    assert json.loads(said) == {"files": 2, "records": 6, "values": 3}
    make(team, "bump", "PACKAGE=my-pipelines-tally", "LEVEL=minor")
    assert '"my-pipelines-tally>=0.1,<0.3"' in (workspace / "pipeline_app/pyproject.toml").read_text()


def test_another_one_is_made_with_the_index_of_this(user: User, index: LocalCodeArtifact) -> None:
    """`--to` names it, in an empty repository; for its demo pip is configured by `index run`, and by nothing else."""
    git(user.home, "init", "--quiet", "other")
    environ = {name: value for name, value in user.environ.items() if name != "PIP_INDEX_URL"}
    aws = {
        name: value for name, value in index.environ().items() if name.startswith(("AWS_", "CODEARTIFACT_"))
    }
    team = replace(user, environ={**environ, **aws})
    team.ok("carrack", "init", "--to", "team", "../other", at="my-pipelines")
    for file in ("build-constraints.txt", "requirements-dev.txt"):
        assert (user.home / "other" / file).read_text() == (user.home / "my-pipelines" / file).read_text()
    demo = ("make", "-C", "../other", "demo", f"PYTHON={python()}")
    said = team.ok("carrack", "index", "run", "--to", "team", "--", *demo, at="my-pipelines")
    assert "released other-tally 0.1.0" in said
