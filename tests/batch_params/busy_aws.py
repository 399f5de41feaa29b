"""moto's server behind a door that notes every request, and turns some away."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import requests

Answer = tuple[int, dict[str, Any]]
Turn = Callable[[str, Mapping[str, Any]], Answer | None]


def throttled(operation: str, body: Mapping[str, Any]) -> Answer:
    """Turn everything away as SSM does where too many ask."""
    return 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}


@dataclass
class BusyAws:
    """The door: `asked` are the operations in order; `turn` decides whether a request is turned away."""

    address: str = ""
    asked: list[str] = field(default_factory=list)
    turn: Turn = lambda operation, body: None

    def throttle(self, times: int) -> None:
        """Turn the next requests away."""
        left = iter(range(times))
        self.turn = lambda operation, body: None if next(left, None) is None else throttled(operation, body)


@contextmanager
def busy_aws(server: str) -> Iterator[BusyAws]:
    """Stand before the server at an address until the block ends."""
    door = BusyAws()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            door.asked.append(operation)
            if turned := door.turn(operation, json.loads(body)):
                self.answer(turned[0], json.dumps(turned[1]).encode())
            else:
                done = requests.post(f"{server}{self.path}", body, headers=dict(self.headers), timeout=30)
                self.answer(done.status_code, done.content)

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep silent."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    door.address = f"http://127.0.0.1:{listening.server_port}"
    thread = Thread(target=listening.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield door
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()
