"""Several files of a workspace, written all or none: a log of old and new texts, the new ones beside, then renames."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from carrack.errors import StoppedError, WorkspaceError

LOG = PurePosixPath(".carrack", "unfinished.json")
"""Is there while files are written, and after a run that was killed amid it; relative to the workspace."""

_HINT = "run carrack bump, which first puts back what was there"


@dataclass(frozen=True, kw_only=True)
class _Change:
    """A file's text before and after; None where there is no such file."""

    root: Path
    name: PurePosixPath
    before: str | None
    after: str | None

    @property
    def file(self) -> Path:
        return (self.root / self.name).resolve()  # a link stays one

    @property
    def text(self) -> str | None:
        return _text(self.file)

    @property
    def is_known(self) -> bool:
        return self.text in (self.before, self.after)

    @property
    def beside(self) -> Path:
        return self.file.with_name(f".{self.file.name}.new")

    def prepare(self) -> None:
        """Have the text on the disk beside its file; for one that is to go, prove that its folder can be written."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.beside.open("wb") as new:
            new.write((self.after or "").encode(errors="surrogateescape"))
            new.flush()
            os.fsync(new.fileno())
        with suppress(FileNotFoundError):
            shutil.copymode(self.file, self.beside)

    def carry_out(self) -> None:
        if self.after is None:
            self.beside.unlink()
            self.file.unlink()
        else:
            os.replace(self.beside, self.file)

    def undo(self) -> None:
        if self.text == self.after:
            back = _Change(root=self.root, name=self.name, before=self.after, after=self.before)
            back.prepare()
            back.carry_out()
        elif self.beside.exists():
            self.beside.unlink()


def write_all(root: Path, texts: Mapping[PurePosixPath, str | None]) -> None:
    """Write each file under `root`, or remove it where its text is None; where one cannot be, all are as they were.

    A run that is killed amid it leaves a log, by which `put_back` undoes it.

    Raises StoppedError where this machine does not let us, WorkspaceError where such a log is there.
    """
    found = ((name, _text(root / name), text) for name, text in texts.items())
    changes = [_Change(root=root, name=name, before=old, after=new) for name, old, new in found if old != new]
    if not changes:
        return
    with _log(root) as log:
        if log.read():
            raise WorkspaceError("a run was killed amid its writes", address=str(LOG), hint=_HINT)
        try:
            _write(changes, log)
        except BaseException:  # Ctrl-C too
            _undo(changes)
            _forget(root)
            raise
        _forget(root)


def put_back(root: Path) -> tuple[PurePosixPath, ...]:
    """Undo what a killed `write_all` left half done; the files that are as they were again.

    Where all was written there is nothing to undo. Raises WorkspaceError where somebody changed a file since;
    StoppedError where this machine does not let us, or that run is alive.
    """
    if not (root / LOG).exists():
        return ()
    with _log(root) as log:
        changes = _read(root, log)
        strange = tuple(
            f"{c.name}: is not as it was, and not as it was to be" for c in changes if not c.is_known
        )
        if strange:
            raise WorkspaceError(
                "a run was killed amid its writes, and since then somebody else wrote",
                faults=strange,
                untouched="everything; nothing was written",
                hint=f"git restore these files; or mend all that it wrote, and remove {LOG}",
            )
        written = [change for change in changes if change.text == change.after]
        is_whole = len(written) == len(changes)
        if not is_whole:
            _undo(changes)
        _forget(root)
    return () if is_whole else tuple(change.name for change in written)


def _write(changes: Sequence[_Change], log: IO[str]) -> None:
    at = LOG
    try:
        json.dump({str(change.name): [change.before, change.after] for change in changes}, log)
        log.flush()
        os.fsync(log.fileno())
        for step in (_Change.prepare, _Change.carry_out):
            for change in changes:
                at = change.name
                step(change)
    except OSError as error:
        raise _stopped(error, at) from None


def _stopped(error: OSError, at: PurePosixPath) -> StoppedError:
    return StoppedError(
        f"this machine does not let us write it: {error.strerror}",
        address=str(at),
        untouched="everything; nothing was written, or it was put back",
        hint="make room, or mend the permissions; then run the same command again",
    )


def _undo(changes: Sequence[_Change]) -> None:
    at = LOG
    try:
        for change in changes:
            at = change.name
            change.undo()
    except OSError as error:
        raise StoppedError(
            f"some files are written, others are not, and this one cannot be put back: {error.strerror}",
            address=str(at),
            done=f"some of: {', '.join(str(change.name) for change in changes)}",
            hint="make room, or mend the permissions; then git restore these files, or run carrack bump, which "
            "first puts them back",
        ) from None


@contextmanager
def _log(root: Path) -> Iterator[IO[str]]:
    """The log, held as long as we live: a run that finds it free finds one whose writer was killed."""
    path = root / LOG
    try:
        path.parent.mkdir(exist_ok=True)
        log = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise _stopped(error, LOG) from None
    try:
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        log.seek(0)
        yield log
    except BlockingIOError:
        raise StoppedError(
            "another run of carrack writes here just now",
            address=str(LOG),
            hint="run the same command again",
        ) from None
    finally:
        with suppress(OSError):  # on a full disk it tries again what flush could not
            log.close()


def _forget(root: Path) -> None:
    with suppress(OSError):  # what it says then is that all is done; and receipts may be in that folder
        (root / LOG).unlink()
        (root / LOG).parent.rmdir()


def _read(root: Path, log: IO[str]) -> tuple[_Change, ...]:
    """What a killed run was about; nothing where it was killed while it wrote that down, before all else."""
    try:
        told = json.load(log)
    except ValueError:
        return ()
    return tuple(
        _Change(root=root, name=PurePosixPath(name), before=before, after=after)
        for name, (before, after) in told.items()
    )


def _text(file: Path) -> str | None:
    try:
        return file.read_bytes().decode(errors="surrogateescape")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
