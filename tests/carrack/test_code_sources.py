"""Packages that come from a commit: git and submodule sources. Git, pip, uv and the builds are real."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
from packaging.utils import canonicalize_name
from tests.carrack.published import (
    HERE,
    TINY_BACKEND,
    Published,
    pinned,
    published_workspace,
    write_distribution,
)
from tests.carrack.repositories import Repository, repository
from tests.carrack.test_install import Install

from carrack.commands.lock import staleness
from carrack.commands.source_wheels import commits
from carrack.errors import BuildError, CarrackError, LockError, WorkspaceError
from carrack.model.code_sources import GitSource, RuntimeSource, SubmoduleSource
from carrack.model.lockfile import parse

EXTRA = canonicalize_name("extra")
RECORD_IO = canonicalize_name("record-io")


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    """A repository somewhere else, with the distribution `extra` 2.0 in its folder `python`, which needs `thing`."""
    new = repository(tmp_path / "upstream")
    write_distribution(new.root / "python", "extra", "2.0", ["thing>=1"])
    new.commit()
    return new


@pytest.fixture
def git_app(published: Published, upstream: Repository) -> Published:
    """The workspace, whose app needs `extra` out of a commit."""
    published.pythons = (HERE,)
    published.requirements = ("record-rules>=1", "extra")
    published.sources = {EXTRA: git_source(upstream)}
    return published


@pytest.fixture
def submodule_app(tmp_path: Path, upstream: Repository) -> Iterator[Published]:
    """The same in a git repository, where `extra` is a submodule."""
    with published_workspace(tmp_path) as state:
        inside = repository(state.root)
        inside.git(
            "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(upstream.root), "vendor/extra"
        )
        inside.commit()
        state.pythons = (HERE,)
        state.requirements = ("record-rules>=1", "extra")
        state.sources = {
            EXTRA: SubmoduleSource(path=PurePosixPath("vendor/extra"), subdirectory=PurePosixPath("python"))
        }
        yield state


def git_source(upstream: Repository, commit: str = "HEAD") -> GitSource:
    """The source `extra` at a commit."""
    return GitSource(
        url=f"file://{upstream.root}",
        commit=upstream.git("rev-parse", commit),
        subdirectory=PurePosixPath("python"),
    )


def refused(published: Published, kind: type[CarrackError] = LockError) -> CarrackError:
    """What `lock` ends with."""
    with pytest.raises(kind) as caught:
        published.lock()
    return caught.value


def test_a_commit_is_locked_as_the_hash_of_its_wheel(git_app: Published, upstream: Repository) -> None:
    """With commit and tree, and without any address; what it needs is locked beside it."""
    made = git_app.lock()
    assert pinned(made) == ["extra==2.0", "record-io==1.4.0", "record-rules==1.1.0", "thing==1.0"]
    text = made.format()
    assert (
        f"# source: extra git {upstream.git('rev-parse', 'HEAD', 'HEAD^{tree}').replace(chr(10), ' ')}\n"
        in text
    )
    assert "://" not in text
    assert parse(text, "a lock") == made


def test_the_same_commit_makes_the_same_lock(
    git_app: Published, upstream: Repository, tmp_path: Path
) -> None:
    """From another clone, without the wheels that were kept, and with other times on the files."""
    made = git_app.lock()
    shutil.rmtree(git_app.root / ".carrack")
    upstream.git("clone", "-q", "--no-local", str(upstream.root), str(tmp_path / "mirror"))
    moved = repository(tmp_path / "mirror")
    git_app.sources = {EXTRA: git_source(moved)}
    assert git_app.lock().pins == made.pins


@pytest.mark.parametrize("kept", [True, False], ids=["kept wheel", "built again"])
def test_a_commit_is_installed_by_its_hash(git_app: Published, tmp_path: Path, kept: bool) -> None:
    """Beside what comes from the index; the wheel is taken from the store, or made again."""
    made = git_app.lock()
    if not kept:
        shutil.rmtree(git_app.root / ".carrack")
    made_here = Install(git_app, tmp_path / "env")
    made_here(made)
    assert made_here.holds()["extra"] == "2.0"


def test_a_kept_wheel_whose_bytes_changed_is_not_taken(git_app: Published, tmp_path: Path) -> None:
    """It is made again from the commit, and has the locked hash."""
    made = git_app.lock()
    (kept,) = (git_app.root / ".carrack" / "wheels").glob("*/extra-*.whl")
    kept.write_bytes(b"poison")
    made_here = Install(git_app, tmp_path / "env")
    made_here(made)
    assert made_here.run("import extra; print(extra.VERSION)") == "2.0\n"


def test_other_bytes_than_the_locked_ones_are_refused(git_app: Published, tmp_path: Path) -> None:
    """Where the commit now builds another wheel, nothing is installed, and the error says both hashes' source."""
    made = git_app.lock()
    shutil.rmtree(git_app.root / ".carrack")
    git_app.pin_backend(TINY_BACKEND.replace("Generator: tiny", "Generator: new"))
    with pytest.raises(LockError, match="is not the file that was locked") as caught:
        Install(git_app, tmp_path / "env")(made)
    assert caught.value.exit_code == 76
    assert not (tmp_path / "env").exists()


