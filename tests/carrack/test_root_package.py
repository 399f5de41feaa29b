"""A repository with one package at its root: status, publish, bump, tags and builds as with any other."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path, PurePosixPath

import pytest
from tests.carrack.fakes import name
from tests.carrack.in_tree import IN_TREE
from tests.carrack.repositories import EPOCH, GIT_ENVIRON, Repository, package, repository
from tests.carrack.test_builder import BACKEND
from tests.carrack.test_cli import ROOT, Command
from tests.carrack.test_plan_verb import carrack as carrack  # the command, with index and builder in memory

from carrack.adapters.git import Git
from carrack.adapters.manifests import read_workspace

TABLE = """
[tool.carrack]
packages = ["."]
[tool.carrack.apps.job]
path = "job"
requirements = ["solo"]
lock = "job/requirements.lock"
pythons = ["3.12"]
"""
PROJECT = package("solo", folder=".")["./solo/pyproject.toml"]
FILES = {
    "pyproject.toml": PROJECT + TABLE + ROOT,
    "README.md": "# solo\n",
    "src/solo/__init__.py": '"""Solo."""\n',
    "module.py": "solo\n",
    "job/run.py": "import solo\n",
    "build-constraints.txt": "",
}


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A repository with one package at its root, and an app in a folder, in one commit."""
    made = repository(tmp_path / "workspace")
    made.commit(FILES)
    return made


def states(carrack: Command) -> dict[str, str]:
    """The state of each package."""
    told = json.loads(carrack("status", "--to", "prod", "--json").out)
    return {one["package"]: one["state"] for one in told}


def test_it_is_released_and_tagged(carrack: Command, repo: Repository) -> None:
    """Its name is its own, its folder the root; one release makes one tag on this commit."""
    assert states(carrack) == {"solo": "new"}
    done = carrack("publish", "--to", "prod")
    assert done.code == 0, done.err
    assert states(carrack) == {"solo": "published"}
    assert repo.git("rev-parse", "solo-v0.1.0") == repo.git("rev-parse", "HEAD")


@pytest.mark.parametrize(
    "file",
    [
        *("job/run.py", "job/requirements.lock", "changes/one.md", "build-constraints.txt"),
        *(".github/workflows/release.yml", "buildspec.yml", "adopted/solo.commits"),
    ],
)
def test_what_is_not_of_the_package_does_not_change_it(carrack: Command, repo: Repository, file: str) -> None:
    """An app, its lock, change files, build constraints and CI lie at the root, and are not in the package."""
    carrack("publish", "--to", "prod")
    repo.write({file: "other\n"})
    assert states(carrack) == {"solo": "published"}, "not committed"
    repo.commit(at=EPOCH + 60)
    assert states(carrack) == {"solo": "published"}


@pytest.mark.parametrize("file", ["src/solo/__init__.py", "README.md", "new.py", "tests/test_it.py"])
def test_every_other_file_is_of_the_package(carrack: Command, repo: Repository, file: str) -> None:
    """Changed and committed, or not committed: unreleased."""
    carrack("publish", "--to", "prod")
    repo.write({file: "other = 1\n"})
    assert states(carrack) == {"solo": "unreleased"}, "not committed"
    repo.commit(at=EPOCH + 60)
    assert states(carrack) == {"solo": "unreleased"}


def test_its_next_version_comes_from_its_own_commits(carrack: Command, repo: Repository) -> None:
    """A commit to the app asks for nothing; one to the package does; the change log lies at the root."""
    carrack("publish", "--to", "prod")
    repo.write({"job/run.py": "import solo  # more\n"})
    repo.git("commit", "-qam", "feat!: the job does more")
    assert "nothing to bump" in carrack("bump", "--index", "prod").out
    repo.write({"src/solo/__init__.py": "more = 1\n"})
    repo.git("commit", "-qam", "feat: read more")
    done = carrack("bump", "--index", "prod", "--commit")
    assert done.code == 0, done.err
    assert "read more" in done.out
    assert "does more" not in done.out
    assert 'version = "0.1.1"' in (repo.root / "pyproject.toml").read_text()
    assert "## [0.1.1]" in (repo.root / "CHANGELOG.md").read_text()
    assert carrack("publish", "--to", "prod").code == 0
    assert set(repo.git("tag").split()) == {"solo-v0.1.0", "solo-v0.1.1"}


