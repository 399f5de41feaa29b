"""Runs the application on uvicorn, in this thread or beside it."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
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


@dataclass(frozen=True, kw_only=True)
class Front:
    """What is between clients and this server."""

    certificate: Path | None = None
    """Certificate of TLS, with its chain (PEM); None serves in the clear."""
    key: Path | None = None
    """Its private key (PEM)."""
    proxies: str = ""
    """Addresses of proxies whose X-Forwarded-Proto and X-Forwarded-For are believed, with commas between."""

    @property
    def scheme(self) -> str:
        """The scheme that clients of this server itself use."""
        return "https" if self.certificate else "http"


class ServingError(Exception):
    """The server cannot serve where it was told to; the message says why."""


@contextmanager
def listening(host: str, port: int, scheme: str = "http") -> Iterator[tuple[socket.socket, str]]:
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
        yield server, _url(scheme, host, server.getsockname()[1])


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


def serve(
    data: Path, settings: Settings, sock: socket.socket, on_start: Callable[[], None], front: Front
) -> None:
    """Serve until SIGINT or SIGTERM; calls `on_start` when requests may be sent.

    Raises:
        ServingError: the certificate or its key cannot be used.
    """
    # Already while the data is opened: process 1, as in a container, ignores every signal that it does not handle.
    _stop_with(lambda *_: sys.exit())
    with open_service(data, settings, Clock(), Faults(operation_names)) as service:
        server = uvicorn.Server(_config(create_app(service, on_start), front))
        # uvicorn does so itself when it runs, and raises the signal again when it has stopped: not to be its end then.
        _stop_with(server.handle_exit)
        server.run(sockets=[sock])


def _stop_with(handler: Callable[[int, FrameType | None], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


@contextmanager
def background(
    data: Path, settings: Settings, sock: socket.socket, clock: Clock, faults: Faults
) -> Iterator[None]:
    """Serve in a thread while the block runs; requests may be sent as soon as it begins."""
    with open_service(data, settings, clock, faults) as service:
        started = threading.Event()
        server = uvicorn.Server(_config(create_app(service, started.set), Front()))
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


def _config(app: object, front: Front) -> uvicorn.Config:
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,  # `dated.py` says the time, by a clock that tests can move
        lifespan="on",
        ws="none",
        http=BoundedHeads,
        proxy_headers=bool(front.proxies),
        forwarded_allow_ips=front.proxies,
        ssl_certfile=front.certificate,
        ssl_keyfile=front.key,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one
        raise ServingError(f"TLS cannot be had with {front.certificate} and {front.key}: {error}") from error
    return config


def _url(scheme: str, host: str, port: int) -> str:
    # Nobody can connect to "every address"; this machine's own is one of them.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
