"""Reads one index through CodeArtifact's API."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from packaging.utils import NormalizedName
from packaging.version import InvalidVersion, Version

from carrack.adapters.aws import Connection
from carrack.adapters.aws_errors import MissingError
from carrack.errors import IndexAccessError
from carrack.model.published import File, IndexState, PublishedPackage, PublishedVersion

_DISTRIBUTIONS = (".whl", ".tar.gz", ".zip")
_PIECE = 1 << 20

_Listing = Mapping[Version, Mapping[str, Any]]


class CodeArtifactReader:
    """Implements `ports.IndexReader`; only what the repository itself holds, never what it could get upstream.

    Versions that are not PEP 440 are left out, as pip leaves them out. Every method raises IndexAccessError where
    the index cannot be asked; that a package or version is not there is an answer and no error.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def state(self, wanted: Mapping[NormalizedName, Version]) -> IndexState:
        """See `ports.IndexReader`."""
        from carrack.adapters.aws_session import CONNECTIONS  # here, because botocore comes with it

        with ThreadPoolExecutor(CONNECTIONS) as pool:
            packages = pool.map(self._package, wanted.keys(), wanted.values())
            return IndexState(packages=dict(zip(wanted, packages, strict=True)))

    def version(self, name: NormalizedName, version: Version) -> PublishedVersion | None:
        """See `ports.IndexReader`."""
        return self._package(name, version).current

    def assets(self, name: NormalizedName, version: Version) -> tuple[File, ...]:
        """See `ports.IndexReader`. Asked by the version's normal spelling, which takes one request; else two."""
        found = self._files(self._coordinates(name, {"version": str(version)}))
        if found is None and (current := self.version(name, version)):
            found = current.files
        return found or ()

    def fetch(self, name: NormalizedName, version: Version, file: File, to: Path) -> None:
        """See `ports.IndexReader`. `to` appears whole or not at all."""
        summary = self._listing(name).get(version)
        if summary is None:
            raise IndexAccessError(f"{name} {version} is not there", address=self._address)
        with _whole_file(to) as stream:
            digest = self._download({**self._coordinates(name, summary), "asset": file.name}, stream)
            if digest != file.sha256:
                raise IndexAccessError(
                    f"{file.name} arrived with sha256 {digest}, and the index says {file.sha256}",
                    address=self._address,
                    untouched=str(to),
                    hint="run the same command again",
                )

    def _package(self, name: NormalizedName, version: Version) -> PublishedPackage:
        listing = self._listing(name)
        summary = listing.get(version)
        return PublishedPackage(
            versions=tuple(sorted(listing)),
            current=None if summary is None else self._published(name, version, summary),
        )

    def _listing(self, name: NormalizedName) -> _Listing:
        """Return the API's summary of each version; for two spellings of one version, the normal one's."""
        try:
            found = list(
                self._connection.pages("list_package_versions", "versions", **self._coordinates(name))
            )
        except MissingError as error:
            if error.kind != "package":
                raise
            return {}
        parsed = [(version, summary) for summary in found if (version := _parsed(summary["version"]))]
        return dict(sorted(parsed, key=lambda pair: str(pair[0]) == pair[1]["version"]))

    def _published(
        self, name: NormalizedName, version: Version, summary: Mapping[str, Any]
    ) -> PublishedVersion | None:
        files = self._files(self._coordinates(name, summary))
        if files is None:
            return None
        return PublishedVersion(
            version=version, status=summary["status"], revision=summary["revision"], files=files
        )

    def _files(self, where: Mapping[str, Any]) -> tuple[File, ...] | None:
        try:
            assets = list(self._connection.pages("list_package_version_assets", "assets", **where))
        except MissingError as error:
            if error.kind not in ("package", "package-version"):
                raise
            return None
        files = (self._file(asset) for asset in assets if asset["name"].endswith(_DISTRIBUTIONS))
        return tuple(sorted(files, key=lambda file: file.name))

    def _file(self, asset: Mapping[str, Any]) -> File:
        sha256 = asset.get("hashes", {}).get("SHA-256")
        if sha256 is None:
            raise IndexAccessError(f"the index gives no SHA-256 for {asset['name']}", address=self._address)
        return File(name=asset["name"], sha256=sha256.lower(), size=asset["size"])

    def _download(self, where: Mapping[str, Any], stream: BinaryIO) -> str:
        digest = hashlib.sha256()
        for piece in self._connection.stream("get_package_version_asset", "asset", _PIECE, **where):
            digest.update(piece)
            stream.write(piece)
        return digest.hexdigest()

    def _coordinates(self, name: NormalizedName, summary: Mapping[str, Any] | None = None) -> dict[str, Any]:
        where = {"repository": self._connection.index.repository, "format": "pypi", "package": name}
        return where | ({} if summary is None else {"packageVersion": summary["version"]})

    @property
    def _address(self) -> str:
        return f"index {self._connection.index.name}"


def _parsed(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


@contextmanager
def _whole_file(to: Path) -> Iterator[BinaryIO]:
    """Give a file beside `to` that takes its name when all went well, and is removed when not."""
    descriptor, partial = tempfile.mkstemp(dir=to.parent, prefix=f".{to.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
        os.replace(partial, to)
    except BaseException:
        os.unlink(partial)
        raise
