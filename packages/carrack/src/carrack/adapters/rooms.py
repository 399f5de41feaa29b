"""Where packages are laid out to be built: in memory, where there is much more of it than they are large.

Each folder there is locked for as long as it is used, so that what a killed run left is known, and removed by the next.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - folders of our own are made there
"""Linux's file system in memory; elsewhere there is none."""
_LEAST = 1 << 30
"""Bytes: containers have 64 MiB of it, unless they were given more."""
_NOTES = 16 << 20
_GROWS = 16
"""How many times its own size a package may take while it is built."""
_PREFIX, _LEFT_SECONDS = "carrack-", 3600.0
"""A folder is made before it is locked; one that is so old, and not locked, was left."""
_SHARE = 8
"""Packages may take one part in so many of the memory that is free."""


@contextmanager
def room(size: int) -> Iterator[Path]:
    """A folder for packages of `size` bytes altogether, for as long as the block lasts.

    File systems on disk take longer to make a small file than a backend to read it. Raises OSError where there is
    no room at all.
    """
    if has_room(size):
        with in_memory() as folder:
            yield folder
    else:
        with tempfile.TemporaryDirectory(prefix=_PREFIX) as name:
            yield Path(name)


@contextmanager
def in_memory() -> Iterator[Path]:
    """A folder in memory. Raises OSError where there is none to be had."""
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


def has_room_for_notes() -> bool:
    """Whether a few small files may be there: any /dev/shm that is not nearly full has room for them."""
    try:
        there = os.statvfs(MEMORY)
    except OSError:
        return False
    return os.access(MEMORY, os.W_OK) and there.f_bavail * there.f_frsize >= _NOTES


def _available() -> int:
    """Bytes of memory that may be taken without swapping (proc(5), MemAvailable); none where nobody tells."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")), 0)
