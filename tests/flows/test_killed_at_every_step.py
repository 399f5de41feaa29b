"""A publish that dies at any of its steps, and two publishes at once."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copy, copytree, rmtree
from typing import Any

import pytest
from tests.carrack.local import BIN, Shell, shell
from tests.carrack.repositories import Repository, package
from tests.carrack.wheels import sha256
from tests.flows.conftest import ROOT
from tests.flows.test_killed_publish import clear, holdings

from codeartifact_local.testing import LocalCodeArtifact, local_codeartifact

pytestmark = [pytest.mark.registry, pytest.mark.slow]

PACKAGES = ("alpha", "beta", "gamma")


@dataclass(frozen=True)
class Stage:
    """A workspace of three packages, of which gamma needs alpha, on an index of which the names are open."""

    shell: Shell
    repo: Repository
    server: LocalCodeArtifact

    @property
    def client(self) -> Any:
        """The index's own API."""
        return self.server.client()

    def begin_anew(self) -> None:
        """Nothing is published, no tag is made, no receipt is kept; strangers could feed every name."""
        clear(self.client, "prod")
        for name in PACKAGES:
            self.client.put_package_origin_configuration(
                domain="carrack",
                repository="prod",
                format="pypi",
                package=name,
                restrictions={"publish": "ALLOW", "upstream": "ALLOW"},
            )
        for tag in self.tags():
            self.repo.git("tag", "--delete", tag)
        rmtree(self.shell.workspace / ".carrack", ignore_errors=True)

    def tags(self) -> dict[str, str]:
        """Each tag's commit."""
        lines = self.repo.git("for-each-ref", "refs/tags", "--format=%(refname:short) %(objectname)")
        return dict(line.split() for line in lines.splitlines())

    def outcome(self) -> tuple[dict[str, str], dict[str, str], list[Any]]:
        """What a publish leaves behind: the files by hash, the tags, and who may feed the names."""
        where = {"domain": "carrack", "repository": "prod", "format": "pypi"}
        controls = [
            self.client.describe_package(**where, package=name)["package"]["originConfiguration"]
            for name in PACKAGES
        ]
        return holdings(self.client, "prod"), self.tags(), controls

    def publish(self, told: Path, at: int = 0, moment: str = "before") -> subprocess.CompletedProcess[str]:
        """Run a publish that is killed at one step, or at none."""
        told.unlink(missing_ok=True)
        command: list[str | Path] = [sys.executable, "-m", "tests.flows.killing_steps", told, str(at), moment]
        return subprocess.run(
            [*command, "-C", self.shell.workspace, "publish", "--to", "prod", "--close-names"],
            cwd=ROOT,
            env=dict(self.shell.environ),
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """An empty index with its workspace."""
    with local_codeartifact(tmp_path / "index") as server:
        made = shell(tmp_path, server)
        repo = Repository(made.workspace)
        manifest = made.workspace / "pyproject.toml"
        manifest.write_text(
            manifest.read_text().replace('repository = "prod"', 'repository = "prod"\ntags = true')
        )
        copy(ROOT / "build-constraints.txt", made.workspace)
        repo.git("init", "-q", "-b", "main")
        repo.commit(
            {
                **package("alpha"),
                **package("beta"),
                **package("gamma", "0.1.0", "alpha"),
                ".gitignore": ".carrack/\n",
            }
        )
        created = made("index", "create", "--to", "prod", "--yes")
        assert created.returncode == 0, created.stderr
        yield Stage(made, repo, server)


@pytest.mark.timeout(1200)
def test_killed_at_any_step_the_next_run_finishes_as_if_nothing_had_been(
    stage: Stage, tmp_path: Path
) -> None:
    """SIGKILL before and after each step of an undisturbed run; one more run, and files, tags and controls are its."""
    told = tmp_path / "steps"
    stage.begin_anew()
    undisturbed = stage.publish(told)
    assert undisturbed.returncode == 0, undisturbed.stderr
    steps, expected = told.read_text().split(), stage.outcome()
    assert Counter(steps) == {"set_controls": 3, "upload": 6, "append": 3, "tag": 3}
    assert len(expected[0]) == 6
    for at in range(1, len(steps) + 1):
        for moment in ("before", "after"):
            stage.begin_anew()
            killed = stage.publish(told, at, moment)
            assert killed.returncode == -9, (at, moment, killed.stderr)
            again = stage.shell("publish", "--to", "prod", "--close-names")
            assert again.returncode == 0, (at, moment, again.stderr)
            assert stage.outcome() == expected, (at, moment)


def both(*shells: Shell) -> list[tuple[int, str]]:
    """Run a publish in each workspace at the same time; exit code and stderr of each."""
    running = [
        subprocess.Popen(
            [BIN / "carrack", "publish", "--to", "prod"],
            cwd=one.workspace,
            env=dict(one.environ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for one in shells
    ]
    return [(process.returncode, err) for process in running for _, err in [process.communicate(timeout=120)]]


def clone(stage: Stage, to: Path) -> Shell:
    """The workspace a second time, as another machine has it."""
    copytree(stage.shell.workspace, to)
    return Shell(to, stage.shell.environ)


def test_two_publishes_of_one_commit_at_once_are_one_release(stage: Stage, tmp_path: Path) -> None:
    """Both end well: what one uploaded, the other finds there, or sends again as the same bytes."""
    other = clone(stage, tmp_path / "other")
    assert [code for code, _ in both(stage.shell, other)] == [0, 0]
    assert len(holdings(stage.client, "prod")) == 6


def test_two_publishes_of_different_files_at_once_are_one_release_and_one_difference(
    stage: Stage, tmp_path: Path
) -> None:
    """Whoever comes second is told which member differs; no version has files of both."""
    other = clone(stage, tmp_path / "other")
    for name in PACKAGES:
        module = other.workspace / f"packages/{name}/src/{name}/__init__.py"
        module.write_text('"""Something else."""\n')
    Repository(other.workspace).commit(at=1_700_000_060)
    outcomes = both(stage.shell, other)
    assert {code for code, _ in outcomes} <= {0, 73}, outcomes
    assert 73 in {code for code, _ in outcomes}
    for code, said in outcomes:
        if code == 73:
            assert "__init__.py: in line 1 the index has" in said
    found = holdings(stage.client, "prod")
    rounds = [
        {path.name: sha256(path) for path in _built(one, tmp_path / f"dist{number}")}
        for number, one in enumerate((stage.shell, other))
    ]
    for name in PACKAGES:
        mine = {file: sha for file, sha in found.items() if file.startswith(name)}
        assert any(mine.items() <= of.items() for of in rounds), mine


def _built(one: Shell, out: Path) -> list[Path]:
    done = one("build", "--out", str(out))
    assert done.returncode == 0, done.stderr
    return list(out.iterdir())
