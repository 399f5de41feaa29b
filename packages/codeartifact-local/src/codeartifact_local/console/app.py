"""The ASGI application of the console: ``/`` and all below ``/console/``."""

import logging
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from codeartifact_local.console.addresses import CONSOLE, LOGIN, LOGOUT, place_of, segments_of
from codeartifact_local.console.gate import Gate, Verdict
from codeartifact_local.service import Service

_log = logging.getLogger(__name__)
_MAX_FORM_BYTES = 8 * 1024
_HEADERS = {
    # No script at all, nothing from elsewhere, and nobody's frame.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_STATIC = {"console.css": "text/css", "icon.svg": "image/svg+xml"}
_CLOSED = {
    Verdict.CLOSED: "Other machines can reach this server, and its console has no password."
    " Set CODEARTIFACT_LOCAL_CONSOLE_PASSWORD where it is started.",
    Verdict.FOREIGN: "The console answers to this machine's own names only, as 127.0.0.1 or localhost.",
}


def is_console(raw_path: bytes) -> bool:
    """Return whether a path is one of the console's."""
    return raw_path == b"/" or raw_path.startswith(CONSOLE.encode())


class Console:
    """Answers with pages; nothing but a session begins or ends here."""

    def __init__(self, service: Service) -> None:
        settings = service.settings
        self._service = service
        self._gate = Gate(password=settings.console_password, only_this_machine=settings.only_this_machine)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            response = Response(status_code=400)
        except Exception:
            _log.exception("%s %s failed", request.method, request.url.path)
            response = await self._message(500, "codeartifact-local failed; its log has the traceback.")
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        verdict = self._gate.judge(request, self._service.clock.now())
        if verdict in _CLOSED:
            return await self._message(403, _CLOSED[verdict])
        path = request.scope["raw_path"]
        segments = [] if path == b"/" else segments_of(path)
        if request.method == "POST" and self._gate.password is not None:
            if path == LOGIN.encode():
                return await self._login(request)
            if path == LOGOUT.encode():
                return self._logout(request)
        if request.method not in ("GET", "HEAD"):
            return await self._message(405, "These pages can only be read.", {"Allow": "GET, HEAD"})
        if segments is not None and segments[:1] == ["-"] and segments[-1] in _STATIC and len(segments) == 2:
            return Response(_static(segments[1]), media_type=_STATIC[segments[1]])
        if verdict is Verdict.LOGIN:
            return await self._page(401, "login.html", {"next": _wanted(request), "error": None})
        return await self._show(request, segments)

    async def _show(self, request: Request, segments: list[str] | None) -> Response:
        # The pages' libraries are imported with the first page: most servers of tests never show one.
        from codeartifact_local.console.pages import MissingError

        try:
            template, values = await run_in_threadpool(self._values, request, segments)
        except MissingError as error:
            return await self._message(404, str(error))
        return await self._page(200, template, values)

    def _values(self, request: Request, segments: list[str] | None) -> tuple[str, dict[str, Any]]:
        from codeartifact_local.console import pages

        query = request.query_params.get("page", "1")
        if segments == []:
            return "domains.html", pages.overview(self._service)
        if segments == ["-", "search"]:
            return "search.html", pages.search_page(self._service, request.query_params.get("q", "")[:300])
        place = place_of(segments) if segments else None
        if place is None:
            raise pages.MissingError("There is no page at this address.")
        if place.version is not None:
            template, page = "version.html", pages.version_page
        elif place.package is not None:
            template, page = "package.html", pages.package_page
        elif place.repository is not None:
            template, page = "repository.html", pages.repository_page
        else:
            template, page = "domain.html", pages.domain_page
        values = page(self._service, place, query)
        return template, values | {"base_url": f"{request.url.scheme}://{request.headers.get('host', '')}"}

    async def _login(self, request: Request) -> Response:
        client = request.client.host if request.client else ""
        if wait := self._gate.seconds_to_wait(client):
            message = f"Too many wrong passwords. Try again in {wait} seconds."
            return await self._message(429, message, {"Retry-After": str(wait)})
        form = parse_qs((await _body(request)).decode("utf-8", "replace"))
        wanted = form.get("next", [CONSOLE])[0]
        if not self._gate.is_password(form.get("password", [""])[0], client):
            values = {"next": wanted, "error": "This is not the password."}
            return await self._page(401, "login.html", values)
        # A path of the console and nothing else: //elsewhere would be another host.
        response = RedirectResponse(wanted if wanted.startswith(CONSOLE) else "/", 303)
        self._gate.begin(request, response, self._service.clock.now())
        return response

    def _logout(self, request: Request) -> Response:
        response = RedirectResponse("/", 303)
        self._gate.end(request, response)
        return response

    async def _message(self, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
        response = await self._page(status, "message.html", {"message": message})
        response.headers.update(headers or {})
        return response

    async def _page(self, status: int, template: str, values: dict[str, Any]) -> Response:
        from codeartifact_local.console.templating import render

        general = {"settings": self._service.settings, "has_login": self._gate.password is not None}
        return HTMLResponse(await run_in_threadpool(render, template, **general, **values), status)


def _wanted(request: Request) -> str:
    path = request.scope["raw_path"].decode("ascii", "replace")
    query = request.scope["query_string"].decode("ascii", "replace")
    return f"{path}?{query}" if query else path


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            return b""
    return bytes(body)


@cache
def _static(name: str) -> bytes:
    return files("codeartifact_local.console").joinpath("static", name).read_bytes()
