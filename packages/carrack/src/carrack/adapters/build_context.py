"""A build's context as a stream: the workspace's files as git sees them, and what Carrack adds; nothing is copied."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from carrack.adapters.git import Git
from carrack.model.dockerignore import ignored
from carrack.ports import Context

_EPOCH = 315532800
"""1980-01-01: a layer should not tell when a checkout was made."""
_IGNORED = frozenset({".dockerignore", ".containerignore"})
"""podman would apply them to a stream once more, also to what is added; Docker does not."""


@dataclass(frozen=True, kw_only=True)
class WorkspaceContexts:
    """Implements `ports.Contexts` for the workspace of `git`."""

    git: Git

    def of(
        self, paths: Iterable[PurePosixPath], added: Mapping[PurePosixPath, bytes], dockerignore: str = ""
    ) -> Context:
        """See `ports.Contexts`. Modes are 0644 or 0755, owner and times fixed, so that only content counts."""
        root = self.git.root
        theirs = (path for path in self.git.files(paths) if path not in added and str(path) not in _IGNORED)
        files = [path for path in theirs if not ignored(str(path), dockerignore)]

        def write(stream: IO[bytes]) -> None:
            with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive:
                for path in files:
                    _add_file(archive, root, path)
                for path, content in sorted(added.items()):
                    archive.addfile(_member(path, len(content)), io.BytesIO(content))

        return write


def _add_file(archive: tarfile.TarFile, root: Path, path: PurePosixPath) -> None:
    here = root / path
    if here.is_symlink():
        link = _member(path, 0)
        link.type, link.linkname = tarfile.SYMTYPE, os.readlink(here)
        archive.addfile(link)
    elif here.is_file():  # a submodule is a folder, and a file that was deleted is none
        with here.open("rb") as body:
            known = os.fstat(body.fileno())
            program = bool(known.st_mode & stat.S_IXUSR)
            archive.addfile(_member(path, known.st_size, program=program), body)


def _member(path: PurePosixPath, size: int, *, program: bool = False) -> tarfile.TarInfo:
    member = tarfile.TarInfo(str(path))
    member.size, member.mtime, member.mode = size, _EPOCH, 0o755 if program else 0o644
    return member
