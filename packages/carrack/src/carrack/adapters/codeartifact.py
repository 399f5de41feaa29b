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
from carrack.adapters.known_versions import Key, KnownVersions
from carrack.adapters.pace import Pace
from carrack.errors import IndexAccessError
from carrack.model.published import File, IndexState, PublishedPackage, PublishedVersion

_DISTRIBUTIONS = (".whl", ".tar.gz", ".zip")
_PIECE = 1 << 20

Files = tuple[File, ...]
_Listing = Mapping[Version, Mapping[str, Any]]


class CodeArtifactReader:
    """Implements `ports.IndexReader`; only what the repository itself holds, never what it could get upstream.

    Versions that are not PEP 440 are left out, as pip leaves them out. Every method raises IndexAccessError where
    the index cannot be asked; that a package or version is not there is an answer and no error. What `versions` knows
    of a revision is not asked again, where packages are asked about together.
    """

    def __init__(self, connection: Connection, versions: KnownVersions | None = None) -> None:
        self._connection = connection
        self._versions = versions
        self._pace = Pace(connection.index.listings_per_second)

    def state(self, wanted: Mapping[NormalizedName, Version]) -> IndexState:
        """See `ports.IndexReader`."""
        from carrack.adapters.aws_session import CONNECTIONS  # here, because botocore comes with it

        known = self._versions.read(self._connection.index) if self._versions else {}
        seen = {key: files for key, files in known.items() if key[0] not in wanted}
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            packages = list(pool.map(lambda one: self._package(one[0], one[1], known, seen), wanted.items()))
        if self._versions and seen != known:
            self._versions.write(self._connection.index, seen)
        return IndexState(packages=dict(zip(wanted, packages, strict=True)))

    def version(self, name: NormalizedName, version: Version) -> PublishedVersion | None:
        """See `ports.IndexReader`."""
        return self._package(name, version, {}, {}).current

    def assets(self, name: NormalizedName, version: Version) -> tuple[File, ...]:
        """See `ports.IndexReader`. Asked by the version's normal spelling, which takes one request; else two."""
        found, _ = self._files(self._coordinates(name, {"version": str(version)}))
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

    def _package(
        self, name: NormalizedName, version: Version, known: Mapping[Key, Files], seen: dict[Key, Files]
    ) -> PublishedPackage:
        """The package; what may be known of its version from now on is put into `seen`."""
        listing = self._listing(name)
        versions, summary = tuple(sorted(listing)), listing.get(version)
        if summary is None:
            return PublishedPackage(versions=versions)
        status, revision = summary["status"], summary["revision"]
        key = (name, summary["version"], status, revision)
        files, seen_at = known.get(key), revision
        if files is None:
            files, seen_at = self._files(self._coordinates(name, summary))
        if files is None:
            return PublishedPackage(versions=versions)
        if seen_at == revision:  # one list may be behind the other
            seen[key] = files
        current = PublishedVersion(version=version, status=status, revision=revision, files=files)
        return PublishedPackage(versions=versions, current=current)

    def _listing(self, name: NormalizedName) -> _Listing:
        """Return the API's summary of each version; for two spellings of one version, the normal one's."""
        self._pace.wait()
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

    def _files(self, where: Mapping[str, Any]) -> tuple[Files | None, str]:
        """A version's files, and the revision that has them; None where it is not there."""
        try:
            pages = list(self._connection.answers("list_package_version_assets", **where))
        except MissingError as error:
            if error.kind not in ("package", "package-version"):
                raise
            return None, ""
        assets = (asset for page in pages for asset in page["assets"])
        files = (self._file(asset) for asset in assets if asset["name"].endswith(_DISTRIBUTIONS))
        return tuple(sorted(files, key=lambda file: file.name)), pages[0].get("versionRevision", "")

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
