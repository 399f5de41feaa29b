"""Lock files on disk."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from carrack.adapters.all_or_none import write_all
from carrack.errors import LockError
from carrack.model.lock import Lock
from carrack.model.lockfile import parse


def read_lock(root: Path, path: PurePosixPath) -> Lock | None:
    """The lock in `path`, which is relative to `root`; None where there is no such file.

    Raises LockError with file and line where it is broken.
    """
    try:
        return parse((root / path).read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise LockError(f"not UTF-8 text: {error}", address=str(path)) from None


def write_lock(root: Path, path: PurePosixPath, lock: Lock) -> None:
    """Write `lock` to `path`; whoever reads it meanwhile sees the old file or the new one, whole.

    Raises StoppedError where this machine does not let us.
    """
    write_all(root, {path: lock.format()})
