"""What a pull request changes, by git alone; and the release as a pull request of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.carrack.github_server import TOKEN, GitHubServer, github_server
from tests.carrack.local import Shell
from tests.carrack.repositories import GIT_ENVIRON, Repository, package, repository

from carrack.adapters.github import GitHub
from carrack.errors import IndexAccessError
from codeartifact_local.testing import LocalCodeArtifact

WORKSPACE = """
[tool.carrack]
{more}
[tool.carrack.indexes.prod]
domain = "carrack"
owner = "000000000000"
region = "us-east-1"
repository = "prod"
endpoint-variable = "CODEARTIFACT_LOCAL_URL"
"""


def workspace(root: Path, more: str = "") -> Repository:
    """Three packages on main, of which beta needs alpha, and a branch `topic` that is checked out."""
    repo = repository(root)
    repo.commit(
        {
            "pyproject.toml": WORKSPACE.format(more=more),
            ".gitignore": ".carrack/\n",
            **package("alpha"),
            **package("beta", "0.1.0", "alpha"),
            **package("gamma"),
        }
    )
    repo.git("switch", "-qc", "topic")
    return repo


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Such a workspace."""
    return workspace(tmp_path / "workspace")


def carrack(repo: Repository, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run the command in the workspace, with no credentials and no index."""
    return Shell(repo.root, {**GIT_ENVIRON, **extra})(*arguments)


def say(repo: Repository, text: str, message: str = "a change") -> None:
    """Change alpha's module, and commit it with this message."""
    repo.write({"packages/alpha/src/alpha/__init__.py": text})
    repo.git("commit", "-qam", message)


def states(repo: Repository, *arguments: str) -> dict[str, str]:
    """Each package's state since main."""
    done = carrack(repo, "status", "--since", "main", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return {row["package"]: row["state"] for row in json.loads(done.stdout)}


def test_what_changed_and_what_needs_it_is_told_without_an_index(repo: Repository) -> None:
    """Its own files, a package that was not there, and those that need one of them."""
    assert set(states(repo).values()) == {"unchanged"}
    say(repo, '"""Another."""\n')
    repo.commit(package("delta"))
    assert states(repo) == {"alpha": "changed", "beta": "needs", "gamma": "unchanged", "delta": "new"}
    assert set(states(repo, "--changed")) == {"alpha", "beta", "delta"}


def test_what_main_did_meanwhile_is_not_the_branchs_doing(repo: Repository) -> None:
    """The commit where the branch left main is what it is compared with."""
    repo.git("switch", "-q", "main")
    say(repo, '"""Main\'s."""\n')
    repo.git("switch", "-q", "topic")
    assert set(states(repo).values()) == {"unchanged"}


def test_uncommitted_files_are_changes_too(repo: Repository) -> None:
    """On a laptop, before the commit."""
    repo.write({"packages/gamma/src/gamma/more.py": ""})
    assert states(repo)["gamma"] == "changed"


def test_the_matrix_has_a_cell_for_each(repo: Repository) -> None:
    """As GitHub Actions reads it; an empty one where nothing changed."""
    command = ("status", "--since", "main", "--changed", "--matrix")
    assert json.loads(carrack(repo, *command).stdout) == {"include": []}
    say(repo, '"""Another."""\n')
    assert json.loads(carrack(repo, *command).stdout)["include"] == [
        {"package": "alpha", "path": "packages/alpha", "version": "0.1.0"},
        {"package": "beta", "path": "packages/beta", "version": "0.1.0"},
    ]


def test_a_ref_that_is_not_there_is_one_sentence(repo: Repository) -> None:
    """With the setting of the checkout that brings it."""
    done = carrack(repo, "status", "--since", "origin/nowhere")
    assert done.returncode == 65
    assert "fetch-depth: 0" in done.stderr
    assert "Traceback" not in done.stderr


# --- the check of what a change says ---


def test_commits_say_what_a_change_means(repo: Repository) -> None:
    """The strongest counts; a change that releases nothing says so."""
    say(repo, "1\n", "docs: better words")
    assert "alpha    nothing to release" in carrack(repo, "bump", "--check", "main").stdout
    say(repo, "2\n", "fix: an end")
    say(repo, "3\n", "feat: a beginning")
    say(repo, "4\n", "fix: another end")
    done = carrack(repo, "bump", "--check", "main")
    assert done.returncode == 0, done.stderr
    assert "minor, by its commits" in done.stdout


def test_where_change_files_are_wanted_a_change_without_one_is_refused(tmp_path: Path) -> None:
    """65, by name; a change file or a new version is an answer, and a dependent needs none."""
    repo = workspace(tmp_path / "workspace", '[tool.carrack.bump]\nsources = ["changes"]\n')
    say(repo, "1\n", "feat: a beginning")
    refused = carrack(repo, "bump", "--check", "main")
    assert refused.returncode == 65
    assert (
        "alpha 0.1.0: changed, and neither a version nor a change file says what that means" in refused.stderr
    )
    assert "beta" not in refused.stderr
    repo.write({"changes/one.md": "---\nalpha: minor\n---\nWords.\n"})
    assert "minor, by changes/one.md" in carrack(repo, "bump", "--check", "main").stdout
    (repo.root / "changes/one.md").unlink()
    manifest = repo.root / "packages/alpha/pyproject.toml"
    manifest.write_text(manifest.read_text().replace('version = "0.1.0"', 'version = "0.2.0"'))
    assert "0.1.0 -> 0.2.0" in carrack(repo, "bump", "--check", "main").stdout


# --- GitHub ---


@pytest.fixture
def github() -> Iterator[GitHubServer]:
    """A repository with no pull request but number 7, which has no comment."""
    with github_server() as server:
        yield server


def test_the_comment_is_one_and_is_kept_up_to_date(repo: Repository, github: GitHubServer) -> None:
    """Other people's comments stay, also where there are more than a page of them."""
    github.comments.extend({"id": n + 1, "body": "a word", "html_url": "x"} for n in range(120))
    say(repo, '"""Another."""\n')
    command = ("status", "--since", "main", "--changed", "--comment", "7")
    assert carrack(repo, *command, **github.environ).returncode == 0
    repo.git("reset", "-q", "--hard", "main")
    assert carrack(repo, *command, **github.environ).returncode == 0
    assert github.writes == ["POST issues/7/comments", "PATCH issues/comments/121"]
    assert github.comments[120]["body"] == "<!-- carrack status -->\nNo package is concerned."
    assert len(github.comments) == 121


def test_neither_a_netrc_nor_lost_certificates_come_in_between(
    github: GitHubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A login for the same host is not taken for the token, and a file of certificates that is gone is one sentence."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    adapter = GitHub(api=github.url, repository="acme/pipelines", token=TOKEN)
    assert adapter.comment(7, "carrack", "text") == f"{github.url}/1"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "gone.pem"))
    secure = GitHub(api=github.url.replace("http:", "https:"), repository="acme/pipelines", token=TOKEN)
    with pytest.raises(IndexAccessError, match="cannot be reached"):
        secure.comment(7, "carrack", "text")


@pytest.fixture
def remote(tmp_path: Path, server: LocalCodeArtifact) -> Repository:
    """A clone of a bare repository, on main, in which all is published and alpha has a feature since."""
    server.create("carrack", "prod")
    source = workspace(tmp_path / "source")
    source.write({"packages/alpha/README.md": "# alpha\n\nMore.\n"})
    subprocess.run(["git", "clone", "-q", "--bare", source.root, tmp_path / "bare.git"], check=True)
    subprocess.run(
        ["git", "clone", "-q", "-b", "main", tmp_path / "bare.git", tmp_path / "clone"], check=True
    )
    return Repository(tmp_path / "clone")


def propose(remote: Repository, github: GitHubServer) -> str:
    """Have a release proposed; what was said. The bump comes from a change file, so that no index is asked."""
    environ = {**GIT_ENVIRON, **github.environ}
    done = Shell(remote.root, environ)("bump", "--pull-request")
    assert TOKEN not in done.stdout + done.stderr
    return f"{done.returncode} {done.stderr}"


@pytest.fixture
def wishes(remote: Repository) -> Repository:
    """The clone, which takes levels from change files, and has one."""
    manifest = remote.root / "pyproject.toml"
    manifest.write_text(manifest.read_text() + '[tool.carrack.bump]\nsources = ["changes"]\n')
    remote.commit({"changes/one.md": "---\nalpha: minor\n---\nReads more.\n"})
    return remote


def test_a_release_is_one_pull_request_which_is_opened_and_kept_up_to_date(
    wishes: Repository, github: GitHubServer
) -> None:
    """One commit on its branch, on top of main, with the record of the release; a second run moves nothing."""
    first = propose(wishes, github)
    assert first.startswith("0 "), first
    (pull,) = github.pulls
    assert (pull["title"], pull["head"], pull["base"]) == ("Release alpha 0.2.0", "carrack/release", "main")
    assert "alpha 0.1.0 -> 0.2.0: changes/one.md says minor" in pull["body"]
    wishes.git("fetch", "-q", "origin")
    tip = wishes.git("rev-parse", "origin/carrack/release")
    assert wishes.git("rev-parse", f"{tip}^") == wishes.git("rev-parse", "HEAD")
    assert 'version = "0.2.0"' in wishes.git("show", f"{tip}:packages/alpha/pyproject.toml")
    assert "changes/one.md" not in wishes.git("ls-tree", "-r", "--name-only", tip)
    wishes.git("checkout", "-q", "--", ".")
    wishes.git("clean", "-qfd")
    assert "Unchanged carrack/release" in propose(wishes, github)
    assert wishes.git("ls-remote", "origin", "carrack/release").split()[0] == tip
    assert github.writes == ["POST pulls"]


def test_more_changes_go_into_the_same_pull_request(wishes: Repository, github: GitHubServer) -> None:
    """Its branch begins anew on main's head, and its words follow."""
    propose(wishes, github)
    wishes.git("checkout", "-q", "--", ".")
    wishes.git("clean", "-qfd")
    wishes.commit({"changes/two.md": "---\ngamma: patch\n---\nReads less.\n"})
    assert propose(wishes, github).startswith("0 ")
    (pull,) = github.pulls
    assert pull["title"] == "Release alpha 0.2.0, gamma 0.1.1"
    assert github.writes == ["POST pulls", "PATCH pulls/1"]


@pytest.mark.parametrize(
    "how",
    [("-m", "mine"), ("-m", "mine\n\nCarrack-Release: alpha 0.2.0"), ("--amend", "--no-edit")],
    ids=["on top", "on top, by our words", "amended"],
)
def test_what_somebody_else_committed_to_the_branch_is_not_lost(
    wishes: Repository, github: GitHubServer, tmp_path: Path, how: tuple[str, ...]
) -> None:
    """Refused, with what can be done; the branch and the pull request stay, and so do words mended by hand."""
    propose(wishes, github)
    subprocess.run(
        ["git", "clone", "-q", "-b", "carrack/release", tmp_path / "bare.git", tmp_path / "other"], check=True
    )
    other = Repository(tmp_path / "other")
    other.write({"packages/alpha/CHANGELOG.md": "mine\n"})
    other.git("commit", "-qa", *how)
    theirs = other.git("rev-parse", "HEAD")
    other.git("push", "-qf", "origin", "HEAD")
    wishes.git("checkout", "-q", "--", ".")
    wishes.git("clean", "-qfd")
    refused = propose(wishes, github)
    assert refused.startswith("65 "), refused
    assert f"somebody else committed to it: {theirs[:12]}" in refused
    assert wishes.git("ls-remote", "origin", "carrack/release").split()[0] == theirs


def test_a_job_that_may_not_is_told_which_permission_it_wants(
    wishes: Repository, github: GitHubServer
) -> None:
    """In GitHub's words; and where Actions sets nothing, the variables are named."""
    github.status = 403
    refused = propose(wishes, github)
    assert refused.startswith("69 "), refused
    assert "403: Resource not accessible by integration" in refused
    assert "pull-requests: write" in refused
    github.status = 200
    alone = Shell(wishes.root, GIT_ENVIRON)("status", "--since", "HEAD", "--comment", "1")
    assert alone.returncode == 64
    assert "GITHUB_TOKEN and GITHUB_REPOSITORY and GITHUB_API_URL must be set" in alone.stderr


def test_the_checkout_stays_on_its_branch_and_its_index_as_it_was(
    wishes: Repository, github: GitHubServer
) -> None:
    """Only files were written; nothing is staged, no commit was made."""
    before = wishes.git("rev-parse", "HEAD"), wishes.git("branch", "--show-current")
    propose(wishes, github)
    assert (wishes.git("rev-parse", "HEAD"), wishes.git("branch", "--show-current")) == before
    assert wishes.git("diff", "--cached", "--name-only") == ""


def test_nothing_to_release_is_no_pull_request(remote: Repository, github: GitHubServer) -> None:
    """And no branch."""
    manifest = remote.root / "pyproject.toml"
    manifest.write_text(manifest.read_text() + '[tool.carrack.bump]\nsources = ["changes"]\n')
    assert propose(remote, github).startswith("0 ")
    assert github.writes == []
    assert remote.git("ls-remote", "origin", "carrack/release") == ""
