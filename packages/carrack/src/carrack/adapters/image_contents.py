"""Reads what is installed in an image out of the archive of its files."""

from __future__ import annotations

import re
import tarfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from email.message import Message
from email.parser import BytesHeaderParser
from typing import IO

from packaging.tags import Tag, parse_tag
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from carrack.errors import BuildError
from carrack.model.image_contents import Installed

_FILE = re.compile(r"(?:\./)?(?P<folder>.*/(?:site|dist)-packages)/[^/]+\.dist-info/(?P<file>METADATA|WHEEL)")
"""Where installers put it (packaging.python.org, "Recording installed projects"); not what a package carries."""


def installed(exported: IO[bytes]) -> tuple[Installed, ...]:
    """Every distribution in an archive of an image's files, as `docker export` writes it.

    Raises BuildError where the archive is not whole.
    """
    try:
        return tuple(sorted(_installed(_headers(exported)), key=lambda one: (one.folder, one.name)))
    except tarfile.ReadError as error:
        raise BuildError(f"the engine did not give all of the image's files: {error}") from None


def _headers(exported: IO[bytes]) -> Mapping[tuple[str, str], Mapping[str, Message]]:
    """The METADATA and WHEEL of each folder, by its place and its name."""
    found: dict[tuple[str, str], dict[str, Message]] = defaultdict(dict)
    with tarfile.open(fileobj=exported, mode="r|") as archive:
        for member in archive:
            place = _FILE.fullmatch(member.name) if member.isreg() else None
            body = archive.extractfile(member) if place else None
            if place and body:
                info = member.name.rpartition("/")[0]
                found[f"/{place['folder']}", info][place["file"]] = BytesHeaderParser().parsebytes(
                    body.read()
                )
    return found


def _installed(headers: Mapping[tuple[str, str], Mapping[str, Message]]) -> Iterator[Installed]:
    for (folder, _), files in headers.items():
        try:
            metadata = files["METADATA"]
            name = canonicalize_name(metadata["Name"] or "", validate=True)
            version = Version(metadata["Version"] or "")
        except (KeyError, InvalidName, InvalidVersion):
            continue  # what pip would not count as installed either
        yield Installed(name=name, version=version, tags=_tags(files.get("WHEEL")), folder=folder)


def _tags(wheel: Message | None) -> frozenset[Tag]:
    told = wheel.get_all("Tag", []) if wheel else []
    return frozenset(tag for line in told for tag in parse_tag(line))
