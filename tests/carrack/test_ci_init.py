"""`ci init` writes what CI runs, once, and takes nobody's words away."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from tests.carrack.local import Shell
from tests.carrack.repositories import GIT_ENVIRON, Repository, package, repository
from tests.carrack.test_pull_requests import WORKSPACE

from carrack.model.template import rendered

FILES = [".github/workflows/pull-request.yml", ".github/workflows/release.yml", "buildspec.yml"]
TABLE = """
[tool.carrack.ci]
index = "prod"
role = "arn:aws:iam::111122223333:role/release"
reader = "arn:aws:iam::111122223333:role/read"
token = "${{ secrets.BOT }}"
branch = "trunk"
python = "3.11"
setup = ["python -m pip install carrack==0.1.0", "carrack --version"]
test = 'python -m pytest "$PACKAGE_PATH/tests"'
"""


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A workspace that says how its CI is to be."""
    made = Repository(tmp_path)
    made.write({"pyproject.toml": WORKSPACE.format(more="") + TABLE, **package("alpha")})
    return made


def init(repo: Repository, *arguments: str) -> tuple[int, str]:
    """Run it; exit code and everything that was said."""
    done = Shell(repo.root, GIT_ENVIRON)("ci", "init", *arguments)
    return done.returncode, done.stdout + done.stderr


def test_the_files_have_the_workspaces_settings_and_no_place_is_left(repo: Repository) -> None:
    """Index, role, region, Python, set-up and test are where they belong; YAML reads each file."""
    assert init(repo)[0] == 0
    texts = {name: (repo.root / name).read_text() for name in FILES}
    assert not [name for name, text in texts.items() if "@@" in text]
    workflow = yaml.load(texts[FILES[1]], yaml.BaseLoader)  # noqa: S506 - its own; `on` is no boolean to it
    assert workflow["on"]["push"] == {"branches": ["trunk"]}
    release = yaml.safe_load(texts[FILES[1]])["jobs"]
    credentials = {
        name: step["with"]
        for name, job in release.items()
        for step in job["steps"]
        if "configure-aws" in step.get("uses", "")
    }
    reader = {"role-to-assume": "arn:aws:iam::111122223333:role/read", "aws-region": "us-east-1"}
    publisher = {"role-to-assume": "arn:aws:iam::111122223333:role/release", "aws-region": "us-east-1"}
    assert credentials == {"propose": reader, "plan": reader, "publish": publisher}
    assert {name for name, job in release.items() if "environment" in job} == {"publish"}
    assert release["propose"]["steps"][0]["with"]["token"] == "${{ secrets.BOT }}"
    assert release["propose"]["env"]["GITHUB_TOKEN"] == "${{ secrets.BOT }}"
    runs = [step["run"] for job in release.values() for step in job["steps"] if "run" in step]
    assert runs.count("python -m pip install carrack==0.1.0\ncarrack --version\n") == 3
    assert "carrack bump --index prod --pull-request" in runs
    spec = yaml.safe_load(texts[FILES[2]])
    assert spec["phases"]["install"]["runtime-versions"] == {"python": "3.11"}
    assert spec["phases"]["build"]["commands"][0] == "carrack plan --to prod --out plan.json"
    tested = yaml.safe_load(texts[FILES[0]])["jobs"]["package"]["steps"][-1]["run"]
    assert tested == 'python -m pytest "$PACKAGE_PATH/tests"\n'


def test_actions_are_named_by_commit_and_only_what_needs_it_may_write(repo: Repository) -> None:
    """Forty hex digits each; a job has the permissions that its steps use, and AWS's token where it is asked."""
    init(repo)
    for name in FILES[:2]:
        workflow = yaml.safe_load((repo.root / name).read_text())
        assert workflow["permissions"] == {"contents": "read"}
        assert workflow["defaults"] == {"run": {"shell": "bash"}}
        for job in workflow["jobs"].values():
            uses = [step["uses"] for step in job["steps"] if "uses" in step]
            assert all(len(one.partition("@")[2]) == 40 for one in uses)
            asks = any("configure-aws" in one for one in uses)
            assert (job.get("permissions", {}).get("id-token") == "write") is asks


