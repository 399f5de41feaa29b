"""An output folder that shows all of its files, or none: the manifest comes last."""

import fcntl
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from record_io.errors import OutputRefusedError

MANIFEST: Final = "_manifest.json"
_WORK: Final = ".unfinished"


class OutputFolder:
    """The folder `path`, new or empty, which a job fills once.

    Files are written to `work`, a hidden folder inside, until `publish` renames them into place and, last of
    all, the manifest that vouches for them. Left without that, the folder is as it was before; what a killed
    run left behind, the next one removes. Names that begin with a dot do not count as content. The manifest's
    name begins with `_`: readers of a folder of Parquet files pass over such names.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.work = path / _WORK

    def __enter__(self) -> Self:
        """Take the folder. Raises OutputRefusedError, with nothing changed, if it holds files already."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise OutputRefusedError(f"{self.path}: cannot be an output folder: {error.strerror}") from error
        try:
            self._claim()
        except BaseException:
            os.close(self._lock)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clear()
        os.close(self._lock)

    def publish(self, names: Sequence[str], manifest: Mapping[str, object]) -> None:
        """Rename `names` from `work` into place, then the manifest with a list of them under `files`.

        Everything is on the disk before the manifest's rename, which is atomic (POSIX rename).
        """
        text = json.dumps({**manifest, "files": list(names)}, indent=2, ensure_ascii=False)
        # A file name that is not UTF-8 is in the text as half surrogates, and leaves it as JSON's own escapes.
        (self.work / MANIFEST).write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
        for name in (*names, MANIFEST):
            _sync(self.work / name)
        for name in names:
            os.replace(self.work / name, self.path / name)
        _sync(self.path)
        os.replace(self.work / MANIFEST, self.path / MANIFEST)
        _sync(self.path)

    def _claim(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OutputRefusedError(f"{self.path}: another run is writing there now") from error
        self._clear()
        if (self.path / MANIFEST).exists():
            raise OutputRefusedError(
                f"{self.path}: holds a finished output, which stays as it is; name another or remove it"
            )
        if found := sorted(name for name in os.listdir(self.path) if not name.startswith(".")):
            raise OutputRefusedError(f"{self.path}: holds {found[0]!r}; name a folder that is new or empty")
        self.work.mkdir()

    def _clear(self) -> None:
        """Remove the work folder, and what was renamed out of it if its manifest is still there."""
        with suppress(FileNotFoundError, ValueError):  # one that was torn: no rename came after it
            for name in json.loads((self.work / MANIFEST).read_text(encoding="utf-8"))["files"]:
                (self.path / name).unlink(missing_ok=True)
        shutil.rmtree(self.work, ignore_errors=True)


def _sync(path: Path) -> None:
    """Wait until the file, or the folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
