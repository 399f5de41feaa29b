"""git as the adapter asks it, in real repositories."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
from tests.carrack.repositories import EPOCH, GIT_ENVIRON, Repository, repository

from carrack.adapters.git import Git
from carrack.errors import WorkspaceError

ALPHA, BETA = PurePosixPath("packages/alpha"), PurePosixPath("packages/beta")
FILES = {"packages/alpha/one.py": "one = 1\n", "packages/beta/two.py": "two = 2\n", "README.md": "# read\n"}


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A repository with two packages in one commit."""
    made = repository(tmp_path / "repo")
    made.commit(FILES)
    return made


def ask(repo: Repository, folder: str = "", **environ: str) -> Git:
    """The adapter on `folder` of a repository."""
    return Git(repo.root / folder, {**GIT_ENVIRON, **environ})


def layout(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Each path under a folder with its kind and mode, its time, and its text or target."""
    rows = {}
    for path in sorted((folder, *folder.rglob("*"))):
        facts = path.lstat()
        text = (
            str(path.readlink()) if path.is_symlink() else "" if path.is_dir() else path.read_text("latin-1")
        )
        rows[str(path.relative_to(folder))] = (facts.st_mode, int(facts.st_mtime), text)
    return rows


def test_state_names_head_and_the_trees_of_the_folders_asked_for(repo: Repository) -> None:
    """`state` gives HEAD's commit, each folder's own tree id, and says that the clone is whole."""
    state = ask(repo).state([ALPHA, PurePosixPath("packages/none")])
    assert state.commit == repo.git("rev-parse", "HEAD")
    assert state.trees == {ALPHA: repo.git("rev-parse", "HEAD:packages/alpha")}
    assert not state.shallow
    assert state.uncommitted == ()


def test_a_tree_id_follows_its_own_folder_alone(repo: Repository) -> None:
    """Changing one package leaves the other's tree id as it was."""
    first = repo.git("rev-parse", "HEAD")
    repo.commit({"packages/alpha/one.py": "one = 11\n"})
    trees = ask(repo).trees((commit, path) for commit in (first, "HEAD") for path in (ALPHA, BETA))
    assert trees[first, ALPHA] != trees["HEAD", ALPHA]
    assert trees[first, BETA] == trees["HEAD", BETA]


def test_trees_of_an_unknown_commit_are_empty(repo: Repository) -> None:
    """A commit that this clone does not have has no trees, a file is no tree, and neither is an error."""
    repo.commit({"packages/file with spaces": "x"})
    places = [("0" * 40, ALPHA), ("HEAD", PurePosixPath("packages/file with spaces")), ("HEAD", ALPHA)]
    assert list(ask(repo).trees(places)) == [("HEAD", ALPHA)]


def _modify(repo: Repository) -> str:
    repo.write({"packages/alpha/one.py": "one = 0\n"})
    return "packages/alpha/one.py"


def _stage(repo: Repository) -> str:
    file = _modify(repo)
    repo.git("add", file)
    return file


def _add_untracked(repo: Repository) -> str:
    repo.write({"packages/alpha/deep/er/three.py": ""})
    return "packages/alpha/deep/er/three.py"


def _delete(repo: Repository) -> str:
    (repo.root / "packages/alpha/one.py").unlink()
    return "packages/alpha/one.py"


def _add_with_spaces(repo: Repository) -> str:
    repo.write({"packages/alpha/a name with spaces.txt": ""})
    return "packages/alpha/a name with spaces.txt"


def _add_non_ascii(repo: Repository) -> str:
    repo.write({"packages/alpha/größe-日本.txt": ""})
    return "packages/alpha/größe-日本.txt"


@pytest.mark.parametrize(
    "change",
    [_modify, _stage, _add_untracked, _delete, _add_with_spaces, _add_non_ascii],
    ids=lambda f: f.__name__,
)
def test_every_kind_of_change_is_uncommitted(repo: Repository, change: Callable[[Repository], str]) -> None:
    """A changed, staged, new or deleted file is named, whatever characters its name has; its package knows it."""
    path = PurePosixPath(change(repo))
    state = ask(repo).state([ALPHA, BETA])
    assert state.uncommitted == (path,)
    assert state.uncommitted_under(ALPHA) == (path,)
    assert state.uncommitted_under(BETA) == ()


def test_a_rename_is_both_of_its_names(repo: Repository) -> None:
    """A file moved from one package to the other makes both of them uncommitted."""
    repo.git("mv", "packages/alpha/one.py", "packages/beta/one.py")
    state = ask(repo).state([ALPHA, BETA])
    assert state.uncommitted_under(ALPHA) == (ALPHA / "one.py",)
    assert state.uncommitted_under(BETA) == (BETA / "one.py",)


def test_what_lies_elsewhere_or_is_ignored_does_not_count(repo: Repository) -> None:
    """Changes outside of the paths asked for, and ignored files, leave the packages clean."""
    repo.commit({".gitignore": "*.pyc\n"})
    repo.write({"README.md": "# other\n", "packages/alpha/one.pyc": ""})
    assert ask(repo).state([ALPHA]).uncommitted == ()


def test_what_lies_beside_the_packages_does_not_count(repo: Repository) -> None:
    """Of a folder with many of the paths asked for, the rest is nobody's: a file, or a folder that is no package."""
    repo.write({"packages/notes.txt": "", "packages/gamma/one.py": "", "packages/alpha-more/one.py": ""})
    repo.write({"packages/beta/two.py": "two = 0\n"})
    assert ask(repo).state([ALPHA, BETA]).uncommitted == (BETA / "two.py",)


def test_a_folder_name_is_not_a_pattern(tmp_path: Path) -> None:
    """A package folder with brackets in its name means itself, not every folder that the brackets match."""
    repo = repository(tmp_path / "repo")
    repo.commit(
        {"packages/al[p]ha/one.py": "", "packages/alpha/one.py": "", "p[a]/b/one.py": "", "p[a]/c/x": ""}
    )
    repo.write({"packages/alpha/one.py": "changed = True\n", "p[a]/c/x": "changed"})
    paths = [PurePosixPath("packages/al[p]ha"), PurePosixPath("p[a]/b"), PurePosixPath("p[a]/c")]
    state = ask(repo).state(paths)
    assert state.uncommitted == (PurePosixPath("p[a]/c/x"),)
    assert list(state.trees) == paths


def test_a_workspace_may_be_a_folder_of_the_repository(tmp_path: Path) -> None:
    """In a sub-folder, paths are relative to the workspace: trees, uncommitted files and exports."""
    repo = repository(tmp_path / "repo")
    repo.commit({f"the work/{name}": text for name, text in FILES.items()})
    repo.write({"the work/packages/alpha/new.py": ""})
    git = ask(repo, "the work")
    state = git.state([ALPHA])
    assert state.trees == {ALPHA: repo.git("rev-parse", "HEAD:the work/packages/alpha")}
    assert state.uncommitted == (ALPHA / "new.py",)
    assert git.commits_at({ALPHA: EPOCH}) == {ALPHA: state.commit}
    assert git.export("HEAD", ALPHA, tmp_path / "out") == EPOCH
    assert (tmp_path / "out/one.py").read_text() == "one = 1\n"


def test_a_shallow_clone_says_so(repo: Repository, tmp_path: Path) -> None:
    """A clone without all of its history is known as one."""
    repo.commit({"README.md": "# more\n"})
    repo.git("clone", "-q", "--depth=1", f"file://{repo.root}", str(tmp_path / "shallow"))
    assert ask(Repository(tmp_path / "shallow")).state([ALPHA]).shallow


def test_commits_at_finds_the_commit_by_path_and_time(repo: Repository) -> None:
    """A time finds the commit that touched the package then; another package's commit, or time, finds none."""
    first = repo.git("rev-parse", "HEAD")
    second = repo.commit({"packages/alpha/one.py": "one = 11\n"}, at=EPOCH + 60)
    git = ask(repo)
    assert git.commits_at({ALPHA: EPOCH}) == {ALPHA: first}
    assert git.commits_at({ALPHA: EPOCH + 60}) == {ALPHA: second}
    assert git.commits_at({ALPHA: EPOCH + 61, BETA: EPOCH + 60}) == {}
    assert git.commits_at({ALPHA: EPOCH + 60, BETA: EPOCH}) == {ALPHA: second, BETA: first}


def test_commits_at_takes_the_newest_of_one_second(repo: Repository) -> None:
    """Of two commits to a package within one second, the newest is taken."""
    newest = repo.commit({"packages/alpha/one.py": "one = 11\n"})
    assert ask(repo).commits_at({ALPHA: EPOCH}) == {ALPHA: newest}


def test_commits_at_sees_a_branch_whose_change_did_not_survive_its_merge(repo: Repository) -> None:
    """A release made from a branch is found though the merge took the other side's files."""
    repo.git("switch", "-qc", "release")
    released = repo.commit({"packages/alpha/one.py": "one = 11\n"}, at=EPOCH + 60)
    repo.git("switch", "-q", "main")
    repo.commit({"README.md": "# more\n"}, at=EPOCH + 120)
    repo.git("merge", "-q", "-s", "ours", "-m", "merge", "release")
    assert ask(repo).commits_at({ALPHA: EPOCH + 60}) == {ALPHA: released}


def test_export_is_the_commit_and_nothing_of_the_work_tree(repo: Repository, tmp_path: Path) -> None:
    """What is exported is what the commit has, though files changed, came and went since."""
    commit = repo.git("rev-parse", "HEAD")
    repo.commit({"packages/alpha/later.py": ""}, at=EPOCH + 60)
    repo.write({"packages/alpha/one.py": "one = 0\n", "packages/alpha/untracked.py": ""})
    assert ask(repo).export(commit, ALPHA, tmp_path / "out") == EPOCH
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"one.py"}
    assert (tmp_path / "out/one.py").read_text() == "one = 1\n"


