"""What reaches an engine: the files that git would track, as they are now, and nothing about this machine."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pytest
from tests.carrack.repositories import GIT_ENVIRON, Repository, repository

from carrack.adapters.build_context import WorkspaceContexts
from carrack.adapters.git import Git

EVERYTHING = (PurePosixPath("."),)


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A repository with an ignored file, one that is not committed, and one that is gone."""
    made = repository(tmp_path / "repository")
    made.commit({".gitignore": "*.secret\n", "app/a.py": "a\n", "app/gone.py": "", "other/b.py": "b\n"})
    made.write({"app/token.secret": "x", "app/new ü.py": "new\n"})
    (made.root / "app/gone.py").unlink()
    return made


def members(
    repo: Repository,
    paths: tuple[PurePosixPath, ...] = EVERYTHING,
    added: Mapping[str, bytes] | None = None,
    *,
    below: str = "",
    dockerignore: str = "",
) -> dict[str, tarfile.TarInfo]:
    """What is in the stream, by name."""
    contexts = WorkspaceContexts(git=Git(repo.root / below, GIT_ENVIRON))
    own = {PurePosixPath(key): value for key, value in (added or {}).items()}
    context = contexts.of(paths, own, dockerignore)
    first, second = io.BytesIO(), io.BytesIO()
    context(first)
    context(second)
    assert first.getvalue() == second.getvalue()
    first.seek(0)
    with tarfile.open(fileobj=first) as archive:
        return {member.name: member for member in archive}


def test_has_what_git_would_track(repo: Repository) -> None:
    """Committed or not, as it is now; what git ignores is left out, and what was deleted is not missed."""
    assert set(members(repo)) == {".gitignore", "app/a.py", "app/new ü.py", "other/b.py"}


def test_has_only_what_was_asked_for(repo: Repository) -> None:
    """A folder, and nothing beside it; without any path only what is added."""
    assert set(members(repo, (PurePosixPath("app"),))) == {"app/a.py", "app/new ü.py"}
    assert set(members(repo, (), {"x/y": b"z"})) == {"x/y"}


def test_what_is_added_goes_first(repo: Repository) -> None:
    """An added file stands in the place of the workspace's."""
    found = members(repo, added={"app/a.py": b"another", "carrack-image/m": b""})
    assert found["app/a.py"].size == len("another")
    assert "carrack-image/m" in found


def test_a_workspace_may_be_a_folder_of_the_repository(repo: Repository) -> None:
    """Paths are the workspace's."""
    assert set(members(repo, below="app")) == {"a.py", "new ü.py"}


def test_tells_nothing_about_this_machine(repo: Repository) -> None:
    """Modes are two, owner and times fixed: the same content is the same layer everywhere."""
    os.chmod(repo.root / "app/a.py", 0o700)
    os.chmod(repo.root / "other/b.py", 0o600)
    found = members(repo)
    assert (found["app/a.py"].mode, found["other/b.py"].mode) == (0o755, 0o644)
    assert {(m.uid, m.gid, m.uname, m.mtime) for m in found.values()} == {(0, 0, "", 315532800)}


def test_links_stay_links(repo: Repository) -> None:
    """Also where they lead nowhere; nothing behind them is read."""
    (repo.root / "app/link").symlink_to("/etc/hostname")
    (repo.root / "app/broken").symlink_to("nowhere")
    found = members(repo)
    assert (found["app/link"].issym(), found["app/link"].linkname) == (True, "/etc/hostname")
    assert found["app/broken"].linkname == "nowhere"


def test_ignore_files_of_engines_are_left_out(repo: Repository) -> None:
    """Podman would apply them to a stream, and Docker would not."""
    repo.write({".dockerignore": "*\n", ".containerignore": "*\n", "app/.dockerignore": "*\n"})
    assert {".dockerignore", ".containerignore"}.isdisjoint(members(repo))
    assert "app/.dockerignore" in members(repo)


def test_what_a_dockerignore_names_is_left_out(repo: Repository) -> None:
    """But never what is added."""
    found = members(repo, added={"carrack-image/m": b""}, dockerignore="*\n!app\n**/new*\n")
    assert set(found) == {"app/a.py", "carrack-image/m"}
