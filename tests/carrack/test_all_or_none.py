"""A bump of several files is written all or none: on full disks, in folders that cannot be written, killed anywhere."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path, PurePosixPath
from shutil import copytree

import pytest
from tests.carrack.local import BIN
from tests.carrack.mounts import alone
from tests.carrack.repositories import GIT_ENVIRON, Repository, package, repository
from tests.carrack.test_cli import ROOT

from carrack.adapters.all_or_none import LOG, put_back, write_all
from carrack.errors import StoppedError, WorkspaceError

TESTS = Path(__file__).parents[2]
BUMP = ("bump", "--index", "prod")
WORKSPACE = {
    "pyproject.toml": f'[tool.carrack.bump]\nsources = ["changes"]\n{ROOT}',
    **package("alpha"),
    **package("beta", "0.1.0", "alpha>=0.1,<0.2"),
    "changes/blue.md": "---\nalpha: minor\n---\nReads more.\n",
}


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A workspace whose bump writes two manifests and two changelogs, and removes a change file."""
    made = repository(tmp_path / "workspace")
    made.commit(WORKSPACE)
    return made


def files(root: Path) -> dict[str, str]:
    """Every file of the workspace but git's own, by its text."""
    found = (path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path.relative_to(root)): path.read_text() for path in found}