def test_export_leaves_the_repository_as_it_was(repo: Repository, tmp_path: Path) -> None:
    """Neither index, HEAD nor work tree notice an export."""
    repo.write({"packages/alpha/one.py": "one = 0\n"})
    repo.git("add", "--all")
    repo.write({"packages/alpha/one.py": "one = 00\n"})
    before = (repo.git("status", "--porcelain"), (repo.root / ".git/index").read_bytes())
    ask(repo).export("HEAD", ALPHA, tmp_path / "out")
    assert (repo.git("status", "--porcelain"), (repo.root / ".git/index").read_bytes()) == before


def test_an_export_depends_on_the_commit_alone(repo: Repository, tmp_path: Path) -> None:
    """Modes, times and contents are the same under any umask and any git configuration; links stay links."""
    (repo.root / "packages/alpha/run.sh").write_text("#!/bin/sh\n")
    (repo.root / "packages/alpha/run.sh").chmod(0o755)
    (repo.root / "packages/alpha/link.py").symlink_to("one.py")
    repo.commit({"packages/alpha/deep/three.py": ""}, at=EPOCH + 60)
    ask(repo).export("HEAD", ALPHA, tmp_path / "one")
    before = os.umask(0o077)
    try:
        settings = {
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": "core.autocrlf",
            "GIT_CONFIG_VALUE_0": "true",
        }
        signed = {"GIT_CONFIG_KEY_1": "log.showSignature", "GIT_CONFIG_VALUE_1": "true"}
        ask(repo, **settings, **signed).export("HEAD", ALPHA, tmp_path / "two")
    finally:
        os.umask(before)
    assert layout(tmp_path / "one") == layout(tmp_path / "two")
    rows = layout(tmp_path / "one")
    assert {time for _, time, _ in rows.values()} == {EPOCH + 60}
    modes = {name: stat.S_IMODE(mode) for name, (mode, _, _) in rows.items() if not stat.S_ISLNK(mode)}
    assert modes == {".": 0o755, "deep": 0o755, "deep/three.py": 0o644, "one.py": 0o644, "run.sh": 0o755}
    assert rows["link.py"][2] == "one.py"