def test_what_a_pull_request_changes_is_told_by_git_alone(carrack: Command, repo: Repository) -> None:
    """`status --since` knows a change of the package from one of the app."""
    repo.git("tag", "before")
    repo.commit({"job/run.py": "changed\n"}, at=EPOCH + 60)
    assert "unchanged" in carrack("status", "--since", "before").out
    repo.commit({"src/solo/__init__.py": "changed = 1\n"}, at=EPOCH + 120)
    told = json.loads(carrack("status", "--since", "before", "--matrix").out)
    assert told["include"][0]["path"] == "."


def test_uncommitted_files_of_it_stop_a_release(carrack: Command, repo: Repository) -> None:
    """Builds are made from commits: the package's own files count, the app's do not."""
    repo.write({"job/run.py": "changed\n"})
    repo.write({"src/solo/__init__.py": "changed = 1\n"})
    ended = carrack("publish", "--to", "prod")
    assert ended.code == 65
    assert "src/solo/__init__.py" in ended.err
    assert "job/run.py" not in ended.err
    repo.git("restore", "src")
    assert carrack("publish", "--to", "prod").code == 0


@pytest.mark.parametrize("below", ["", "python"])
def test_an_export_has_the_package_s_files_alone(tmp_path: Path, below: str) -> None:
    """Whether the workspace is the repository or a folder of it; the time is that of the package's own last commit."""
    repo = repository(tmp_path / "repo")
    repo.commit({f"{below}/{file}".lstrip("/"): text for file, text in FILES.items()})
    repo.commit(
        {f"{below}/job/run.py".lstrip("/"): "later\n", "elsewhere.txt" if below else "job/x": ""},
        at=EPOCH + 60,
    )
    workspace = read_workspace(repo.root / below, {})
    git = Git(repo.root / below, GIT_ENVIRON, workspace.apart)
    root = PurePosixPath(".")
    assert git.export("HEAD", root, tmp_path / "out") == EPOCH
    files = {
        path.relative_to(tmp_path / "out").as_posix()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert files == {"pyproject.toml", "README.md", "module.py", "src/solo/__init__.py"}
    trees = git.trees([("HEAD", root), ("HEAD^", root), ("0" * 40, root)])
    assert trees["HEAD", root] == trees["HEAD^", root]
    assert ("0" * 40, root) not in trees
    assert git.commits_at({root: EPOCH}) == {root: repo.git("rev-parse", "HEAD^")}
    assert git.commits_at({root: EPOCH + 60}) == {}


def test_it_is_built_for_real(repo: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its sdist and wheel come out of the root's own files, by its own backend."""
    backend = BACKEND.format(body="assert not os.path.exists('job')")
    manifest = IN_TREE + '[tool.carrack]\npackages = ["."]\n' + TABLE.partition('packages = ["."]\n')[2]
    repo.commit({"pyproject.toml": manifest, "backend.py": backend}, at=EPOCH + 60)
    done = Command(repo.root, capsys)("build", "--out", str(tmp_path / "dist"))
    assert done.code == 0, done.err
    with tarfile.open(tmp_path / "dist/alpha-0.1.0.tar.gz") as sdist:
        assert "alpha-0.1.0/backend.py" in sdist.getnames()
    assert (tmp_path / "dist/alpha-0.1.0-py3-none-any.whl").exists()


def test_others_may_lie_below_it(repo: Repository) -> None:
    """A package at the root and packages in folders: each has its own files; wheels' targets are read there too."""
    table = TABLE.replace('["."]', '[".", "packages/*"]')
    wheels = '[tool.carrack.wheels]\npythons = ["cp312"]\nmachines = ["x86_64"]\n'
    repo.commit({"pyproject.toml": PROJECT + table + ROOT + wheels, **package("alpha")})
    workspace = read_workspace(repo.root, {})
    assert {str(one.path) for one in workspace.packages.values()} == {".", "packages/alpha"}
    assert PurePosixPath("packages/alpha") in workspace.apart
    assert len(workspace.packages[name("solo")].targets) == 1
    assert workspace.packages[name("solo")].manifest == "pyproject.toml"
