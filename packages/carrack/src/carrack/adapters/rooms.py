"""Where packages are laid out to be built: in memory, where there is much more of it than they are large.

Each folder there is locked for as long as it is used, so that what a killed run left is known, and removed by the next.
"""

from __future__ import annotations

import math
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - folders of our own are made there
"""Linux's file system in memory; elsewhere there is none."""
MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")
_GROUPS = (
    (_CGROUP / "memory.max", _CGROUP / "memory.current"),  # version 2
    (_CGROUP / "memory/memory.limit_in_bytes", _CGROUP / "memory/memory.usage_in_bytes"),  # version 1
)
_LEAST = 1 << 30
"""Bytes: containers have 64 MiB of it, unless they were given more."""
_GROWS = 16
"""How many times its own size a package may take while it is built."""
_PREFIX, _LEFT_SECONDS = "carrack-", 3600.0
"""A folder is made before it is locked; one that is so old, and not locked, was left."""
_SHARE = 8
"""Packages may take one part in so many of the memory that is free."""


def room(size: int) -> AbstractContextManager[Path] | None:
    """See `ports.Room`: a folder in memory.

    File systems on disk take longer to make a small file than a backend to read it.
    """
    return in_memory() if has_room(size) else None


@contextmanager
def in_memory() -> Iterator[Path]:
    """A folder in memory. Raises OSError where none can be made."""
    import fcntl  # Linux has it, and memory as a file system

    _sweep()
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=MEMORY) as folder:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield Path(folder)
        finally:
            os.close(descriptor)


def _sweep() -> None:
    """Remove what killed runs of this user left."""
    import fcntl

    for path in MEMORY.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # gone meanwhile, or locked
            found = path.lstat()
            is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
            if is_ours and found.st_mtime < time.time() - _LEFT_SECONDS:
                descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(path)
                finally:
                    os.close(descriptor)


def has_room(size: int) -> bool:
    """Whether packages of `size` bytes may be built in memory."""
    try:
        there = os.statvfs(MEMORY)
    except OSError:
        return False
    free = min(there.f_bavail * there.f_frsize, _available())
    usable = not there.f_flag & (os.ST_NOEXEC | os.ST_RDONLY) and os.access(MEMORY, os.W_OK)
    return usable and free >= _LEAST and size * _GROWS <= free // _SHARE


def _available() -> float:
    """Bytes of memory that may be taken: of the machine's, without swapping, and of this control group's limit."""
    return min(_of_machine(), *map(_of_group, _GROUPS))


def _of_machine() -> int:
    """proc(5), MemAvailable; none where nobody tells."""
    try:
        lines = MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")), 0)


def _of_group(files: tuple[Path, Path]) -> float:
    """What is left of a control group's limit: a container sees its own at the top; none has none."""
    with suppress(OSError, ValueError):  # "max" is no number
        most, used = (int(file.read_text(encoding="ascii")) for file in files)
        return most - used
    return math.inf
