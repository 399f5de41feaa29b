"""The very steps of the workflows and of the buildspec, run in real clones against a real index and a small GitHub."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
import yaml
from tests.carrack.github_server import GitHubServer, github_server
from tests.carrack.local import BIN, Shell
from tests.carrack.repositories import GIT_ENVIRON, Repository, package, repository
from tests.carrack.test_pull_requests import WORKSPACE
from tests.flows.conftest import ROOT
from tests.flows.test_killed_publish import holdings

from codeartifact_local.testing import LocalCodeArtifact, local_codeartifact

pytestmark = [pytest.mark.registry, pytest.mark.slow]

CI = """
tags = true
[tool.carrack.ci]
index = "prod"
setup = ["carrack --version"]
test = 'python -c "import sys; sys.path.insert(0, sys.argv[1]); import alpha" "$PACKAGE_PATH/src"'
"""


SHELLS = {None: ["bash", "-e"], "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"]}
"""GitHub Docs, "Workflow syntax", `jobs.<job_id>.steps[*].shell`: pipefail comes only where bash is said.

CodeBuild runs each command of a buildspec by itself, and stops at the first that fails.
"""


@dataclass
class Runner:
    """A runner of GitHub Actions, as far as these workflows see it."""

    root: Path
    environ: Mapping[str, str]
    contexts: dict[str, str]
    artifacts: Path
    outputs: dict[str, str] = field(default_factory=dict)

    def job(self, job: Mapping[str, Any]) -> list[str]:
        """Clone, and run every step of a job; what each printed. Raises CalledProcessError where one fails."""
        clone = self.root / f"clone-{len(list(self.root.iterdir()))}"
        subprocess.run(["git", "clone", "-q", self.root.parent / "bare.git", clone], check=True)
        if branch := self.contexts.get("checkout"):
            subprocess.run(["git", "-C", clone, "checkout", "-q", branch], check=True)
        return [said for step in job["steps"] if (said := self._step(step, job, clone)) is not None]

    def _step(self, step: Mapping[str, Any], job: Mapping[str, Any], clone: Path) -> str | None:
        if "actions/upload-artifact" in step.get("uses", ""):
            copy(clone / step["with"]["path"], self.artifacts)
        if "actions/download-artifact" in step.get("uses", ""):
            copy(self.artifacts / "plan.json", clone)
        if "run" not in step:
            return None
        output = clone.with_suffix(".output")
        output.touch()
        environ = {
            **self.environ,
            **{name: self.filled(value) for name, value in job.get("env", {}).items()},
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(clone.with_suffix(".summary")),
        }
        assert "${{" not in step["run"], "what a run says comes through env: alone"
        done = subprocess.run(
            [*SHELLS[job["shell"]], "-c", step["run"]],
            cwd=clone,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, step["run"], done.stdout, done.stderr)
        lines = (line.partition("=") for line in output.read_text().splitlines())
        self.outputs |= {name: value for name, _, value in lines}
        return done.stdout + done.stderr

    def filled(self, text: str) -> str:
        """A value with its expressions replaced; one that is not known here is an error."""
        return re.sub(r"\$\{\{ ([a-z_.]+) \}\}", lambda found: self.contexts[found[1]], text)


@pytest.fixture
def github() -> Iterator[GitHubServer]:
    """The repository's pull requests."""
    with github_server() as server:
        yield server


@pytest.fixture
def index(tmp_path: Path) -> Iterator[LocalCodeArtifact]:
    """The index."""
    with local_codeartifact(tmp_path / "index") as server:
        yield server


