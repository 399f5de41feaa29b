"""A small GitHub on loopback: pull requests and comments, as the REST API keeps them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "planted-SECRET-github-token"


@dataclass
class GitHubServer:
    """What the repository `acme/pipelines` has; `status` is answered instead of anything, where it is not 200."""

    url: str = ""
    pulls: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    status: int = 200

    @property
    def environ(self) -> dict[str, str]:
        """What Actions sets."""
        return {
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": "acme/pipelines",
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_REF_NAME": "main",
        }

    def answer(self, method: str, path: str, query: dict[str, list[str]], told: Any) -> Any:
        """The API's answer to one request."""
        parts = path.strip("/").split("/")[3:]
        if method != "GET":
            self.writes.append(f"{method} {'/'.join(parts)}")
        match method, parts:
            case "GET", ["pulls"]:
                head = query["head"][0].partition(":")[2]
                return [one for one in self.pulls if one["head"] == head and one["base"] == query["base"][0]]
            case "POST", ["pulls"]:
                return self._new(self.pulls, told)
            case "PATCH", ["pulls", number]:
                return self._changed(self.pulls, number, told)
            case "GET", ["issues", _, "comments"]:
                page, size = int(query["page"][0]), int(query["per_page"][0])
                return self.comments[(page - 1) * size : page * size]
            case "POST", ["issues", _, "comments"]:
                return self._new(self.comments, told)
            case "PATCH", ["issues", "comments", number]:
                return self._changed(self.comments, number, told)
        raise AssertionError(f"{method} {path}")

    def _new(self, among: list[dict[str, Any]], told: dict[str, Any]) -> dict[str, Any]:
        number = len(among) + 1
        among.append({**told, "number": number, "id": number, "html_url": f"{self.url}/{number}"})
        return among[-1]

    def _changed(self, among: list[dict[str, Any]], number: str, told: dict[str, Any]) -> dict[str, Any]:
        among[int(number) - 1] |= told
        return among[int(number) - 1]


@contextmanager
def github_server() -> Iterator[GitHubServer]:
    """Serve on a free port until the block ends. A request without the token is a failure of the test."""
    server = GitHubServer()

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            split = urlsplit(self.path)
            status, said = server.status, json.dumps({"message": "Resource not accessible by integration"})
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                status = 401
            if status == 200:
                told = json.loads(body) if body else None
                said = json.dumps(server.answer(self.command, split.path, parse_qs(split.query), told))
            self.send_response(status)
            self.send_header("Content-Length", str(len(said.encode())))
            self.end_headers()
            self.wfile.write(said.encode())

        do_GET = do_POST = do_PATCH = handle_one  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            """Keep silent."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_port}"
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