def run(*command: object, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=TESTS,
        env={**GIT_ENVIRON, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def stepped(root: Path, how: str, at: int) -> subprocess.CompletedProcess[str]:
    """A bump that is killed, or fails, at one of its changes."""
    return run(sys.executable, "-m", "tests.carrack.write_steps", root, how, at, *BUMP)


@pytest.fixture
def bumped(repo: Repository, tmp_path: Path) -> dict[str, str]:
    """The files after a bump that nothing disturbs."""
    whole = copytree(repo.root, tmp_path / "whole")
    done = run(BIN / "carrack", "-C", whole, *BUMP)
    assert done.returncode == 0, done.stderr
    assert not (whole / LOG.parent).exists()
    return files(whole)


def test_killed_anywhere_the_next_bump_ends_as_if_nothing_had_been(
    repo: Repository, bumped: dict[str, str], tmp_path: Path
) -> None:
    """At every change of a file; what a killed run had written is put back first, and told."""
    before, halves = files(repo.root), 0
    for at in count(1):
        root = copytree(repo.root, tmp_path / f"killed-{at}")
        done = stepped(root, "kill", at)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        left = files(root)
        written = [name for name in bumped if left.get(name) == bumped[name] != before.get(name)]
        again = run(BIN / "carrack", "-C", root, *BUMP)
        assert (again.returncode, files(root)) == (0, bumped), (at, again.stderr)
        is_half = bool(written) and "changes/blue.md" in left
        told = again.stderr.partition("as before it are again: ")[2].strip()
        assert sorted(told.split(", ")) == (sorted(written) if is_half else [""]), (at, again.stderr)
        halves += is_half
    assert (halves, at) == (5, 14)


def test_after_a_kill_git_puts_all_back_too(repo: Repository, bumped: dict[str, str]) -> None:
    """Every verb says what was left and what undoes it, a dry run writes nothing; then the bump goes on."""
    assert stepped(repo.root, "kill", 10).returncode == -signal.SIGKILL
    left = files(repo.root)
    dry = run(BIN / "carrack", "-C", repo.root, *BUMP, "--dry-run")
    assert ".carrack/unfinished.json: a run is writing here, or was killed amid it" in dry.stderr
    assert files(repo.root) == left
    repo.git("restore", ".")
    assert run(BIN / "carrack", "-C", repo.root, *BUMP).returncode == 0
    assert files(repo.root) == bumped


def test_what_somebody_wrote_after_a_kill_is_not_overwritten(repo: Repository) -> None:
    """Neither by putting back nor by a bump: a person decides, and the sentence says how."""
    assert stepped(repo.root, "kill", 10).returncode == -signal.SIGKILL
    repo.write({"packages/beta/pyproject.toml": "mine"})
    left = files(repo.root)
    done = run(BIN / "carrack", "-C", repo.root, *BUMP)
    assert (done.returncode, files(repo.root)) == (65, left)
    assert "packages/beta/pyproject.toml: is not as it was, and not as it was to be" in done.stderr
    assert (
        "git restore these files; or mend all that it wrote, and remove .carrack/unfinished.json"
        in done.stderr
    )


@pytest.mark.parametrize("at", range(1, 13))
def test_where_the_machine_fails_nothing_is_written(repo: Repository, at: int) -> None:
    """At every change of a file, before and amid the renames: what was written is put back, and nothing stays."""
    before = files(repo.root)
    done = stepped(repo.root, "fail", at)
    assert (done.returncode, files(repo.root)) == (75, before), done.stderr
    (sentence, *_) = done.stderr.splitlines()
    assert sentence.endswith(": this machine does not let us write it: Input/output error")
    assert "untouched: everything" in done.stderr


def test_a_log_that_cannot_be_removed_changes_nothing(repo: Repository, bumped: dict[str, str]) -> None:
    """All is written then, and the next bump sees that."""
    assert stepped(repo.root, "fail", 13).returncode == 0
    assert run(BIN / "carrack", "-C", repo.root, *BUMP).returncode == 0
    assert files(repo.root) == bumped


def test_where_nothing_can_be_put_back_the_way_out_is_said(repo: Repository, bumped: dict[str, str]) -> None:
    """A disk that fails amid the renames and goes on failing; when it works again, the same command does."""
    done = stepped(repo.root, "fail-on", 9)
    assert done.returncode == 75
    assert "some files are written, others are not" in done.stderr
    assert "then git restore these files, or run carrack bump, which first puts them back" in done.stderr
    assert run(BIN / "carrack", "-C", repo.root, *BUMP).returncode == 0
    assert files(repo.root) == bumped


def test_a_full_disk_leaves_everything_as_it_was(
    repo: Repository, bumped: dict[str, str], tmp_path: Path
) -> None:
    """A real one, at any amount of room: too little for the log, for one new text, for all but one; then enough."""
    script = """
    carrack=$1 source=$2 out=$3
    for pages in 0 1 2 3 4 5 6 7 8 9 10 11 12; do
      disk=$out/disk; mkdir -p "$disk"; mount -t tmpfs -o size=512k none "$disk"
      cp -a "$source/." "$disk"
      head -c $((pages * 4096)) /dev/zero >"$disk/.git/room"
      cat /dev/zero >"$disk/.git/full" 2>/dev/null || true
      rm "$disk/.git/room"
      code=0; "$carrack" -C "$disk" bump --index prod >"$out/said" 2>&1 || code=$?
      echo "$code $(grep -c 'does not let us write it: No space left on device' "$out/said" || true)"
      mkdir "$out/$pages"; tar -C "$disk" --exclude=.git -cf - . | tar -C "$out/$pages" -xf -
      umount "$disk"
    done
    """
    before, ends = files(repo.root), alone(script, repo.root, tmp_path).splitlines()
    for pages, end in enumerate(ends):
        expected = bumped if end == "0 0" else before
        assert files(tmp_path / str(pages)) == expected, (pages, end)
    assert (ends[0], ends[-1], len(set(ends))) == ("75 1", "0 0", 2)


@pytest.mark.parametrize(
    ("mounts", "address", "reason"),
    [
        ("packages/beta", "packages/beta/pyproject.toml", "Read-only file system"),
        ("changes", "changes/blue.md", "Read-only file system"),
        (".", ".carrack/unfinished.json", "Read-only file system"),
        ("packages/beta/pyproject.toml", "packages/beta/pyproject.toml", "Device or resource busy"),
    ],
)
def test_what_cannot_be_written_stops_all_of_it(
    repo: Repository, mounts: str, address: str, reason: str
) -> None:
    """A folder that is read-only, found before the first rename; a file that cannot be replaced, found amid them."""
    before = files(repo.root)
    script = 'mount --bind "$2" "$2"; mount -o remount,bind,ro "$2"; "$1" -C "$3" bump --index prod 2>&1 || echo $?'
    said = alone(script, repo.root / mounts, repo.root)
    assert said.startswith(f"error: {address}: this machine does not let us write it: {reason}\n"), said
    assert (said.splitlines()[-1], files(repo.root)) == ("75", before)


def test_two_runs_do_not_write_at_once(repo: Repository) -> None:
    """The second is told so, and the first ends undisturbed."""
    log = repo.root / LOG
    log.parent.mkdir()
    with log.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for write in (lambda: write_all(repo.root, {PurePosixPath("a"): "a"}), lambda: put_back(repo.root)):
            with pytest.raises(StoppedError, match="another run of carrack writes here"):
                write()
    assert not (repo.root / "a").exists()
    write_all(repo.root, {PurePosixPath("a"): "a"})
    assert (repo.root / "a").read_text() == "a"


def test_links_modes_and_any_bytes_are_kept(tmp_path: Path) -> None:
    """Also by a write that is undone."""
    (tmp_path / "real").write_bytes(b"\xff old")
    (tmp_path / "real").chmod(0o600)
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoppedError):
        write_all(tmp_path, {PurePosixPath("link"): "new", PurePosixPath("folder"): "a folder is there"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "link", "real"]
    assert (tmp_path / "link").read_bytes() == b"\xff old"
    write_all(tmp_path, {PurePosixPath("link"): "new"})
    assert (tmp_path / "link").is_symlink()
    assert ((tmp_path / "real").read_text(), (tmp_path / "real").stat().st_mode & 0o777) == ("new", 0o600)


def test_a_killed_run_s_log_stops_other_writes(tmp_path: Path) -> None:
    """What else writes files of the workspace does not begin before that is settled; a torn log is nothing."""
    (tmp_path / LOG).parent.mkdir()
    (tmp_path / LOG).write_text('{"a": [nu')
    with pytest.raises(WorkspaceError, match="a run was killed amid its writes"):
        write_all(tmp_path, {PurePosixPath("a"): "a"})
    assert put_back(tmp_path) == ()
    write_all(tmp_path, {PurePosixPath("a"): "a"})