@pytest.fixture
def repo(tmp_path: Path, index: LocalCodeArtifact) -> Repository:
    """A working copy of two packages with what `ci init` wrote, pushed to a bare repository; its index is ready."""
    made = repository(tmp_path / "mine")
    copy(ROOT / "build-constraints.txt", made.root)
    made.write({"pyproject.toml": WORKSPACE.format(more="") + CI, ".gitignore": ".carrack/\nplan.json\n"})
    shell = Shell(made.root, {**index.environ(), **GIT_ENVIRON})
    for command in (("ci", "init"), ("index", "create", "--to", "prod", "--yes")):
        made.write({**package("alpha"), **package("beta", "0.1.0", "alpha")})
        done = shell(*command)
        assert done.returncode == 0, done.stderr
    made.commit()
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", tmp_path / "bare.git"], check=True)
    made.git("remote", "add", "origin", str(tmp_path / "bare.git"))
    made.git("push", "-q", "origin", "main")
    return made


@pytest.fixture
def runner(tmp_path: Path, repo: Repository, index: LocalCodeArtifact, github: GitHubServer) -> Runner:
    """A runner for that repository; the command is on its PATH, as after the set-up."""
    (tmp_path / "runner").mkdir()
    (tmp_path / "artifacts").mkdir()
    identity = {key: value for key, value in GIT_ENVIRON.items() if key.startswith("GIT_")}
    home = tmp_path / "runner-home"
    home.mkdir()
    environ = {
        **index.environ(),
        **identity,
        **github.environ,
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "HOME": str(home),
        "CI": "true",
    }
    contexts = {
        "github.base_ref": "main",
        "github.event.number": "7",
        "github.token": github.environ["GITHUB_TOKEN"],
    }
    return Runner(tmp_path / "runner", environ, contexts, tmp_path / "artifacts")


def jobs(repo: Repository, name: str) -> dict[str, Any]:
    """The jobs of one workflow."""
    workflow = yaml.safe_load((repo.root / ".github/workflows" / name).read_text())
    shell = workflow.get("defaults", {}).get("run", {}).get("shell")
    return {name: {**job, "shell": shell} for name, job in workflow["jobs"].items()}


def test_main_is_planned_and_published_and_tagged_then_the_next_release_is_proposed(
    repo: Repository, runner: Runner, index: LocalCodeArtifact, github: GitHubServer
) -> None:
    """What the plan said is on the index, the tags are at the remote; a feature later one pull request waits."""
    release = jobs(repo, "release.yml")
    for name in (
        "plan",
        "publish",
        "publish",
    ):  # the last as by "Re-run failed jobs": the same plan, a new clone
        runner.job(release[name])
    assert runner.outputs["packages"] == "2"
    assert len(holdings(index.client(), "prod")) == 4
    runner.job(release["plan"])
    assert runner.outputs["packages"] == "0"
    repo.git("fetch", "-q", "--tags", "origin")
    assert repo.git("tag").split() == ["alpha-v0.1.0", "beta-v0.1.0"]

    repo.write({"packages/alpha/src/alpha/__init__.py": '"""More."""\n'})
    repo.git("commit", "-qam", "feat: more")
    repo.git("push", "-q", "origin", "main")
    runner.job(release["propose"])
    (pull,) = github.pulls
    assert pull["title"] == "Release alpha 0.1.1"  # below 1.0 a feature is a patch
    repo.git("fetch", "-q", "origin")
    repo.git("merge", "-q", "--ff-only", "origin/carrack/release")
    repo.git("push", "-q", "origin", "main")
    for name in ("plan", "publish"):
        runner.job(release[name])
    assert "alpha-0.1.1-py3-none-any.whl" in holdings(index.client(), "prod")


def test_a_plan_that_does_not_hold_any_more_is_not_published(
    repo: Repository, runner: Runner, index: LocalCodeArtifact
) -> None:
    """The control: another commit between the two jobs ends the second with 77, and nothing is on the index."""
    release = jobs(repo, "release.yml")
    runner.job(release["plan"])
    repo.commit({"packages/alpha/src/alpha/__init__.py": '"""Later."""\n'})
    repo.git("push", "-q", "origin", "main")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        runner.job(release["publish"])
    assert caught.value.returncode == 77
    assert holdings(index.client(), "prod") == {}


