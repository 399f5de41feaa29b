"""When folders last changed: one walk for all of them says what git says of each."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path, PurePosixPath

import pytest
from tests.carrack.repositories import EPOCH, GIT_ENVIRON, Repository, package, repository

from carrack.adapters.git import Git
from carrack.errors import WorkspaceError

FOLDERS = [f"packages/{name}" for name in ("alpha", "alpha-two", "beta", "beta/inner", "gämma", "d e")]


def history(repo: Repository, seed: int) -> list[str]:
    """A history of forks, merges and commits within one second; the last commits of its lines."""
    chance = random.Random(seed)  # noqa: S311 - a history, not a key
    stream: list[str] = []
    for number in range(1, 90):
        when = EPOCH + 60 * (number // 2) - chance.choice([0, 0, 0, 600])  # clocks go wrong, too
        stream += [f"commit refs/heads/c{number}", f"mark :{number}", f"committer A <a@b> {when} +0000"]
        stream += ["data 1", "x"]
        parents = sorted({number - 1, max(1, number - chance.choice([1, 1, 2, 7]))}, reverse=True)
        chance.shuffle(parents)
        stream += [f"{'merge' if at else 'from'} :{one}" for at, one in enumerate(parents) if number > 1]
        files = FOLDERS if number == 1 else chance.sample(FOLDERS, chance.choice([0, 0, 1, 2]))
        for folder in files:
            text = f"{chance.choice([1, 2, 3])}"  # the same text comes again, also from two sides
            stream += [f'M 644 inline "{folder}/m.py"', f"data {len(text)}", text]
    subprocess.run(
        ["git", "-C", repo.root, "fast-import", "--quiet"],
        input="\n".join([*stream, "done", ""]).encode(),
        env=GIT_ENVIRON,
        check=True,
    )
    return [f"c{number}" for number in (89, 88, 60, 31, 2, 1)]


@pytest.mark.parametrize("seed", range(6))
def test_one_walk_finds_what_git_finds_folder_by_folder(tmp_path: Path, seed: int) -> None:
    """In histories with merges, with changes that came twice, and with clocks that went backwards."""
    repo = repository(tmp_path / "repo")
    heads = history(repo, seed)
    wanted = [(head, PurePosixPath(folder)) for head in heads for folder in FOLDERS]
    found = Git(repo.root, GIT_ENVIRON).last_changes(wanted)
    assert found == {
        (head, path): int(repo.git("rev-list", "-1", "--timestamp", head, "--", str(path)).split()[0])
        for head, path in wanted
    }
    assert len(set(found.values())) > 5


def test_a_workspace_within_its_repository_has_paths_of_its_own(tmp_path: Path) -> None:
    """What changed beside the workspace is of no account."""
    repo = repository(tmp_path / "repo")
    repo.commit({f"the work/{name}": text for name, text in package("alpha").items()})
    repo.commit({"packages/alpha/other.py": ""}, at=EPOCH + 60)
    git = Git(repo.root / "the work", GIT_ENVIRON)
    place = ("HEAD", PurePosixPath("packages/alpha"))
    assert git.last_changes([place]) == {place: EPOCH}


def test_folders_of_several_commits_are_laid_out_at_once_and_one_within_another(tmp_path: Path) -> None:
    """Each as its own commit has it, with its own times; a package in a package is in both."""
    repo = repository(tmp_path / "repo")
    first = repo.commit(
        {"packages/alpha/a.py": "1", "packages/alpha/inner/b.py": "1", "packages/c/c.py": "1"}
    )
    second = repo.commit({"packages/c/c.py": "2"}, at=EPOCH + 60)
    git = Git(repo.root, GIT_ENVIRON)
    wanted = {
        tmp_path / "outer": (second, PurePosixPath("packages/alpha")),
        tmp_path / "inner": (second, PurePosixPath("packages/alpha/inner")),
        tmp_path / "old": (first, PurePosixPath("packages/c")),
        tmp_path / "new": (second, PurePosixPath("packages/c")),
    }
    git.export_all(wanted, git.last_changes(wanted.values()))
    found = {
        path.relative_to(tmp_path).as_posix(): (path.read_text(), int(path.stat().st_mtime))
        for top in wanted
        for path in top.rglob("*.py")
    }
    assert found == {
        "outer/a.py": ("1", EPOCH),
        "outer/inner/b.py": ("1", EPOCH),
        "inner/b.py": ("1", EPOCH),
        "old/c.py": ("1", EPOCH),
        "new/c.py": ("2", EPOCH + 60),
    }


def test_git_runs_a_fixed_number_of_times_however_many_folders_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Knowing and laying out of 40 packages takes as many processes as of 2."""
    repo = repository(tmp_path / "repo")
    repo.commit({f"packages/p{number}/m.py": str(number) for number in range(40)})
    started: list[object] = []
    begin = subprocess.Popen.__init__

    def counted(self: object, command: object, **how: object) -> None:
        started.append(command)
        begin(self, command, **how)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess.Popen, "__init__", counted)

    def processes(packages: int) -> int:
        started.clear()
        git = Git(repo.root, GIT_ENVIRON)
        places = {
            tmp_path / f"{packages}-{number}": ("HEAD", PurePosixPath(f"packages/p{number}"))
            for number in range(packages)
        }
        git.export_all(places, git.last_changes(places.values()))
        return len(started)

    assert processes(2) == processes(40) < 12


def test_a_folder_that_is_not_there_is_named_before_any_walk(tmp_path: Path) -> None:
    """With the command that commits it."""
    repo = repository(tmp_path / "repo")
    repo.commit(package("alpha"))
    with pytest.raises(WorkspaceError, match="no such folder") as caught:
        Git(repo.root, GIT_ENVIRON).last_changes([("HEAD", PurePosixPath("packages/beta"))])
    assert caught.value.address == "packages/beta"
