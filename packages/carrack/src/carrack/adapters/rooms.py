"""Where packages are laid out to be built: in memory, where there is much more of it than they are large."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - folders of our own are made there
"""Linux's file system in memory; elsewhere there is none."""
_LEAST = 1 << 30
"""Bytes: containers have 64 MiB of it, unless they were given more."""
_GROWS = 16
"""How many times its own size a package may take while it is built."""
_SHARE = 8
"""Packages may take one part in so many of the memory that is free."""


@contextmanager
def room(size: int) -> Iterator[Path]:
    """A folder for packages of `size` bytes altogether, for as long as the block lasts.

    File systems on disk take longer to make a small file than a backend to read it. Raises OSError where there is
    no room at all.
    """
    place = MEMORY if has_room(size) else None
    with tempfile.TemporaryDirectory(prefix="carrack-", dir=place) as folder:
        yield Path(folder)


def has_room(size: int) -> bool:
    """Whether packages of `size` bytes may be built in memory."""
    try:
        there = os.statvfs(MEMORY)
    except OSError:
        return False
    free = min(there.f_bavail * there.f_frsize, _available())
    usable = not there.f_flag & (os.ST_NOEXEC | os.ST_RDONLY) and os.access(MEMORY, os.W_OK)
    return usable and free >= _LEAST and size * _GROWS <= free // _SHARE


def _available() -> int:
    """Bytes of memory that may be taken without swapping (proc(5), MemAvailable); none where nobody tells."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")), 0)
