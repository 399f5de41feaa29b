"""Whether a folder out of git has in it what a build of it needs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from carrack.errors import WorkspaceError

_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
"""How a file begins that stands for one in Git LFS (git-lfs's specification, "The Pointer")."""


def refuse_incomplete(folder: Path, path: PurePosixPath) -> None:
    """Raise WorkspaceError for links that lead out of `folder` or nowhere, and for Git LFS pointers.

    `path` is its own name; it may be a link itself, whose files are elsewhere. Any of these would be built into a
    distribution that works only beside the repository.
    """
    links = [(PurePosixPath(), str(folder.readlink()))] if folder.is_symlink() else _links_out(folder)
    outside = tuple(f"{path / link}: leads to {target}" for link, target in links)
    if outside:
        raise WorkspaceError(
            "a package has links to files outside of its folder, and only the folder is built",
            address=str(path),
            faults=outside,
            untouched="the index",
            hint="put the files themselves into the package, or make what they are a package that both require",
        )
    pointers = tuple(f"{path / file}: is a Git LFS pointer" for file in _pointers(folder))
    if pointers:
        raise WorkspaceError(
            "a package's files are in Git LFS, and were not fetched",
            address=str(path),
            faults=pointers,
            untouched="the index",
            hint="git lfs install && git lfs pull (in CI: lfs: true at the checkout)",
        )


def _links_out(folder: Path) -> Iterator[tuple[PurePosixPath, str]]:
    root = folder.resolve()
    for link in sorted(path for path in folder.rglob("*") if path.is_symlink()):
        # Not Path.resolve(), which raises another error in each Python where links lead to each other in a circle.
        target = Path(os.path.realpath(link))
        if not target.is_relative_to(root) or not target.exists():
            yield PurePosixPath(link.relative_to(folder).as_posix()), str(link.readlink())


def _pointers(folder: Path) -> Iterator[PurePosixPath]:
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
        with file.open("rb") as stream:
            if stream.read(len(_POINTER)) == _POINTER:
                yield PurePosixPath(file.relative_to(folder).as_posix())
