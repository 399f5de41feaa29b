"""Reads the core metadata out of a wheel or sdist, whatever else the file may be."""

import io
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

from packaging.metadata import RawMetadata, parse_email
from packaging.utils import canonicalize_name

from codeartifact_local.naming import Distribution, DistributionNameError, parse_version

_MAX_METADATA_BYTES = 8 * 1024**2
_MAX_UNPACKED_BYTES = 1024**3
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


class ArchiveError(Exception):
    """The file is not the distribution that its name says; the message is one sentence."""


def read_metadata(path: Path, distribution: Distribution) -> RawMetadata:
    """Return the core metadata of the archive at `path`.

    Raises:
        ArchiveError: it is no archive, has no metadata, or its metadata names something else.
    """
    kind = "wheel" if distribution.is_wheel else "sdist"
    try:
        content = _content(path, distribution)
    except _BROKEN as error:
        raise ArchiveError(f"{distribution.filename} is not a readable {kind}") from error
    if content is None:
        raise ArchiveError(f"{distribution.filename} has no core metadata, so that it is not a {kind}")
    metadata, _ = parse_email(content)
    _check_identity(metadata, distribution)
    return metadata


def description(metadata: RawMetadata) -> dict[str, Any]:
    """Return what DescribePackageVersion tells of core metadata."""
    urls = {label.lower(): url for label, url in metadata.get("project_urls", {}).items()}
    license_name = metadata.get("license_expression") or metadata.get("license")
    return {
        "displayName": metadata.get("name"),
        "summary": metadata.get("summary"),
        "homePage": metadata.get("home_page") or urls.get("homepage"),
        "sourceCodeRepository": urls.get("source") or urls.get("repository"),
        "licenses": [{"name": license_name[:255]}] if license_name else [],
    }


def _check_identity(metadata: RawMetadata, distribution: Distribution) -> None:
    name, version = metadata.get("name", ""), metadata.get("version", "")
    try:
        is_same = parse_version(version) == distribution.version
    except DistributionNameError:
        is_same = False
    if not is_same or canonicalize_name(name) != distribution.name:
        raise ArchiveError(
            f"{distribution.filename} is, by its own metadata, {name[:255]!r} {version[:255]!r}"
        )


def _content(path: Path, distribution: Distribution) -> bytes | None:
    if distribution.filename.endswith(".tar.gz"):
        return _from_tar(path)
    return _from_zip(path, is_wheel=distribution.is_wheel)


def _from_zip(path: Path, *, is_wheel: bool) -> bytes | None:
    folder, file = (".dist-info", "METADATA") if is_wheel else ("", "PKG-INFO")
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            parent, _, name = member.filename.rpartition("/")
            if name == file and "/" not in parent and parent and parent.endswith(folder):
                with archive.open(member) as content:
                    return _bounded(content)  # type: ignore[arg-type]
    return None


def _from_tar(path: Path) -> bytes | None:
    # A gzip file of a few kilobytes can unpack to many gigabytes; this reads no further than the limit.
    with path.open("rb") as packed, tarfile.open(fileobj=_Unpacking(packed), mode="r|") as archive:
        for member in archive:
            folder, _, name = member.name.rpartition("/")
            if name == "PKG-INFO" and folder and "/" not in folder and member.isfile():
                content = archive.extractfile(member)
                return _bounded(content) if content else None  # type: ignore[arg-type]
    return None


def _bounded(content: BinaryIO) -> bytes:
    found = content.read(_MAX_METADATA_BYTES + 1)
    if len(found) > _MAX_METADATA_BYTES:
        raise ValueError("metadata larger than 8 MiB")
    return found


class _Unpacking(io.RawIOBase):
    """A gzip stream that ends in an error after `_MAX_UNPACKED_BYTES`."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        self._gzip = zlib.decompressobj(wbits=31)
        self._left = _MAX_UNPACKED_BYTES

    def read(self, size: int = -1) -> bytes:
        unpacked = bytearray()
        while len(unpacked) < size and not self._gzip.eof:
            packed = self._gzip.unconsumed_tail or self._packed.read(64 * 1024)
            if not packed:
                raise EOFError("the gzip stream is cut short")
            unpacked += self._gzip.decompress(packed, size - len(unpacked))
        self._left -= len(unpacked)
        if self._left < 0:
            raise ValueError("unpacks to more than 1 GiB")
        return bytes(unpacked)
