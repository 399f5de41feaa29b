"""Looks into wheels and sdists."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from carrack.errors import BuildError
from carrack.model.reproduction import Member

_PIECE = 1 << 20


class BuiltArchives:
    """Implements `ports.Archives`."""

    def members(self, path: Path) -> Mapping[str, bytes]:
        """See `ports.Archives`. A link's content is its target. All is read, so that all of it was looked at."""
        if path.suffix == ".whl":
            with _readable(path), zipfile.ZipFile(path) as wheel:
                return {name: wheel.read(name) for name in wheel.namelist() if not name.endswith("/")}
        with _readable(path), tarfile.open(path) as sdist:
            found = {
                member.name.partition("/")[2]: _content(sdist, member)
                for member in sdist
                if not member.isdir()
            }
            while sdist.fileobj and sdist.fileobj.read(_PIECE):
                pass  # to the checksum at the end of the compressed stream, which tarfile does not read
            return found

    def listing(self, path: Path) -> tuple[Member, ...]:
        """See `ports.Archives`. Times of a wheel are those of its zip archive, read as UTC."""
        if path.suffix == ".whl":
            with _readable(path), zipfile.ZipFile(path) as wheel:
                return tuple(_zipped(wheel, info) for info in wheel.infolist())
        with _readable(path), tarfile.open(path) as sdist:
            return tuple(_packed(sdist, member) for member in sdist)

    def epoch(self, sdist: Path) -> int | None:
        """See `ports.Archives`. It is the time of the sdist's pyproject.toml, which every backend takes over."""
        try:
            with _readable(sdist), tarfile.open(sdist) as archive:
                for member in archive:
                    if member.name.count("/") == 1 and member.name.endswith("/pyproject.toml"):
                        return int(member.mtime)
        except BuildError:
            pass  # somebody else's file on the index may be anything
        return None


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Raise BuildError for whatever is wrong with an archive."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        EOFError,
        OSError,
        RuntimeError,
        ValueError,
    ) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk, and not what is on it
        raise BuildError(
            f"is no archive that can be read: {error or type(error).__name__}",
            address=path.name,
            untouched="the index",
            hint="build that file anew, or fetch it again",
        ) from None


def _zipped(wheel: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    return Member(
        name=info.filename,
        time=int(datetime(*info.date_time, tzinfo=UTC).timestamp()),
        mode=info.external_attr >> 16 & 0o7777,
        owner="",
        content=wheel.read(info),
    )


def _packed(sdist: tarfile.TarFile, member: tarfile.TarInfo) -> Member:
    return Member(
        name=member.name,
        time=int(member.mtime),
        mode=member.mode & 0o7777,
        owner=f"{member.uname or member.uid}:{member.gname or member.gid}",
        content=b"" if member.isdir() else _content(sdist, member),
    )


def _content(sdist: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = sdist.extractfile(member) if member.isfile() else None
    return stream.read() if stream else f"link to {member.linkname}".encode()
