"""A build as another machine would do it: another home, language, time zone, folder, and order of files."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from carrack.adapters.builder import IsolatedBuilder
from carrack.model.artifact import Artifact, Kinds, Source


@dataclass(frozen=True)
class Elsewhere:
    """Implements `ports.Builder` through another, with what is left of chance turned the other way."""

    builder: IsolatedBuilder

    def build(self, sources: Sequence[Source], out: Path, kinds: Kinds = Kinds.BOTH) -> tuple[Artifact, ...]:
        """See `ports.Builder`; raises as the builder does."""
        with tempfile.TemporaryDirectory(prefix="carrack-elsewhere-") as scratch:
            home = Path(scratch) / "home"
            home.mkdir()
            seen = {"HOME": str(home), "LANG": "C", "LC_ALL": "C", "TZ": "Pacific/Kiritimati"}
            other = replace(self.builder, backends={**self.builder.backends, **seen}, backwards=True)
            moved = [replace(source, path=_laid_out_again(source.path, Path(scratch))) for source in sources]
            return other.build(moved, out, kinds)


def _laid_out_again(folder: Path, scratch: Path) -> Path:
    """The same files in a folder of another name, made in the opposite order: some file systems list them so."""
    copy = scratch / f"{folder.name}-again"
    copy.mkdir()
    for path in sorted(folder.rglob("*"), reverse=True):
        target = copy / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink() or path.is_file():
            shutil.copy2(path, target, follow_symlinks=False)
        else:
            target.mkdir(exist_ok=True)
    for path in (folder, *folder.rglob("*")):
        times = path.lstat()
        os.utime(copy / path.relative_to(folder), (times.st_atime, times.st_mtime), follow_symlinks=False)
    return copy
