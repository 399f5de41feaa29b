"""The way to faults and the clock from other processes: off, unless the server was given a secret for it."""

import hmac
import json
from dataclasses import asdict, fields
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from codeartifact_local.clock import Clock
from codeartifact_local.faults import Fault, Faults

ADMIN = b"/admin/"
_MAX_BODY_BYTES = 64 * 1024


class Admin:
    """Answers ``/admin/faults`` (GET, POST, DELETE) and ``/admin/clock`` (GET, POST), as JSON."""

    def __init__(self, *, secret: str, faults: Faults, clock: Clock) -> None:
        self._secret = secret
        self._faults = faults
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; each needs the secret as its bearer token."""
        request = Request(scope, receive)
        response = await self._respond(request)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        sent = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(sent.encode(), self._secret.encode()):
            return _refusal(401, "the secret of this server is needed, as Authorization: Bearer SECRET")
        try:
            return await self._answer(request)
        except (ValueError, TypeError) as error:
            return _refusal(400, str(error))

    async def _answer(self, request: Request) -> Response:
        match request.method, request.url.path:
            case "GET", "/admin/faults":
                return JSONResponse([asdict(fault) for fault in self._faults])
            case "POST", "/admin/faults":
                self._faults.add(_fault(await _document(request)))
                return JSONResponse([asdict(fault) for fault in self._faults])
            case "DELETE", "/admin/faults":
                self._faults.clear()
                return JSONResponse([])
            case "POST", "/admin/clock":
                self._clock.advance(_seconds(await _document(request)))
                return JSONResponse({"now": self._clock.now().isoformat()})
            case "GET", "/admin/clock":
                return JSONResponse({"now": self._clock.now().isoformat()})
        return _refusal(404, "there is /admin/faults (GET, POST, DELETE) and /admin/clock (GET, POST)")


def _refusal(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status)


async def _document(request: Request) -> dict[str, Any]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            raise ValueError("the body is larger than 64 KiB")
    document = json.loads(bytes(body) or b"null")
    if not isinstance(document, dict):
        raise ValueError("the body must be a JSON object")
    return document


def _fault(document: dict[str, Any]) -> Fault:
    names = [field.name for field in fields(Fault)]
    if unknown := document.keys() - set(names):
        raise ValueError(f"a fault has no {', '.join(sorted(unknown))}; it has {', '.join(names)}")
    return Fault(**document)


def _seconds(document: dict[str, Any]) -> float:
    seconds = document.get("advance")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        raise ValueError('say how many seconds: {"advance": 3600}')
    return seconds
