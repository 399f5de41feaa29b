"""Answers for a file of a project, and keeps its version where it was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from codeartifact_local.content import whole
from codeartifact_local.naming import DistributionNameError, parse_project, parse_version
from codeartifact_local.pypi.address import Address
from codeartifact_local.pypi.errors import PypiError
from codeartifact_local.pypi.lookup import find_repository
from codeartifact_local.pypi.remembered import Remembered
from codeartifact_local.service import Service
from codeartifact_local.store import packages
from codeartifact_local.store.records import DOWNLOADABLE, EXTERNAL, Asset, Repository, Version
from codeartifact_local.upstream.chain import Hop, reach
from codeartifact_local.upstream.retention import ingest, refreshed, retain

_BYTES = "application/octet-stream"
_READ_AT_ONCE = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The file that a client asks for."""

    name: str
    version: str
    filename: str

    def missing(self) -> PypiError:
        """Return the answer that it is not here."""
        return PypiError(404, f"There is no file {self.filename} of {self.name} {self.version} here.")


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file, its version, and the repository that holds it."""

    holder: Repository
    version: Version
    asset: Asset


@dataclass(frozen=True, kw_only=True)
class Held:
    """What the repositories on the way hold of it: the first that has the version decides."""

    hops: list[Hop]
    holder: Repository | None = None
    version: Version | None = None
    asset: Asset | None = None

    def found(self) -> Found | None:
        """Return the file, unless only the public index can have it."""
        if self.holder is None or self.version is None or self.asset is None:
            return None
        return Found(holder=self.holder, version=self.version, asset=self.asset)


Files = Remembered[Asset]
"""Files that the repositories that were asked for them keep, by repository, project, version and name."""


async def download(
    service: Service, files: Files, address: Address, request: Request, wanted: Wanted
) -> Response:
    """Answer with the file's bytes, and keep its version in the repository that was asked.

    Raises:
        PypiError: 404, there is no such file, or its version's status does not let it be downloaded.
        PublicIndexError: the bytes are not here, and the public index does not give them.
    """
    key = (address.owner, address.domain, address.repository, wanted)
    asset = files.get(key, service.database.generation, service.clock.now())
    if asset is None:
        asset = await _found(service, files, address, wanted)
    if request.method == "HEAD":
        return Response(headers=_length(asset.size), media_type=_BYTES)
    if asset.digests is not None and asset.digests.size <= _READ_AT_ONCE:
        # Quicker than handing it to a thread: it is in the page cache, or one read of the disk away.
        content = whole(service.blobs.path(asset.sha256), asset.sha256)
        return Response(content, media_type=_BYTES)
    streamed = await service.supply.content(wanted.name, asset)
    return StreamingResponse(streamed.chunks, headers=_length(streamed.size), media_type=_BYTES)


async def _found(service: Service, files: Files, address: Address, wanted: Wanted) -> Asset:
    generation = service.database.generation  # read before the data are: a change meanwhile makes this old
    held = await run_in_threadpool(_look, service, address, wanted)
    found = held.found() or await _from_public(service, held, wanted)
    asked = held.hops[0].repository
    if found.holder != asked:
        await run_in_threadpool(_retain, service, asked, found.version, wanted)
    elif found.asset.digests is not None:
        key = (address.owner, address.domain, address.repository, wanted)
        files.put(key, found.asset, size=1, generation=generation)
    return found.asset


def _length(size: int | None) -> dict[str, str]:
    return {} if size is None else {"Content-Length": str(size)}


def parse_wanted(project: str, version: str, filename: str) -> Wanted:
    """Read the path of a file's address; versions that are equal (PEP 440) are the same version.

    Raises:
        PypiError: 404, no file can have such a path.
    """
    try:
        return Wanted(name=parse_project(project), version=str(parse_version(version)), filename=filename)
    except DistributionNameError as error:
        raise PypiError(404, f"{error}.") from error


def _look(service: Service, address: Address, wanted: Wanted) -> Held:
    with service.database.read() as db:
        hops = reach(db, find_repository(db, address), wanted.name)
        for hop in hops:
            version = packages.find_version(db, hop.package, wanted.version) if hop.package else None
            if version is not None:
                if version.status not in DOWNLOADABLE:
                    raise PypiError(404, f"Version {wanted.version} of {wanted.name} is {version.status}.")
                asset = packages.find_asset(db, version, wanted.filename)
                return Held(hops=hops, holder=hop.repository, version=version, asset=asset)
    return Held(hops=hops)


async def _from_public(service: Service, held: Held, wanted: Wanted) -> Found:
    """Take the version from the public index: the whole of it, or the files that are new there."""
    connected = next((hop.repository for hop in held.hops if hop.public), None)
    is_public = held.version is None or held.version.origin.type == EXTERNAL
    if connected is None or not is_public:
        raise wanted.missing()
    listing = await service.supply.public.listing(wanted.name)
    files = listing.versions.get(wanted.version, {}) if listing else {}
    if wanted.filename not in files:
        raise wanted.missing()
    version = await run_in_threadpool(_ingest, service, connected, held.version, wanted, files)
    return Found(holder=held.holder or connected, version=version, asset=files[wanted.filename])


def _ingest(
    service: Service, connected: Repository, kept: Version | None, wanted: Wanted, files: Mapping[str, Asset]
) -> Version:
    with service.database.write() as db:
        if kept is None:
            return ingest(db, connected, wanted.name, wanted.version, files.values(), service.clock.now())
        known = {file.name: file for file in packages.assets(db, kept)}
        return packages.put_assets(db, kept, refreshed(known, files).values())


def _retain(service: Service, asked: Repository, version: Version, wanted: Wanted) -> None:
    with service.database.write() as db:
        retain(db, asked, wanted.name, version, service.clock.now())
