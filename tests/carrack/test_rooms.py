"""Packages are built in memory where there is plenty, and on disk where there is not, or it ran full."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pytest
from tests.carrack.fakes import MemoryBuilder, MemoryHistory, packages_of
from tests.carrack.repositories import repository

from carrack.adapters import rooms
from carrack.adapters.git import Git
from carrack.commands.build import build
from carrack.model.artifact import Artifact, Kinds, Source
from carrack.ports import Room

GIB = 1 << 30
CONSTRAINTS = PurePosixPath("build-constraints.txt")


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A file system in memory that has so much room, with flags, in a machine with so much memory."""
    place = tmp_path / "memory"
    place.mkdir()
    monkeypatch.setattr(rooms, "MEMORY", place)

    def have(*, room: int, machine: int = 100 * GIB, flags: int = 0) -> None:
        there = os.statvfs_result((4096, 4096, *[room // 4096] * 3, 0, 0, 0, flags, 255))
        monkeypatch.setattr(os, "statvfs", lambda _: there)
        monkeypatch.setattr(rooms, "_available", lambda: machine)

    return have


def test_small_packages_are_laid_out_in_memory(memory: Callable[..., None]) -> None:
    """As long as what they may grow to is a small part of what is free; the folder goes with the block."""
    memory(room=8 * GIB)
    place = rooms.room(64 << 20)
    assert place
    with place as folder:
        assert folder.parent == rooms.MEMORY
        (folder / "file").touch()
    assert not folder.exists()
    assert rooms.room((64 << 20) + 1) is None


@pytest.mark.parametrize(
    "there",
    [
        {"room": GIB - 4096},
        {"room": 8 * GIB, "machine": GIB - 1},
        {"room": 8 * GIB, "flags": os.ST_NOEXEC},
        {"room": 8 * GIB, "flags": os.ST_RDONLY},
    ],
)
def test_a_memory_that_is_small_or_runs_nothing_is_not_used(
    memory: Callable[..., None], there: dict[str, int]
) -> None:
    """A container's 64 MB, a machine that has little left, a system that starts no program from there."""
    memory(**there)
    assert not rooms.has_room(1)
    memory(room=8 * GIB)
    assert rooms.has_room(1)


def test_a_system_without_such_a_place_builds_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no /dev/shm."""
    monkeypatch.setattr(rooms, "MEMORY", Path("/no/such/place"))
    assert not rooms.has_room(1)


def test_what_is_free_is_what_machine_and_control_group_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The least of both; a group without a limit leaves all, and a machine that does not tell leaves nothing."""
    machine, group = tmp_path / "meminfo", (tmp_path / "max", tmp_path / "current")
    monkeypatch.setattr(rooms, "MEMINFO", machine)
    monkeypatch.setattr(rooms, "_GROUPS", (group, (tmp_path / "no", tmp_path / "such")))
    assert rooms._available() == 0
    machine.write_text("MemTotal:  8 kB\nMemAvailable:  4 kB\n")
    assert rooms._available() == 4096
    group[0].write_text("max\n")
    group[1].write_text("100\n")
    assert rooms._available() == 4096
    group[0].write_text("1100\n")
    assert rooms._available() == 1000


def test_what_a_killed_run_left_is_removed_by_the_next(memory: Callable[..., None]) -> None:
    """After an hour, and only if nobody is at work in it; other folders, links and other people's are left."""
    memory(room=8 * GIB)
    for name in ("carrack-left", "carrack-used", "carrack-new", "other"):
        (rooms.MEMORY / name / "deep").mkdir(parents=True)
        if name != "carrack-new":
            os.utime(rooms.MEMORY / name, (0, 0))
    (rooms.MEMORY / "carrack-link").symlink_to(rooms.MEMORY / "other")
    (rooms.MEMORY / "carrack-file").touch()
    os.utime(rooms.MEMORY / "carrack-file", (0, 0))
    used = os.open(rooms.MEMORY / "carrack-used", os.O_RDONLY)
    fcntl.flock(used, fcntl.LOCK_SH)
    with rooms.in_memory() as folder, rooms.in_memory() as another:
        os.utime(folder, (0, 0))
        with rooms.in_memory():
            assert (folder.exists(), another.exists()) == (True, True)
        left = {path.name for path in rooms.MEMORY.iterdir()} - {folder.name, another.name}
    os.close(used)
    assert left == {"carrack-used", "carrack-new", "other", "carrack-link", "carrack-file"}


@dataclass
class Full(MemoryBuilder):
    """Runs full the first so many times that it builds."""

    times: int = 0
    seen: list[Path] = field(default_factory=list)

    def build(self, sources: Sequence[Source], out: Path, kinds: Kinds = Kinds.BOTH) -> tuple[Artifact, ...]:
        """See `ports.Builder`."""
        self.seen.append(sources[0].path.parent)
        if len(self.seen) <= self.times:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().build(sources, out, kinds)


def test_what_runs_full_in_memory_is_built_on_disk(tmp_path: Path) -> None:
    """Once; a disk that is full is full."""
    history, asked = MemoryHistory(), list[int]()
    commit = history.commit(alpha="A = 1\n")
    (package,) = packages_of(("alpha", "1.0", ())).values()

    def room(size: int) -> AbstractContextManager[str]:
        asked.append(size)
        return tempfile.TemporaryDirectory(dir=tmp_path)

    def nowhere(size: int) -> None:
        asked.append(size)

    def run(times: int, room: Room = room) -> list[Path]:
        builder = Full(times=times)
        made = build([(package, commit)], history, builder, tmp_path / "out", CONSTRAINTS, room=room)
        assert len(made) == 2
        return [folder.parent for folder in builder.seen]

    disk = Path(tempfile.gettempdir())
    assert run(0) == [tmp_path]
    assert run(1) == [tmp_path, disk]
    with pytest.raises(OSError, match="No space left"):
        run(2)
    assert run(0, nowhere) == [disk]
    with pytest.raises(OSError, match="No space left"):
        run(1, nowhere)
    assert set(asked) == {len("A = 1\n")}


def test_the_size_of_folders_is_that_of_their_files(tmp_path: Path) -> None:
    """In their commits, whatever the work tree has; a submodule has none."""
    repo = repository(tmp_path / "repo")
    first = repo.commit({"packages/alpha/a.txt": "12345", "packages/beta/b.txt": "1", "other.txt": "123"})
    second = repo.commit({"packages/alpha/deep/b.txt": "123"})
    repo.write({"packages/alpha/c.txt": "not committed"})
    alpha, beta = PurePosixPath("packages/alpha"), PurePosixPath("packages/beta")
    git = Git(repo.root, os.environ)
    assert git.size([(first, alpha)]) == 5
    assert git.size([(second, alpha), (first, beta)]) == 9
    assert git.size([]) == 0
