"""A reverse proxy that kills a process when it has forwarded so many uploads."""

from __future__ import annotations

import http.client
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class KillingProxy:
    """Forwards to `target`; after upload number `after` was answered by it, `victim` gets SIGKILL."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target)
        self.after = 0
        self.victim = 0
        self.uploads = 0


@contextmanager
def killing_proxy(target: str) -> Iterator[tuple[str, KillingProxy]]:
    """Run a proxy in front of `target` on a free port; gives its address and its switches."""
    proxy = KillingProxy(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            place = (proxy.target.hostname or "", proxy.target.port or 80)
            with closing(http.client.HTTPConnection(*place)) as connection:
                connection.request(self.command, self.path, body, dict(self.headers))
                answer = connection.getresponse()
                content = answer.read()
            self.count_upload()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in (
                    "content-length",
                    "transfer-encoding",
                    "connection",
                    "server",
                    "date",
                ):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = forward  # noqa: N815

        def count_upload(self) -> None:
            is_upload = self.headers.get("Content-Type", "").startswith("multipart/form-data")
            proxy.uploads += is_upload
            if is_upload and proxy.uploads == proxy.after:
                os.kill(proxy.victim, signal.SIGKILL)

        def log_message(self, format: str, *args: object) -> None:
            """Keep silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", proxy
    finally:
        server.shutdown()
        server.server_close()
