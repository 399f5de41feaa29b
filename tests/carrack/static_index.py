"""A PyPI endpoint on loopback that serves a folder of files to whoever has the token."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename
from tests.carrack.wheels import sha256

from carrack.model.access import USERNAME, Access, Token
from carrack.model.index import Index

INDEX = Index(name="private", domain="d", owner="1" * 12, region="us-east-1", repository="prod")


@dataclass
class StaticIndex:
    """What the server serves: every file in `folder`. `yanked` and `hashless` are names of files that it says so of.

    `failures` are statuses for the next answers, whatever is asked for.
    """

    folder: Path
    port: int = 0
    token: str = "a-token-of-the-test"
    yanked: set[str] = field(default_factory=set)
    hashless: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)

    @property
    def access(self) -> Access:
        """The way in."""
        url = f"http://127.0.0.1:{self.port}/pypi/prod/"
        return Access(index=INDEX, repository_url=url, token=Token(value=self.token))

    def page(self, name: str) -> bytes | None:
        """The project's page, as PEP 691 has it."""
        files = [self._entry(path) for path in sorted(self.folder.iterdir()) if _name(path) == name]
        if not files:
            return None
        return json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": files}).encode()

    def _entry(self, path: Path) -> dict[str, object]:
        return {
            "filename": path.name,
            "url": f"../../files/{path.name}",
            "hashes": {} if path.name in self.hashless else {"sha256": sha256(path)},
            "yanked": path.name in self.yanked,
        }


@contextmanager
def serve(index: StaticIndex) -> Iterator[StaticIndex]:
    """Serve `index` on a free port until the block ends; its folder is made if it is not there."""
    index.folder.mkdir(exist_ok=True)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            index.requests.append(self.path)
            self._answer(*_answer(index, self.path, self.headers.get("Authorization", "")))

        def do_HEAD(self) -> None:
            self._answer(*_answer(index, self.path, self.headers.get("Authorization", "")))

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "max-age=600")  # as a proxy on the way may say
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="index"')
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        index.port = server.server_port
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield index
        finally:
            server.shutdown()
            thread.join()


def _answer(index: StaticIndex, path: str, authorization: str) -> tuple[int, str, bytes]:
    if index.failures:
        return index.failures.pop(0), "text/plain", b"not now"
    expected = "Basic " + base64.b64encode(f"{USERNAME}:{index.token}".encode()).decode()
    if authorization != expected:
        return 401, "text/plain", b"no"
    kind, _, name = path.removeprefix("/pypi/prod/").rstrip("/").partition("/")
    if kind == "files" and (file := index.folder / Path(name).name).is_file():
        return 200, "application/octet-stream", file.read_bytes()
    if kind == "simple" and (page := index.page(name)):
        return 200, "application/vnd.pypi.simple.v1+json", page
    return 404, "text/plain", b"not here"


def _name(path: Path) -> str:
    parse = parse_wheel_filename if path.suffix == ".whl" else parse_sdist_filename
    return canonicalize_name(parse(path.name)[0])
