"""A PyPI endpoint on loopback that takes uploads and answers as it is told to."""

from __future__ import annotations

import base64
import email.message
import email.parser
import socket
import ssl
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread

from carrack.model.access import Access, Token
from carrack.model.index import Index

TOKEN = "t0ken+of/this=test"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer: `status` 0 is a connection that is reset; `slow` is none at all until the server ends.

    `echo` answers with the request's own Authorization header, as a debugging proxy does. `amid` is a connection that
    is reset while the file is sent, of which no post is kept.
    """

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    slow: bool = False
    echo: bool = False
    amid: bool = False


@dataclass
class Post:
    """What one request said: user and password, the form's fields, and the file."""

    credentials: str
    fields: dict[str, list[str]]
    filename: str
    content: bytes


@dataclass
class UploadServer:
    """Takes each answer of `answers` once, then 200; keeps every request in `posts`.

    A request is answered `away` seconds after it came. One that comes while `room` others are there is answered 429.
    """

    answers: list[Answer] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    away: float = 0.0
    room: int = 1000
    connections: int = 0
    refusals: int = 0
    there: int = 0
    crowds: list[int] = field(default_factory=list)
    """How many requests were there, itself included, when each came."""
    port: int = 0
    tls: ssl.SSLContext | None = None
    ended: Event = field(default_factory=Event)
    counting: Lock = field(default_factory=Lock)

    @contextmanager
    def counted(self) -> Iterator[bool]:
        """Whether there is room for this request, which is there until the block ends."""
        with self.counting:
            self.there += 1
            self.crowds.append(self.there)
            has_room = self.there <= self.room
            self.refusals += not has_room
        try:
            self.ended.wait(self.away)
            yield has_room
        finally:
            with self.counting:
                self.there -= 1

    @property
    def access(self) -> Access:
        """The way in."""
        index = Index(name="test", domain="d", owner="1" * 12, region="eu-central-1", repository="prod")
        address = f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/pypi/prod/"
        return Access(index=index, repository_url=address, token=Token(value=TOKEN))


class _Server(ThreadingHTTPServer):
    request_queue_size = 64


@contextmanager
def serving(server: UploadServer) -> Iterator[UploadServer]:
    """Serve on a free port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            server.connections += 1
            super().setup()

        def do_POST(self) -> None:
            if server.answers and server.answers[0].amid:
                server.answers.pop(0)
                self._break()
                return
            post = _read(self)
            with server.counted() as has_room:
                server.posts.append(post)
                answer = server.answers.pop(0) if server.answers else Answer()
            self._answer(answer if has_room else Answer(status=429))

        def _answer(self, answer: Answer) -> None:
            if answer.slow:
                server.ended.wait(60)
            if answer.slow or answer.status == 0:
                self._break()
                return
            body = (self.headers["Authorization"] + " " + TOKEN if answer.echo else answer.body).encode()
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def _break(self) -> None:
            _reset(self.connection)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = _Server(("127.0.0.1", 0), Handler)
    server.port = http.server_port
    if server.tls:
        http.socket = server.tls.wrap_socket(http.socket, server_side=True)
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