def test_an_export_keeps_what_git_archive_would_leave_out(repo: Repository, tmp_path: Path) -> None:
    """A file marked export-ignore is in a checkout, so it is in the export."""
    repo.commit({"packages/alpha/.gitattributes": "one.py export-ignore\n"})
    ask(repo).export("HEAD", ALPHA, tmp_path / "out")
    assert (tmp_path / "out/one.py").exists()


def test_an_export_obeys_the_commits_attributes_from_the_repositorys_root(
    repo: Repository, tmp_path: Path
) -> None:
    """Line endings follow .gitattributes above the package as committed, not as it lies in the work tree."""
    repo.commit(
        {".gitattributes": "packages/alpha/*.bat text eol=crlf\n", "packages/alpha/run.bat": "echo\n"}
    )
    repo.write({".gitattributes": ""})
    ask(repo).export("HEAD", ALPHA, tmp_path / "out")
    assert (tmp_path / "out/run.bat").read_bytes() == b"echo\r\n"
    assert (tmp_path / "out/one.py").read_bytes() == b"one = 1\n"


def test_a_checkout_follows_the_attributes_above_its_folder_too(tmp_path: Path) -> None:
    """Those of each folder up to the repository's root, above the workspace too; without any it is the tree."""
    repo = repository(tmp_path / "repo")
    repo.commit({"work/packages/alpha/one.py": "", "work/packages/beta/two.py": ""})
    asked = ask(repo, "work")

    def now(*paths: PurePosixPath) -> list[str]:
        head = repo.git("rev-parse", "HEAD")
        found = asked.checkouts((head, path) for path in paths)
        return [found[head, path] for path in paths]

    seen = [now(ALPHA, BETA)]
    assert seen[0] == [repo.git("rev-parse", f"HEAD:work/{path}") for path in (ALPHA, BETA)]
    for folder in ("", "work/", "work/packages/"):
        repo.commit({f"{folder}.gitattributes": "*.bat text eol=crlf\n"})
        seen.append(now(ALPHA, BETA))
    repo.commit({".gitattributes": "", "work/packages/alpha/.gitattributes": "*.bat text\n"})
    seen.append(now(ALPHA, BETA))
    assert all(len({told[index] for told in seen}) == len(seen) for index in (0, 1))
    assert asked.checkouts([("HEAD", PurePosixPath("packages/none"))]) == {}
    before = now(PurePosixPath())
    repo.commit({".gitattributes": "*.bat text eol=crlf\n"})
    assert now(PurePosixPath()) != before


