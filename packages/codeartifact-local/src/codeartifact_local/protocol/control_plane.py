"""The ASGI endpoint of all 48 operations."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from codeartifact_local.hosts import host_of, is_loopback
from codeartifact_local.protocol.answers import answer, error_answer
from codeartifact_local.protocol.constraints import check_input
from codeartifact_local.protocol.errors import (
    AccessDeniedError,
    InternalError,
    NoSuchOperationError,
    ServiceError,
    UnsignedError,
    ValidationError,
)
from codeartifact_local.protocol.model import operations_by_route
from codeartifact_local.protocol.requests import parse_input
from codeartifact_local.protocol.signature import Key, Signed, check_signature

_log = logging.getLogger(__name__)
_MAX_BODY_BYTES = 1024 * 1024
_MAX_BODY_SECONDS = 60
_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?|\[[0-9A-Fa-f:]+\](:\d+)?")

World = TypeVar("World")


@dataclass(frozen=True, kw_only=True)
class Call(Generic[World]):
    """One request for an operation: its checked input, and the world that it acts on."""

    world: World
    input: Mapping[str, Any]
    base_url: str
    """Address under which the caller reached this server, without a slash at the end."""


Operation = Callable[[Call[World]], Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class ControlPlane(Generic[World]):
    """Answers the service's operations."""

    world: World
    operations: Mapping[str, Operation[World]]
    region: str
    key: Key | None = None
    """Where it is None any signature is accepted, since people come with keys of their own."""
    only_this_machine: bool = False
    """Whether requests must name this machine by a name of its own, where any signature is accepted.

    Otherwise a page elsewhere, whose name it lets lead here (DNS rebinding), could ask for everything.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._respond(Request(scope, receive))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        try:
            return await self._answer(request)
        except ServiceError as error:
            return error_answer(error)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception:
            _log.exception("%s %s failed", request.method, request.url.path)
            return error_answer(InternalError("codeartifact-local failed; its log has the traceback."))

    async def _answer(self, request: Request) -> Response:
        model = operations_by_route().get((request.method, request.url.path))
        if model is None:
            raise NoSuchOperationError(f"No operation is {request.method} {request.url.path}.")
        if self.only_this_machine and self.key is None and not is_loopback(host_of(request)):
            raise AccessDeniedError(
                "This server accepts any signature, and so answers to 127.0.0.1 and localhost only, not to"
                f" {host_of(request)!r}; with a key of its own it answers to every name."
            )
        if not _is_signed(request):
            raise UnsignedError(
                "Missing Authentication Token: requests are signed with AWS Signature Version 4."
            )
        payload = model.input_shape.serialization.get("payload") if model.input_shape else None
        body = None if payload else await _body(request)
        if self.key is not None:
            # The machine's own time: a clock that tests move ahead would make every signature too old.
            check_signature(_signed(request, body), self.key, region=self.region, now=datetime.now(UTC))
        found = parse_input(model, query=request.query_params, headers=request.headers, body=body or b"")
        if payload:
            found[payload] = _unstalled(request.stream())
        check_input(model.input_shape, found)
        call = Call(world=self.world, input=found, base_url=_base_url(request))
        return answer(model, await run_in_threadpool(self.operations[model.name], call))


def _is_signed(request: Request) -> bool:
    header = request.headers.get("authorization", "")
    return header.startswith("AWS4-") or request.query_params.get("X-Amz-Algorithm", "").startswith("AWS4-")


def _signed(request: Request, body: bytes | None) -> Signed:
    return Signed(
        method=request.method,
        path=request.scope["raw_path"].decode("ascii", "replace"),
        query=request.scope["query_string"].decode("ascii", "replace"),
        headers=dict(request.headers),
        body=body,
    )


def _base_url(request: Request) -> str:
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise ValidationError("The request's Host header is missing or malformed.", "CANNOT_PARSE")
    return f"{request.url.scheme}://{host}"


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(_MAX_BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > _MAX_BODY_BYTES:
                    raise ValidationError("The request body is larger than 1 MiB.", "CANNOT_PARSE")
    except TimeoutError as error:
        raise ValidationError("The request body did not arrive within a minute.", "CANNOT_PARSE") from error
    return bytes(body)


async def _unstalled(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout(_MAX_BODY_SECONDS):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise ValidationError("Nothing of the body came for a minute.", "CANNOT_PARSE") from error
        yield chunk
