"""Answers for a file of a project, and keeps its version where it was asked for."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from codeartifact_local.naming import DistributionNameError, parse_project, parse_version
from codeartifact_local.pypi.address import Address
from codeartifact_local.pypi.errors import PypiError
from codeartifact_local.pypi.index import refreshed
from codeartifact_local.pypi.lookup import find_repository
from codeartifact_local.service import Service
from codeartifact_local.store import packages
from codeartifact_local.store.records import DOWNLOADABLE, EXTERNAL, Asset, Repository, Version
from codeartifact_local.upstream.chain import Hop, reach
from codeartifact_local.upstream.listing import Listing
from codeartifact_local.upstream.retention import ingest, retain


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
    """What the repositories on the way hold of it: the first that has the version decides."""

    hops: list[Hop]
    version: Version | None
    asset: Asset | None


async def download(service: Service, address: Address, request: Request, wanted: Wanted) -> Response:
    """Answer with the file's bytes.

    Raises:
        PypiError: 404, there is no such file, or its version's status does not let it be downloaded.
        PublicIndexError: the bytes are not here, and the public index does not give them.
    """
    found = await run_in_threadpool(_look, service, address, wanted)
    asset = found.asset
    if asset is None:
        asset = await _from_public(service, found, wanted)
    await run_in_threadpool(_retain, service, address, wanted)
    content = await service.supply.content(wanted.name, asset)
    headers = {} if content.size is None else {"Content-Length": str(content.size)}
    if request.method == "HEAD":
        return Response(headers=headers, media_type="application/octet-stream")
    return StreamingResponse(content.chunks, headers=headers, media_type="application/octet-stream")


def parse_wanted(project: str, version: str, filename: str) -> Wanted:
    """Read the path of a file's address; versions that are equal (PEP 440) are the same version.

    Raises:
        PypiError: 404, no file can have such a path.
    """
    try:
        return Wanted(name=parse_project(project), version=str(parse_version(version)), filename=filename)
    except DistributionNameError as error:
        raise PypiError(404, f"{error}.") from error


def _look(service: Service, address: Address, wanted: Wanted) -> Found:
    with service.database.read() as db:
        hops = reach(db, find_repository(db, address), wanted.name)
        for hop in hops:
            version = packages.find_version(db, hop.package, wanted.version) if hop.package else None
            if version is not None:
                if version.status not in DOWNLOADABLE:
                    raise PypiError(404, f"Version {wanted.version} of {wanted.name} is {version.status}.")
                asset = packages.find_asset(db, version, wanted.filename)
                return Found(hops=hops, version=version, asset=asset)
    return Found(hops=hops, version=None, asset=None)


async def _from_public(service: Service, found: Found, wanted: Wanted) -> Asset:
    holder = next((hop.repository for hop in found.hops if hop.public), None)
    is_public = found.version is None or found.version.origin.type == EXTERNAL
    if holder is None or not is_public:
        raise wanted.missing()
    listing = await service.supply.public.listing(wanted.name)
    asset = listing.versions.get(wanted.version, {}).get(wanted.filename) if listing else None
    if listing is None or asset is None:
        raise wanted.missing()
    await run_in_threadpool(_ingest, service, holder, found.version, wanted, listing)
    return asset


def _ingest(
    service: Service, holder: Repository, kept: Version | None, wanted: Wanted, listing: Listing
) -> None:
    files = listing.versions[wanted.version]
    with service.database.write() as db:
        if kept is None:
            ingest(db, holder, wanted.name, wanted.version, files.values(), service.clock.now())
        else:
            known = {file.name: file for file in packages.assets(db, kept)}
            packages.put_assets(db, kept, refreshed(known, files).values())


def _retain(service: Service, address: Address, wanted: Wanted) -> None:
    """Keep the version in the repository that was asked, the most downstream one; never between."""
    with service.database.read() as db:
        repository = find_repository(db, address)
        own, source = _own_and_source(service, repository, wanted)
    if own is None and source is not None:
        with service.database.write() as db:
            retain(db, repository, wanted.name, source, service.clock.now())


def _own_and_source(
    service: Service, repository: Repository, wanted: Wanted
) -> tuple[Version | None, Version | None]:
    with service.database.read() as db:
        found = [
            packages.find_version(db, hop.package, wanted.version) if hop.package else None
            for hop in reach(db, repository, wanted.name)
        ]
    return found[0], next((version for version in found if version is not None), None)