def test_a_plan_that_cannot_be_made_ends_its_job(repo: Repository, runner: Runner) -> None:
    """Though its words go through a pipe, and a file of it may be there."""
    repo.commit(package("beta", "0.1.0", "alpha>=9"))
    repo.git("push", "-q", "origin", "main")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        runner.job(jobs(repo, "release.yml")["plan"])
    assert caught.value.returncode == 65
    assert runner.outputs == {}


def test_a_change_that_cannot_be_told_ends_its_job(repo: Repository, runner: Runner) -> None:
    """An empty matrix would be worse: nothing would be built or tested."""
    runner.contexts["github.base_ref"] = "nowhere"
    with pytest.raises(subprocess.CalledProcessError) as caught:
        runner.job(jobs(repo, "pull-request.yml")["changed"])
    assert "matrix" not in runner.outputs
    assert caught.value.returncode == 65
    assert "matrix=" in caught.value.cmd


def test_a_pull_request_is_told_checked_built_and_tested(
    repo: Repository, runner: Runner, github: GitHubServer
) -> None:
    """The matrix has the changed package and the one that needs it; each is built twice and tested; one comment."""
    repo.git("switch", "-qc", "topic")
    repo.write({"packages/alpha/src/alpha/__init__.py": '"""More."""\n'})
    repo.git("commit", "-qam", "feat: more")
    repo.git("push", "-q", "origin", "topic")
    runner.contexts["checkout"] = "topic"
    pull = jobs(repo, "pull-request.yml")
    said = "".join(runner.job(pull["changed"]))
    assert "by its commits" in said
    cells = yaml.safe_load(runner.outputs["matrix"])["include"]
    assert [cell["package"] for cell in cells] == ["alpha", "beta"]
    runner.job(pull["comment"])
    assert "| alpha 0.1.0 | changed |" in github.comments[0]["body"]
    for cell in cells[:1]:
        runner.contexts |= {f"matrix.{key}": value for key, value in cell.items()}
        runner.job(pull["package"])


def test_a_test_that_fails_fails_its_job(repo: Repository, runner: Runner) -> None:
    """The control of the one above."""
    repo.git("switch", "-qc", "topic")
    repo.write({"packages/alpha/src/alpha/__init__.py": "raise SystemExit(3)\n"})
    repo.git("commit", "-qam", "feat: more")
    repo.git("push", "-q", "origin", "topic")
    runner.contexts |= {"checkout": "topic", "matrix.package": "alpha", "matrix.path": "packages/alpha"}
    with pytest.raises(subprocess.CalledProcessError) as caught:
        runner.job(jobs(repo, "pull-request.yml")["package"])
    assert caught.value.returncode == 3


def test_the_buildspec_publishes_too(repo: Repository, runner: Runner, index: LocalCodeArtifact) -> None:
    """Its commands, one after the other in one shell, as CodeBuild runs them."""
    phases = yaml.safe_load((repo.root / "buildspec.yml").read_text())["phases"]
    commands = "\n".join(command for phase in phases.values() for command in phase["commands"])
    runner.job({"steps": [{"run": commands}], "shell": None})
    assert len(holdings(index.client(), "prod")) == 4


@pytest.mark.parametrize(
    ("clone", "said"),
    [
        (["git", "clone", "-q", "--depth", "1"], "CodeBuild: git clone depth Full"),
        (["cp", "-r"], "CODEBUILD_CLONE_REF"),
    ],
    ids=["shallow", "no git"],
)
def test_a_source_without_history_names_the_setting_to_change(
    repo: Repository, runner: Runner, tmp_path: Path, clone: list[str], said: str
) -> None:
    """65 before anything is built."""
    repo.commit({"packages/alpha/src/alpha/__init__.py": '"""Second."""\n'})
    source = f"file://{repo.root}" if clone[0] == "git" else str(repo.root)
    subprocess.run([*clone, source, tmp_path / "copy"], check=True)
    if clone[0] == "cp":
        subprocess.run(["rm", "-r", tmp_path / "copy/.git"], check=True)
    done = Shell(tmp_path / "copy", runner.environ)("publish", "--to", "prod")
    assert done.returncode == 65, done.stderr
    assert said in done.stderr