def test_a_commit_that_is_gone_is_one_clear_error(git_app: Published, upstream: Repository) -> None:
    """The commit, the address and git's own words are in it, and the lock is untouched."""
    git_app.sources = {EXTRA: GitSource(url=f"file://{upstream.root}", commit="1" * 40)}
    error = refused(git_app)
    assert error.message == f"commit 111111111111 cannot be fetched from file://{upstream.root}"
    assert isinstance(error, LockError)
    assert "not our ref" in " ".join(error.faults)


def test_a_repository_that_is_away_is_one_clear_error(git_app: Published, upstream: Repository) -> None:
    """Nothing is asked for on a terminal, and nothing else is tried."""
    source = git_source(upstream)
    shutil.rmtree(upstream.root)
    git_app.sources = {EXTRA: source}
    assert "cannot be fetched" in refused(git_app).message


def test_a_folder_that_the_commit_has_not_is_an_error(git_app: Published, upstream: Repository) -> None:
    """With the folder's name."""
    source = GitSource(
        url=f"file://{upstream.root}", commit=git_source(upstream).commit, subdirectory=PurePosixPath("no")
    )
    git_app.sources = {EXTRA: source}
    assert "no" in str(refused(git_app, WorkspaceError))


def test_a_source_of_another_name_is_refused(git_app: Published, upstream: Repository) -> None:
    """The folder makes `extra`, and the table says that it is `other`."""
    git_app.requirements = ("record-rules>=1", "other")
    git_app.sources = {canonicalize_name("other"): git_source(upstream)}
    assert "extra-2.0" in str(refused(git_app, BuildError))


def test_a_source_that_is_not_needed_is_named(git_app: Published) -> None:
    """A line that does nothing is a mistake."""
    git_app.requirements = ("record-rules>=1",)
    error = refused(git_app)
    assert isinstance(error, LockError)
    assert error.faults == ("sources.extra: job does not need extra",)


def test_another_commit_makes_a_lock_stale(git_app: Published, upstream: Repository) -> None:
    """The table's commit is part of what the lock was made from."""
    made = git_app.lock()
    upstream.commit({"python/src/extra/more.py": "MORE = 1\n"})
    git_app.sources = {EXTRA: git_source(upstream)}
    assert staleness(git_app.workspace, git_app.app, made, git_app.receipt) is not None
    assert git_app.lock(made).files(EXTRA) != made.files(EXTRA)


def test_a_lock_of_commits_that_still_fits_is_left(git_app: Published, upstream: Repository) -> None:
    """Without a build, and without the repository."""
    made = git_app.lock()
    shutil.rmtree(upstream.root)
    assert git_app.lock(made) == made


