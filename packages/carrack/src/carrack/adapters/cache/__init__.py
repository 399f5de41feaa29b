"""The folder in which builds keep what they need again: environments, and artifacts.

Nothing in it is believed unread, and all of it can be made again.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

VARIABLE = "CARRACK_CACHE"
FACTS = "facts.json"
"""What a thing of the cache says of itself: written last, and removed first, so that none without it is whole."""
_DAYS = 24 * 60 * 60
_OTHERS_MAY_WRITE = 0o022
_OURS = 0o700


def cache_folder(environ: Mapping[str, str]) -> Path | None:
    """Where this user's cache is (XDG Base Directory Specification; CARRACK_CACHE wins); None without a home."""
    if environ.get(VARIABLE):
        return Path(environ[VARIABLE]).absolute()
    if Path(environ.get("XDG_CACHE_HOME", "")).is_absolute():
        return Path(environ["XDG_CACHE_HOME"], "carrack")
    return Path(environ["HOME"], ".cache", "carrack") if environ.get("HOME") else None


def open_cache(folder: Path) -> str | None:
    """Have the cache folder, for this user alone; why it cannot be used, where it cannot.

    One that others may write to is not used: what lies in it becomes part of releases.
    """
    try:
        folder.mkdir(mode=_OURS, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError as error:
        return f"{folder}: {error.strerror}"
    if found.st_uid != os.geteuid() or found.st_mode & _OTHERS_MAY_WRITE:
        return f"{folder}: others than this user may write to it"
    return None if os.access(folder, os.W_OK | os.X_OK) else f"{folder}: cannot be written to"


@contextmanager
def locked(path: Path, *, exclusive: bool, wait: bool = True) -> Iterator[bool]:
    """Hold the lock that the file at `path` stands for; whether we have it, which is sure where we wait."""
    descriptor = _lock(path, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | (0 if wait else fcntl.LOCK_NB))
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _lock(path: Path, how: int) -> int | None:
    """The open, locked file; one that was removed while we waited is no lock any more."""
    path.parent.mkdir(mode=_OURS, parents=True, exist_ok=True)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, how)
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        except FileNotFoundError:
            pass
        os.close(descriptor)


def used_now(folder: Path) -> None:
    """Note that a thing of the cache was of use."""
    with suppress(OSError):
        os.utime(folder)


def remove(thing: Path) -> None:
    """Remove a thing of the cache: nobody takes for whole what is left where we are killed meanwhile."""
    with suppress(OSError):
        (thing / FACTS).unlink()
    shutil.rmtree(thing, ignore_errors=True)


def prune(cache: Path, *, days: int = 30) -> tuple[int, int]:
    """Remove what was of no use for so many days; how many things, and their bytes. What a run uses now stays."""
    since = time.time() - days * _DAYS
    kept = [_size_without(thing) for thing in cache.glob("artifacts/*") if _is_old(thing, since)]
    for thing in sorted({path.with_suffix("") for path in cache.glob("environments/*/*")}):
        lock = thing.with_suffix(".lock")
        if _is_old(thing if thing.exists() else lock, since):
            with locked(lock, exclusive=True, wait=False) as ours:
                if ours and _is_old(thing, since):
                    kept.append(_size_without(thing))
                if ours and not thing.exists():  # also where none could be made
                    lock.unlink(missing_ok=True)
    return len(kept), sum(kept)


def _is_old(thing: Path, since: float) -> bool:
    with suppress(FileNotFoundError):  # another run removed it
        return thing.stat().st_mtime < since
    return False


def _size_without(thing: Path) -> int:
    size = 0
    with suppress(FileNotFoundError):  # another run removes it too
        for path in thing.rglob("*"):
            size += path.lstat().st_size
    remove(thing)
    return size
