"""Answers for a project's index page: the union of what the repository reaches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from sqlite3 import Connection

from packaging.version import Version as ParsedVersion
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from codeartifact_local.naming import DistributionNameError, parse_project
from codeartifact_local.pypi.address import Address
from codeartifact_local.pypi.errors import PypiError
from codeartifact_local.pypi.lookup import find_repository
from codeartifact_local.pypi.negotiation import JSON, negotiate
from codeartifact_local.pypi.pages import Project, render_html, render_json
from codeartifact_local.pypi.remembered import Remembered
from codeartifact_local.service import Service
from codeartifact_local.store import packages
from codeartifact_local.store.records import EXTERNAL, LISTED, Asset, Version
from codeartifact_local.upstream.chain import Hop, reach
from codeartifact_local.upstream.errors import PublicIndexError
from codeartifact_local.upstream.listing import Listing
from codeartifact_local.upstream.retention import refreshed
from codeartifact_local.visibility import Visibility


@dataclass(kw_only=True)
class Union:
    """What was found so far: the first repository that has a version decides about it."""

    decided: dict[str, Version | None] = field(default_factory=dict)
    files: dict[str, dict[str, Asset]] = field(default_factory=dict)
    refreshed: list[tuple[Version, dict[str, Asset]]] = field(default_factory=list)
    is_lasting: bool = True
    """Whether asking again would say the same; not while the public index fails, or uploads show late."""


Pages = Remembered[bytes]
"""Rendered pages, by repository, project and form."""


async def index_page(
    service: Service, pages: Pages, address: Address, request: Request, project: str
) -> Response:
    """Answer for the page of `project`.

    Raises:
        PypiError: 404 nobody on the way knows the project, 406 no acceptable form, 502 or 504 nobody here
            does, and the public index cannot be asked.
    """
    content_type = negotiate(request.headers.get("accept", ""))
    if content_type is None:
        raise PypiError(
            406, "A simple index page is to be had as application/vnd.pypi.simple.v1+json or text/html."
        )
    try:
        name = parse_project(project)
    except DistributionNameError as error:
        raise PypiError(404, f"{error}.") from error
    key = (address.owner, address.domain, address.repository, name, content_type)
    content = pages.get(key, service.database.generation, service.clock.now())
    if content is None:
        content = await _rendered(service, pages, address, key)
    return Response(content, media_type=content_type, headers={"Vary": "Accept"})


async def _rendered(service: Service, pages: Pages, address: Address, key: tuple[str, ...]) -> bytes:
    *_, name, content_type = key
    generation = service.database.generation  # read before the data are: a change meanwhile makes this old
    hops = await run_in_threadpool(_reach, service, address, name)
    found = await _found(service, hops, name)
    page = Project(name=name, versions=_sorted(found.files))
    render = render_json if content_type == JSON else render_html
    content = (await run_in_threadpool(render, page)).encode()
    if found.is_lasting:
        until = service.supply.public.believed_until(name)
        pages.put(key, content, size=len(content), generation=generation, until=until)
    return content


def _reach(service: Service, address: Address, name: str) -> list[Hop]:
    with service.database.read() as db:
        return reach(db, find_repository(db, address), name)


async def _found(service: Service, hops: list[Hop], name: str) -> Union:
    listing, failure = None, None
    if any(hop.public for hop in hops):
        try:
            listing = await service.supply.public.listing(name)
        except PublicIndexError as error:
            failure = error
    found = await run_in_threadpool(_union, service, hops, listing)
    found.is_lasting = failure is None and not service.settings.visible_after_seconds
    if not found.decided and failure is not None:
        raise failure
    if not found.decided:
        raise PypiError(404, f"There is no project {name} here.")
    if found.refreshed:
        await run_in_threadpool(_refresh, service, found)
    return found


def _union(service: Service, hops: list[Hop], listing: Listing | None) -> Union:
    found = Union()
    visibility = Visibility(now=service.clock.now(), settings=service.settings)
    with service.database.read() as db:
        for hop in hops:
            _add_stored(db, hop, found, visibility)
            if hop.public and listing is not None:
                _add_public(listing, found)
    return found


def _add_stored(db: Connection, hop: Hop, found: Union, visibility: Visibility) -> None:
    if hop.package is None:
        return
    files = packages.assets_by_version(db, hop.package)
    for version in packages.versions(db, hop.package):
        if version.version not in found.decided:
            found.decided[version.version] = version
            if version.status in LISTED and visibility.on_pages(version):
                found.files[version.version] = {file.name: file for file in files.get(version.id, ())}


def _add_public(listing: Listing, found: Union) -> None:
    for version, files in listing.versions.items():
        if version not in found.decided:
            found.decided[version] = None
            found.files[version] = dict(files)
            continue
        kept = found.decided[version]
        if kept is not None and kept.origin.type == EXTERNAL and version in found.files:
            fresh = refreshed(found.files[version], files)
            if fresh != found.files[version]:
                found.files[version] = fresh
                found.refreshed.append((kept, fresh))


def _refresh(service: Service, found: Union) -> None:
    with service.database.write() as db:
        for version, files in found.refreshed:
            packages.put_assets(db, version, files.values())


def _sorted(files: Mapping[str, Mapping[str, Asset]]) -> dict[str, list[Asset]]:
    return {
        version: [files[version][name] for name in sorted(files[version])]
        for version in sorted(files, key=ParsedVersion)
    }