def test_a_second_time_there_is_nothing_to_do(repo: Repository) -> None:
    """And --check says so with its exit code; before the first time it does not."""
    assert init(repo, "--check")[0] == 65
    init(repo)
    assert "nothing to do" in init(repo)[1]
    assert init(repo, "--check") == (0, "")


def test_other_words_are_shown_and_left(repo: Repository) -> None:
    """65 with the difference, nothing written; --force takes ours."""
    init(repo)
    release = repo.root / FILES[1]
    ours = release.read_text()
    release.write_text(ours.replace('branches: ["trunk"]', 'branches: ["main"]'))
    (repo.root / FILES[2]).unlink()
    code, said = init(repo)
    assert code == 65
    assert '-    branches: ["main"]' in said
    assert '+    branches: ["trunk"]' in said
    assert "rename yours" in said
    assert '["main"]' in release.read_text()
    assert not (repo.root / FILES[2]).exists()
    assert init(repo, "--force")[0] == 0
    assert release.read_text() == ours


@pytest.mark.parametrize(("option", "written"), [("--github", FILES[:2]), ("--codebuild", FILES[2:])])
def test_one_kind_alone(repo: Repository, option: str, written: list[str]) -> None:
    """For who has only that."""
    init(repo, option)
    assert [name for name in FILES if (repo.root / name).exists()] == written


def test_without_an_index_to_release_to_it_is_one_sentence(repo: Repository) -> None:
    """The workspace must say it, in the table or as its default."""
    manifest = repo.root / "pyproject.toml"
    manifest.write_text(manifest.read_text().replace('index = "prod"', ""))
    code, said = init(repo)
    assert code == 64
    assert "no index was chosen" in said


def test_how_the_command_comes_onto_a_runner_must_be_said(repo: Repository) -> None:
    """Nobody's package of that name is installed because nothing was said."""
    manifest = repo.root / "pyproject.toml"
    lines = manifest.read_text().splitlines(keepends=True)
    manifest.write_text("".join(line for line in lines if not line.startswith("setup =")))
    code, said = init(repo)
    assert code == 64
    assert "pyproject.toml: tool.carrack.ci.setup: it is not said how a runner gets carrack" in said
    assert not (repo.root / FILES[2]).exists()


def test_workflows_that_github_would_not_read_are_not_written(tmp_path: Path) -> None:
    """In a workspace that is a folder of its repository; the buildspec's place is said in CodeBuild."""
    repository(tmp_path)
    inner = Repository(tmp_path / "python")
    inner.write({"pyproject.toml": WORKSPACE.format(more="") + TABLE, **package("alpha")})
    code, said = init(inner)
    assert code == 65
    assert "this workspace is its folder python" in said
    assert 'packages = ["python/packages/*"]' in said
    assert not (inner.root / ".github").exists()
    assert init(inner, "--codebuild")[0] == 0


def test_native_wheels_are_not_forgotten(repo: Repository) -> None:
    """These jobs do not build them, and say so."""
    assert "native wheels" not in init(repo)[1]
    manifest = repo.root / "packages/alpha/pyproject.toml"
    manifest.write_text(manifest.read_text() + '\n[tool.carrack.wheels]\npythons = ["cp311"]\n')
    assert "alpha: these jobs build no native wheels" in init(repo)[1]


def test_a_wrong_setting_is_named(repo: Repository) -> None:
    """With its key, and the one that was meant."""
    manifest = repo.root / "pyproject.toml"
    manifest.write_text(manifest.read_text().replace("setup =", "set-up ="))
    code, said = init(repo)
    assert code == 65
    assert "tool.carrack.ci.set-up: there is no such key; did you mean 'setup'?" in said


def test_a_place_without_a_value_is_a_bug_that_is_seen() -> None:
    """Never an empty word in a workflow."""
    with pytest.raises(KeyError, match="nowhere"):
        rendered("run: @@nowhere@@\n", {})
