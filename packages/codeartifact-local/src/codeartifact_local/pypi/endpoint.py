"""The ASGI endpoint under ``/pypi/``."""

import asyncio
import logging

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from codeartifact_local.content import BrokenContentError
from codeartifact_local.pypi.address import Address, parse_address
from codeartifact_local.pypi.authorization import authorize
from codeartifact_local.pypi.download import Files, download, parse_wanted
from codeartifact_local.pypi.errors import PypiError
from codeartifact_local.pypi.index import Pages, index_page
from codeartifact_local.pypi.upload import upload
from codeartifact_local.service import Service
from codeartifact_local.store.room import disk_is_full
from codeartifact_local.upstream.errors import PublicIndexError

_log = logging.getLogger(__name__)
_MOST_PAGE_BYTES = 16 * 1024**2
_MOST_FILES = 10_000
_MAX_DRAINED_BYTES = 64 * 1024**2


class PypiEndpoint:
    """Answers uploads, index pages and downloads of every repository."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._pages = Pages(most=_MOST_PAGE_BYTES)
        self._files = Files(most=_MOST_FILES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; an answer that breaks after it began is cut short, never completed."""
        request = Request(scope, receive)
        response = await self._respond(request)
        try:
            await response(scope, receive, send)
        except (BrokenContentError, PublicIndexError) as error:
            _log.error("%s cut short: %s", scope["path"], error)

    async def _respond(self, request: Request) -> Response:
        try:
            return await self._answer(request)
        except PypiError as error:
            if error.status != 408:
                await _drain(request, self._service.settings.stalled_upload_seconds)
            return error.answer()
        except PublicIndexError as error:
            return PypiError(error.status, str(error)).answer()
        except BrokenContentError as error:
            return PypiError(502, str(error)).answer()
        except Exception as error:
            if disk_is_full(error):
                _log.error("%s %s: %s", request.method, request.url.path, error)
                return PypiError(507, "The disk that codeartifact-local keeps its data on is full.").answer()
            _log.exception("%s %s failed", request.method, request.url.path)
            return PypiError(500, "codeartifact-local failed; its log has the traceback.").answer()

    async def _answer(self, request: Request) -> Response:
        address = parse_address(request.scope["raw_path"], request.headers.get("host", ""))
        authorize(self._service, request.headers.get("authorization"), address)
        if request.method == "POST":
            return await self._post(address, request)
        if request.method not in ("GET", "HEAD"):
            raise PypiError(
                405, f"{request.method} is not a method of this endpoint.", {"Allow": "GET, HEAD, POST"}
            )
        return await self._get(address, request)

    async def _post(self, address: Address, request: Request) -> Response:
        if address.rest not in ((), ("",)):
            raise PypiError(
                404, "Uploads are posted to the repository's own address, which ends after its name."
            )
        return await upload(self._service, address, request)

    async def _get(self, address: Address, request: Request) -> Response:
        match address.rest:
            case ("simple", project, "") if project:
                return await index_page(self._service, self._pages, address, request, project)
            case ("simple", project) if project:
                return RedirectResponse(f"{project}/", status_code=301)
            case ("simple", project, version, filename):
                wanted = parse_wanted(project, version, filename)
                return await download(self._service, self._files, address, request, wanted)
        raise PypiError(
            404, "Only simple/PROJECT/ and the files that it lists are here; there is no list of projects."
        )


async def _drain(request: Request, seconds: float) -> None:
    """Read what the client still sends, within reason: many clients read an answer only after that."""
    left = _MAX_DRAINED_BYTES
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                left -= len(chunk)
                if left < 0:
                    return
    except Exception:  # the stream was read already, or the client has gone: nothing is left to read
        return
