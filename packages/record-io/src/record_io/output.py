"""An output folder that shows all of its files, or none: the manifest comes last."""

import errno
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from record_io.errors import MissingInputError, OutputRefusedError, RecordIOError
from record_io.local_store import LocalStore
from record_io.locks import locked
from record_io.stores import Store, store_at

MANIFEST: Final = "_manifest.json"
UNFINISHED: Final = ".unfinished"
_INTENT: Final = f"{UNFINISHED}/{MANIFEST}"
_WORK: Final = "work-"
_NO_FOLDER: Final = {
    *(errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP),
    errno.EROFS,  # of a container, whose image is not written to
}


class OutputFolder:
    """The folder `where`, new or empty, here or on S3, which a job fills once.

    Files are made in `work`, on this machine, until `publish` moves them into place and, last of all, the manifest
    that vouches for them. What has to outlive this process goes to `store`, to the folder `own` below `.unfinished`,
    where the next run finds it. Left without `publish`, this folder is as it was before, and what others left below
    `.unfinished` stays; `own` is removed, but not after an error of the kinds in `resumable`. Names that begin with a
    dot do not count as content. The manifest's name begins with `_`: readers of a folder of Parquet files pass over
    such names.

    A job with a `share` does not publish: the folder of that name is its own, and stays, while others may fill
    theirs. Folders of this machine are locked. On S3 nothing is: two jobs must not be given the same.
    """

    def __init__(
        self,
        where: str | os.PathLike[str],
        *,
        resumable: tuple[type[BaseException], ...] = (),
        own: str | None = None,
        share: str | None = None,
    ) -> None:
        self.store: Store = store_at(where)
        self._resumable = resumable
        self._own = share or own
        self._share = share
        self._published = False
        self._held = ExitStack()

    def __enter__(self) -> Self:
        """Take the folder. Raises OutputRefusedError, with nothing changed, if it holds files already.

        Or if its address can be no folder. What a file system refuses otherwise (access, a full disk) is an OSError.
        """
        with ExitStack() as held:
            try:
                self._lock(held)
                self._refuse_others()
                self._make_work(held)
            except (MissingInputError, OSError) as error:
                if isinstance(error, OSError) and error.errno not in _NO_FOLDER:
                    raise
                reason = error.strerror if isinstance(error, OSError) else error
                raise OutputRefusedError(
                    f"{self.store.address}: cannot be an output folder: {reason}"
                ) from error
            self._held = held.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # What cannot be removed is hidden, and no reason to end otherwise than the job does.
        with self._held, suppress(RecordIOError, OSError):
            if self._published:
                self.store.remove(UNFINISHED)
                return
            if self._share is None:
                self._take_back()
            if not (self._share if kind is None else issubclass(kind, self._resumable)):
                self._forget()

    def finished(self) -> Mapping[str, object] | None:
        """Return the manifest, if the folder holds a finished output; what a killed run left beside it goes."""
        data = self.store.read(MANIFEST)
        if data is None:
            return None
        self.store.remove(UNFINISHED)
        found: Mapping[str, object] = json.loads(data)
        return found

    def publish(self, names: Sequence[str], manifest: Mapping[str, object]) -> None:
        """Move `names` from `work` into place, then write the manifest with a list of them under `files`.

        Every file is whole and on the disk before the manifest, which gets its name at once.
        """
        text = json.dumps({**manifest, "files": list(names)}, indent=2, ensure_ascii=False) + "\n"
        # A file name that is not UTF-8 is in the text as half surrogates, and leaves it as JSON's own escapes.
        data = text.encode(errors="backslashreplace")
        self.store.write(_INTENT, data)
        for name in names:
            self.store.take(name, self.work / name)
        self.store.write(MANIFEST, data)
        self._published = True

    def _lock(self, held: ExitStack) -> None:
        if isinstance(self.store, LocalStore):
            path = self.store.path
            path.mkdir(parents=True, exist_ok=True)
            held.enter_context(locked(path, shared=self._share is not None))
            if self._share:
                (path / UNFINISHED / self._share).mkdir(parents=True, exist_ok=True)
                held.enter_context(locked(path / UNFINISHED / self._share))

    def _refuse_others(self) -> None:
        names = self.store.names()
        if MANIFEST in names:
            raise OutputRefusedError(
                f"{self.store.address}: holds a finished output, which stays as it is; name another or remove it"
            )
        ours = self._half_published()
        if others := sorted(name for name in names if not name.startswith(".") and name not in ours):
            raise OutputRefusedError(
                f"{self.store.address}: holds {others[0]!r}; name a folder that is new or empty"
            )

    def _make_work(self, held: ExitStack) -> None:
        if self._share is None:
            self._take_back()
        scratch = None
        if isinstance(self.store, LocalStore):  # where files can be renamed into place
            scratch = self.store.path / UNFINISHED
            scratch.mkdir(exist_ok=True)
        self.work = Path(held.enter_context(tempfile.TemporaryDirectory(prefix=_WORK, dir=scratch)))

    def _half_published(self) -> list[str]:
        """Return what a run that was killed may have moved into place; nothing, if its list was torn."""
        with suppress(ValueError, TypeError):
            return list(json.loads(self.store.read(_INTENT) or b"")["files"])
        return []

    def _forget(self) -> None:
        """Remove what is this run's own; and the folder that it is in, where nobody else has anything."""
        if self._own:
            self.store.remove(f"{UNFINISHED}/{self._own}")
        if self._share is None and not any(self.store.files(UNFINISHED)):
            self.store.remove(UNFINISHED)

    def _take_back(self) -> None:
        """Remove what was moved into place, and what killed runs have left on this machine."""
        for name in self._half_published():
            self.store.remove(name)
        self.store.remove(_INTENT)
        if isinstance(self.store, LocalStore):
            for old in (self.store.path / UNFINISHED).glob(f"{_WORK}*"):
                self.store.remove(f"{UNFINISHED}/{old.name}")