def test_a_package_of_the_workspace_can_come_from_a_commit(git_app: Published, tmp_path: Path) -> None:
    """Then it need not be published, and what the index has of it is not looked at."""
    other = repository(tmp_path / "other")
    write_distribution(other.root, "record-io", "1.4.9", ["thing>=1"])
    other.commit()
    git_app.sources[RECORD_IO] = GitSource(url=f"file://{other.root}", commit=other.git("rev-parse", "HEAD"))
    git_app.entries = [entry for entry in git_app.entries if entry.name != RECORD_IO]
    made = git_app.lock()
    assert "record-io==1.4.9" in pinned(made)
    assert staleness(git_app.workspace, git_app.app, made, git_app.receipt) is None


def test_a_submodule_is_locked_from_its_recorded_commit(
    submodule_app: Published, upstream: Repository
) -> None:
    """The same commit makes the same wheel as a git source does."""
    made = submodule_app.lock()
    submodule_app.sources = {EXTRA: git_source(upstream)}
    assert submodule_app.lock().files(EXTRA) == made.files(EXTRA)
    assert made.format().count("# source: extra submodule ") == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("submodule", "deinit", "-q", "-f", "vendor/extra"), "is not checked out"),
        (("-C", "vendor/extra", "commit", "-q", "--allow-empty", "-m", "more"), "at another commit"),
        (("-C", "vendor/extra", "rm", "-q", "python/src/extra/__init__.py"), "not committed"),
        (("rm", "-q", "-f", "vendor/extra"), "is no submodule"),
    ],
    ids=["not there", "elsewhere", "changed", "none"],
)
def test_a_submodule_that_is_not_as_recorded_is_refused(
    submodule_app: Published, change: tuple[str, ...], said: str
) -> None:
    """`-`, `+`, changes that nobody committed, and no submodule at all; each with the command that mends it."""
    Repository(submodule_app.root).git(*change)
    error = refused(submodule_app, WorkspaceError)
    assert said in error.message
    assert error.hint.count("git ") >= 1 or "commit them" in error.hint


def test_a_submodule_that_moved_makes_a_lock_stale(submodule_app: Published) -> None:
    """Both commits are told."""
    made = submodule_app.lock()
    inside = Repository(submodule_app.root)
    inside.git("-C", "vendor/extra", "commit", "-q", "--allow-empty", "-m", "more")
    inside.commit()
    now = commits(submodule_app.app, submodule_app.tools)
    said = staleness(submodule_app.workspace, submodule_app.app, made, submodule_app.receipt, now)
    assert said is not None
    assert said.startswith("extra is at ")


def test_compiled_code_is_not_taken_from_a_commit(git_app: Published, upstream: Repository) -> None:
    """Its wheel would fit the machine that built it alone; it goes through the index."""
    git_app.pin_backend(TINY_BACKEND.replace("py3-none-any", "cp311-cp311-linux_x86_64"))
    error = refused(git_app)
    assert "has compiled code" in error.message
    assert "--artifacts" in error.hint


def test_what_comes_at_run_time_is_locked_from_the_index(published: Published) -> None:
    """Its pin is as ever; a line says that the image does not have it."""
    published.sources = {RECORD_IO: RuntimeSource(prefix="https://wheels.example.com/")}
    made = published.lock()
    assert "# source: record-io runtime\n" in made.format()
    assert parse(made.format(), "a lock") == made
    assert "example.com" not in made.format()


def test_fetching_from_s3_needs_boto3_in_the_app(published: Published) -> None:
    """The launcher would find it missing when the job starts; so the lock says it."""
    published.sources = {RECORD_IO: RuntimeSource(prefix="s3://bucket/wheels/")}
    error = refused(published)
    assert isinstance(error, LockError)
    assert "must require boto3" in error.faults[0]


def test_an_editable_install_takes_commits_as_they_are_locked(git_app: Published, tmp_path: Path) -> None:
    """The workspace's own packages are linked, a source's wheel is installed."""
    made = git_app.lock()
    made_here = Install(git_app, tmp_path / "env")
    made_here.editable(made)
    assert made_here.run(
        "import extra, record_io; print('workspace' in record_io.__file__, 'env' in extra.__file__)"
    ) == ("True True\n")