def test_texts_are_as_each_text_alone(repo: Repository) -> None:
    """What is missing there is missing here; bytes that are no UTF-8 and other ends of lines are the same."""
    (repo.root / "packages/alpha/odd.txt").write_bytes(b"a\xff\r\nb\r\n")
    repo.commit()
    places = [("HEAD", ALPHA / name) for name in ("odd.txt", "one.py", "none", ".")]
    told = {place: ask(repo).text(*place) for place in places}
    assert ask(repo).texts(places) == {place: text for place, text in told.items() if text is not None}
    assert ask(repo).texts([]) == {}


def test_no_hook_of_the_repository_runs_in_an_export(repo: Repository, tmp_path: Path) -> None:
    """A post-checkout hook could write into what is built."""
    hook = repo.root / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\necho ran > {tmp_path}/ran\ntouch packages/alpha/hooked.py\n")
    hook.chmod(0o755)
    ask(repo).export("HEAD", ALPHA, tmp_path / "out")
    assert not (tmp_path / "out/hooked.py").exists()
    assert not (tmp_path / "ran").exists()


def test_a_folder_that_the_commit_does_not_have_cannot_be_exported(repo: Repository, tmp_path: Path) -> None:
    """Exporting a package that was never committed says so, and how to commit it."""
    repo.write({"packages/gamma/new.py": ""})
    with pytest.raises(WorkspaceError, match="no such folder") as caught:
        ask(repo).export(repo.git("rev-parse", "HEAD"), PurePosixPath("packages/gamma"), tmp_path / "out")
    assert caught.value.address == "packages/gamma"
    assert "git add packages/gamma" in caught.value.hint


def test_variables_that_git_sets_for_its_hooks_do_not_lead_elsewhere(
    repo: Repository, tmp_path: Path
) -> None:
    """Run from a hook of another repository, the workspace's own repository is asked."""
    other = repository(tmp_path / "other")
    other.commit({"file": ""})
    git = ask(repo, GIT_DIR=str(other.root / ".git"), GIT_INDEX_FILE=str(other.root / ".git/index"))
    state = git.state([ALPHA])
    assert state.commit == repo.git("rev-parse", "HEAD")
    assert state.uncommitted == ()


def test_a_folder_without_a_repository_is_refused(tmp_path: Path) -> None:
    """Without a repository the sentence gives git's own reason, and what to do."""
    with pytest.raises(WorkspaceError, match="not a git repository") as caught:
        Git(tmp_path, {**GIT_ENVIRON, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}).state([ALPHA])
    assert caught.value.address == str(tmp_path)
    assert caught.value.hint


def test_a_repository_without_a_commit_is_refused(tmp_path: Path) -> None:
    """A repository with no commit yet has nothing to build from."""
    with pytest.raises(WorkspaceError, match="builds are made from commits"):
        ask(repository(tmp_path / "repo")).state([ALPHA])


def test_a_repository_of_another_user_is_not_called_missing(repo: Repository) -> None:
    """Where git refuses to trust a folder's owner (a container in CI), its own remedy reaches the user."""
    with pytest.raises(WorkspaceError, match=r"dubious ownership.* safe\.directory"):
        ask(repo, GIT_TEST_ASSUME_DIFFERENT_OWNER="1").state([ALPHA])


def test_a_machine_without_git_is_told_so(repo: Repository) -> None:
    """No git on PATH is one sentence."""
    with pytest.raises(WorkspaceError, match="git is not on PATH"):
        Git(repo.root, {"PATH": "/nonexistent"}).state([ALPHA])


def test_the_environment_is_not_in_the_repr(repo: Repository) -> None:
    """Git's environment may hold secrets, so the adapter's repr leaves it out."""
    assert "hunter2" not in repr(ask(repo, SECRET="hunter2"))


def test_a_submodule_in_a_package_is_refused_by_name(repo: Repository) -> None:
    """Its files are in no commit of this repository: a build would lack them. Another package is not concerned."""
    commit = repo.git("rev-parse", "HEAD")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{commit},packages/alpha/vendor")
    repo.git("commit", "-qm", "a submodule")
    with pytest.raises(WorkspaceError, match="has a submodule in it") as caught:
        ask(repo).export("HEAD", ALPHA, repo.root.parent / "alpha")
    assert caught.value.faults == ("packages/alpha/vendor: is a submodule",)
    assert ask(repo).export("HEAD", BETA, repo.root.parent / "beta") == EPOCH
