"""`carrack init`: a workspace of one's own, in an empty folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

from carrack.errors import LockError, WorkspaceError
from carrack.model.index import Index
from carrack.model.new_workspace import Names, lay_out, required
from carrack.ports import NewFolder, Report, Toolkit

PINNED = PurePosixPath("requirements-dev.txt")
CARRACK = canonicalize_name("carrack")
BUILD_PINS = PurePosixPath("build-constraints.txt")
_MOST_SHOWN = 10


def init(
    folder: NewFolder,
    toolkit: Toolkit,
    names: Names,
    templates: Mapping[str, str],
    report: Report,
    index: Index | None = None,
) -> tuple[PurePosixPath, ...]:
    """Write a new workspace into `folder`; the files.

    `index` is the workspace's own where it is known. Raises WorkspaceError where the folder is not empty; LockError
    where the toolkit's index does not have everything, or another toolkit than the one that runs.
    """
    require_empty(folder)
    files = lay_out(templates, names, toolkit.versions[CARRACK], index)
    build, everything = required(files)
    exact = [f"{name}=={version}" for name, version in toolkit.versions.items()]
    report.step("Pinning", f"{', '.join(exact)}, and what the workspace needs beside")
    files[BUILD_PINS] = toolkit.pinned(build, "")
    files[PINNED] = toolkit.pinned((*everything, *exact), files[BUILD_PINS])
    report.step("Comparing", "the toolkit there with the one that runs")
    _require_ours(toolkit, files[PINNED])
    folder.write(files)
    return tuple(files)


def require_empty(folder: NewFolder) -> None:
    """Return if nothing is in `folder`. Raises WorkspaceError, with what is."""
    found = folder.contents()
    if found:
        raise WorkspaceError(
            "this folder is not empty",
            address=str(folder.path),
            faults=_listed(found),
            untouched="everything; nothing was written",
            hint="carrack init with a FOLDER that is new or empty (.git may be in it)",
        )


def _listed(found: tuple[str, ...]) -> tuple[str, ...]:
    rest = len(found) - _MOST_SHOWN
    return (*found[:_MOST_SHOWN], *([f"… and {rest} more"] if rest > 0 else []))


def _require_ours(toolkit: Toolkit, pins: str) -> None:
    differences = toolkit.differing(pins)
    if differences:
        raise LockError(
            "this index has another toolkit under the name of the one that runs",
            address=toolkit.place,
            faults=_listed(differences),
            untouched="everything; nothing was written",
            hint="configure pip (PIP_INDEX_URL) with the index that your team publishes the toolkit to; "
            "where that is this one, install carrack from it again",
        )
