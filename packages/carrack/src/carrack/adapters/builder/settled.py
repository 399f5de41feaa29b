"""Sdists that depend on their files alone.

setuptools takes times, owners and modes of an sdist from the machine, whatever SOURCE_DATE_EPOCH says; others the order
from the file system, or one time from the clock. A tar archive can say all of it anew, and no file's content changes.
"""

from __future__ import annotations

import gzip
import os
import tarfile
from pathlib import Path

_FILE, _PROGRAM, _FOLDER = 0o644, 0o755, 0o755


def settle(sdist: Path, epoch: int) -> None:
    """Write the archive at `sdist` again: members by name, `epoch` as every time, no owner, plain modes.

    One that has that time, inside and out, and no owner already is left, so that it stays what `python -m build` makes.

    Raises `tarfile.TarError` where it is no archive.
    """
    with tarfile.open(sdist, "r:gz") as made:
        if _packed_at(sdist) in (0, epoch) and all(
            member.mtime == epoch and not _owner(member) for member in made
        ):
            return
    beside = sdist.with_name(f".{sdist.name}.settled")
    with (
        tarfile.open(sdist, "r:gz") as old,
        beside.open("wb") as file,
        gzip.GzipFile("", "wb", compresslevel=9, fileobj=file, mtime=epoch) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in sorted(old, key=lambda member: member.name):
            content = old.extractfile(member) if member.isreg() else None
            new.addfile(_plain(member, epoch), content)
    os.replace(beside, sdist)


def _packed_at(sdist: Path) -> int:
    """The time in the header of the gzip file (RFC 1952, 2.3): pdm-backend's is the clock's."""
    with sdist.open("rb") as packed:
        return int.from_bytes(packed.read(8)[4:], "little")


def _owner(member: tarfile.TarInfo) -> bool:
    return bool(member.uid or member.gid or member.uname or member.gname)


def _plain(member: tarfile.TarInfo, epoch: int) -> tarfile.TarInfo:
    plain = tarfile.TarInfo(member.name)
    plain.type, plain.linkname, plain.size = member.type, member.linkname, member.size
    plain.mtime = epoch
    plain.mode = _FOLDER if member.isdir() else _PROGRAM if member.mode & 0o100 else _FILE
    return plain
