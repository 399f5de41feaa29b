"""The layer in front of the application that lets faults happen."""

import asyncio
import contextlib
from collections.abc import MutableMapping
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from codeartifact_local.faults import DOWNLOAD, EVERYTHING, INDEX, UPLOAD, Fault, Faults
from codeartifact_local.protocol.answers import error_answer
from codeartifact_local.protocol.errors import AccessDeniedError, InjectedError, ThrottlingError
from codeartifact_local.protocol.model import operations_by_route
from codeartifact_local.pypi.errors import PypiError

_PYPI = b"/pypi/"
_MAX_DRAINED_BYTES = 64 * 1024**2


class _CutError(Exception):
    """The answer was broken off."""


class Faulty:
    """Passes requests on to `app`, but those that a fault befalls."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or let its fault happen."""
        fault = self._faults.take(action(scope)) if self._faults and scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
            return
        await asyncio.sleep(fault.delay)
        if fault.cut:
            send = _cut(send)
        with contextlib.suppress(_CutError):  # the server closes the connection of an answer without an end
            if fault.status is None:
                await self._app(scope, receive, send)
            else:
                await _drained(receive)
                await _answer(scope, fault, fault.status)(scope, receive, send)


def action(scope: Scope) -> str:
    """Return what a request asks for: an operation, or what the PyPI endpoint does."""
    path: bytes = scope["raw_path"]
    if not path.startswith(_PYPI):
        operation = operations_by_route().get((scope["method"], path.decode("ascii", "replace")))
        return operation.name if operation else EVERYTHING
    if scope["method"] == "POST":
        return UPLOAD
    _, _, below = path.partition(b"/simple/")
    return DOWNLOAD if below.count(b"/") == 2 else INDEX


def _answer(scope: Scope, fault: Fault, status: int) -> Response:
    message = "This fault was asked for."
    if scope["raw_path"].startswith(_PYPI):
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return PypiError(status, message, headers).answer()
    if status == ThrottlingError.status:
        return error_answer(ThrottlingError(message, retryAfterSeconds=fault.retry_after or 0))
    if status == AccessDeniedError.status:
        return error_answer(AccessDeniedError(message))
    return error_answer(InjectedError(message, status))


def _cut(send: Send) -> Send:
    """Return a `send` that breaks off after the first part of a body."""

    async def cut(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            await send({**message, "body": body[: len(body) // 2], "more_body": True})
            raise _CutError
        await send(message)

    return cut


async def _drained(receive: Receive) -> None:
    """Read what the client sends, within reason: many clients read an answer only after that."""
    left = _MAX_DRAINED_BYTES
    while left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        if not message.get("more_body", False):
            return
