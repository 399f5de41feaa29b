"""Runs the application on uvicorn, in this thread or beside it."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from codeartifact_local.app import create_app
from codeartifact_local.clock import Clock
from codeartifact_local.faults import Faults
from codeartifact_local.protocol.model import operation_names
from codeartifact_local.request_heads import BoundedHeads
from codeartifact_local.service import open_service
from codeartifact_local.settings import Settings

_BACKLOG = 1024
_SECONDS_TO_START = 30
_SECONDS_TO_FINISH = 5


class ServingError(Exception):
    """The server cannot serve where it was told to; the message says why."""


@contextmanager
def listening(host: str, port: int) -> Iterator[tuple[socket.socket, str]]:
    """Give a socket that listens on `host`, and its base URL; port 0 takes a free one.

    Raises:
        ServingError: the address is taken, or not this machine's.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        server = _listen(family, address)
    except OSError as error:
        raise ServingError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    with server:
        yield server, _url(host, server.getsockname()[1])


def _listen(family: int, address: tuple[Any, ...]) -> socket.socket:
    # With its protocol named: asyncio turns Nagle's algorithm off only for sockets that say they are TCP, and with
    # it on, every answer would wait 40 ms for the client's delayed acknowledgement.
    server = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(address[:2])
        server.listen(_BACKLOG)
    except BaseException:
        server.close()
        raise
    return server


def serve(data: Path, settings: Settings, sock: socket.socket, on_start: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM; calls `on_start` when requests may be sent."""
    with open_service(data, settings, Clock(), Faults(operation_names)) as service:
        server = uvicorn.Server(_config(create_app(service, on_start)))
        for number in (signal.SIGINT, signal.SIGTERM):
            # uvicorn stops on these, and raises them again when it has; by then they have done their work.
            signal.signal(number, lambda *_: None)
        server.run(sockets=[sock])


@contextmanager
def background(
    data: Path, settings: Settings, sock: socket.socket, clock: Clock, faults: Faults
) -> Iterator[None]:
    """Serve in a thread while the block runs; requests may be sent as soon as it begins."""
    with open_service(data, settings, clock, faults) as service:
        started = threading.Event()
        server = uvicorn.Server(_config(create_app(service, started.set)))
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [sock]}, name="codeartifact-local", daemon=True
        )
        thread.start()
        try:
            if not started.wait(_SECONDS_TO_START):
                raise ServingError("the server did not start; its log says why")
            yield
        finally:
            server.should_exit = True
            thread.join()


def _config(app: object) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        ws="none",
        http=BoundedHeads,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
