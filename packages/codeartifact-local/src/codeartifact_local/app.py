"""The ASGI application: the control plane under /v1/, the PyPI endpoint under /pypi/, pages for people at /."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from codeartifact_local.admin import ADMIN, Admin
from codeartifact_local.console.app import Console, is_console
from codeartifact_local.dated import Dated
from codeartifact_local.faulty import Faulty
from codeartifact_local.operations import OPERATIONS
from codeartifact_local.protocol.control_plane import ControlPlane
from codeartifact_local.protocol.model import operations_by_route
from codeartifact_local.pypi.endpoint import PypiEndpoint
from codeartifact_local.service import Service

_log = logging.getLogger(__name__)


def create_app(service: Service, on_start: Callable[[], None]) -> ASGIApp:
    """Return the application of one server; it calls `on_start` when it can be asked."""
    pypi: ASGIApp = PypiEndpoint(service)
    control: ASGIApp = ControlPlane(
        world=service,
        operations=OPERATIONS,
        region=service.settings.region,
        key=service.settings.key,
        only_this_machine=service.settings.only_this_machine,
    )
    faulty_pypi, faulty_control = Faulty(pypi, service.faults), Faulty(control, service.faults)
    secret = service.settings.admin_secret
    console = Console(service)
    admin = Admin(secret=secret, faults=service.faults, clock=service.clock) if secret else None

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        # By the path as it was sent: an encoded slash is not a slash yet.
        path = scope["raw_path"]
        if admin is not None and path.startswith(ADMIN):
            await admin(scope, receive, send)
        elif is_console(path):
            await console(scope, receive, send)
        else:
            await (faulty_pypi if path.startswith(b"/pypi/") else faulty_control)(scope, receive, send)

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        on_start()
        loading = asyncio.create_task(asyncio.to_thread(operations_by_route))
        yield
        await loading
        await service.supply.close()

    router = Router(default=dispatch, redirect_slashes=False, lifespan=lifespan)
    return _Logged(Dated(router, service.clock))


class _Logged:
    """Writes one line a request: never a header, and never a query."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _log.isEnabledFor(logging.INFO):
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def watch(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            milliseconds = (time.perf_counter() - began) * 1000
            path = scope["raw_path"].decode("ascii", "replace")
            _log.info("%s %s %s %.0f ms", scope["method"], path, status, milliseconds)
