"""A PyPI endpoint on loopback that takes uploads and answers as it is told to."""

from __future__ import annotations

import base64
import email.message
import email.parser
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from carrack.model.access import Access, Token
from carrack.model.index import Index

TOKEN = "t0ken+of/this=test"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer: `status` 0 is a connection that is reset; `slow` is none at all until the server ends.

    `echo` answers with the request's own Authorization header, as a debugging proxy does.
    """

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    slow: bool = False
    echo: bool = False


@dataclass
class Post:
    """What one request said: user and password, the form's fields, and the file."""

    credentials: str
    fields: dict[str, list[str]]
    filename: str
    content: bytes


@dataclass
class UploadServer:
    """Takes each answer of `answers` once, then 200; keeps every request in `posts`."""

    answers: list[Answer] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    port: int = 0
    ended: Event = field(default_factory=Event)

    @property
    def access(self) -> Access:
        """The way in."""
        index = Index(name="test", domain="d", owner="1" * 12, region="eu-central-1", repository="prod")
        return Access(
            index=index, repository_url=f"http://127.0.0.1:{self.port}/pypi/prod/", token=Token(value=TOKEN)
        )


@contextmanager
def serving(server: UploadServer) -> Iterator[UploadServer]:
    """Serve on a free port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            post = _read(self)
            server.posts.append(post)
            answer = server.answers.pop(0) if server.answers else Answer()
            if answer.slow:
                server.ended.wait(60)
            if answer.slow or answer.status == 0:
                _reset(self.connection)
                return
            body = (self.headers["Authorization"] + " " + TOKEN if answer.echo else answer.body).encode()
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.port = http.server_port
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        http.shutdown()
        thread.join()
        http.server_close()


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _read(handler: BaseHTTPRequestHandler) -> Post:
    body = handler.rfile.read(int(handler.headers["Content-Length"]))
    head = f"Content-Type: {handler.headers['Content-Type']}\r\n\r\n".encode()
    form = email.parser.BytesParser(policy=HTTP).parsebytes(head + body)
    kind, _, credentials = handler.headers.get("Authorization", "").partition(" ")
    post = Post(base64.b64decode(credentials).decode() if kind == "Basic" else "", {}, "", b"")
    for part in form.iter_parts():
        assert isinstance(part, email.message.EmailMessage)
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        if part.get_filename():
            post.filename, post.content = part.get_filename() or "", content
        else:
            name = str(part.get_param("name", header="content-disposition"))
            post.fields.setdefault(name, []).append(content.decode())
    return post
