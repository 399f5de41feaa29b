"""A real registry on loopback that wants a login, and the manners of Amazon ECR in front of it."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests
from tests.docker.engine import EngineMissingError

PROGRAM = "/usr/bin/docker-registry"
USERNAME, PASSWORD = "AWS", "the-password-of-the-registry"
HTPASSWD = "AWS:$2y$05$abcdefghijklmnopqrstuuSYHtBXPRnyZti6fB1XqE.lnkoiyFzQi\n"  # bcrypt, of PASSWORD
START_SECONDS = 30
INSTALL_SECONDS = 300
CONFIGURATION = """\
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}/data}}}}
http: {{addr: "127.0.0.1:{port}", relativeurls: true}}
auth: {{htpasswd: {{realm: tests, path: {folder}/htpasswd}}}}
"""
PATH = re.compile(r"/v2/(?P<name>.+)/(?P<kind>manifests|blobs|tags)/(?P<rest>.*)")


@contextmanager
def real_registry() -> Iterator[str]:
    """The address of Debian's docker-registry, installed where it is not; EngineMissingError where it cannot be."""
    if not Path(PROGRAM).exists():
        _install()
    folder = Path(tempfile.mkdtemp(prefix="carrack-registry-"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "htpasswd").write_text(HTPASSWD)
    (folder / "config.yml").write_text(CONFIGURATION.format(folder=folder, port=port))
    with subprocess.Popen(
        [PROGRAM, "serve", folder / "config.yml"],
        env={"PATH": os.defpath, "OTEL_TRACES_EXPORTER": "none"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
    shutil.rmtree(folder)


def _install() -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise EngineMissingError("there is no docker-registry (Debian's package docker-registry)")
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "docker-registry"]):
        done = subprocess.run(
            ["apt-get", *command], env=environ, capture_output=True, timeout=INSTALL_SECONDS
        )
    if done.returncode:
        raise EngineMissingError(f"docker-registry cannot be installed: {done.stderr.decode()[-300:]}")


def _wait_for(port: int) -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError("docker-registry does not answer")


@dataclass
class Manners:
    """How the registry behaves in front of which these stand, and what it was asked."""

    immutable: bool = False
    missing: set[str] = field(default_factory=set)
    faults: list[tuple[str, str, int]] = field(default_factory=list)
    """Each once: a method, a pattern of the path, and the status; 0 closes the connection."""
    hold: threading.Event | None = None
    """While it is not set, no layer is taken."""
    held: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)

    def writes(self) -> list[str]:
        """The requests that were to change something."""
        return [line for line in self.asked if line.split()[0] in ("PUT", "POST", "PATCH")]


class EcrFront:
    """A server on loopback that hands everything to `registry`, but for what `manners` say; runs while `with` does."""

    def __init__(self, registry: str) -> None:
        self.registry = registry
        self.manners = Manners()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> "EcrFront":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def refusal(self, method: str, path: str, body: bytes) -> tuple[int, str, str] | None:
        """Status, code and message as ECR has them; None for what it would take."""
        found, manners = PATH.match(path), self.manners
        for fault in manners.faults:
            if fault[0] == method and re.search(fault[1], path):
                manners.faults.remove(fault)
                return fault[2], "UNAVAILABLE", "try again"
        if found is None:
            return None
        name, tag = found["name"], found["rest"]
        if name in manners.missing:
            said = f"The repository with name '{name}' does not exist in the registry with id '111122223333'"
            return 404, "NAME_UNKNOWN", said
        if (
            manners.immutable
            and method == "PUT"
            and found["kind"] == "manifests"
            and not tag.startswith("sha256:")
        ):
            there = self.digest(name, tag)
            if there not in (None, f"sha256:{sha256(body).hexdigest()}"):
                said = f"The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten "
                return 400, "TAG_INVALID", f"{said}because the repository is immutable."
        return None

    def digest(self, name: str, tag: str) -> str | None:
        """What the registry itself says is under a tag."""
        accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"
        answer = requests.head(
            f"{self.registry}/v2/{name}/manifests/{tag}",
            headers={"Accept": f"{accept}, application/vnd.docker.distribution.manifest.v2+json"},
            auth=(USERNAME, PASSWORD),
            timeout=30,
        )
        return answer.headers["Docker-Content-Digest"] if answer.ok else None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:  # the name that http.server looks for
                manners = front.manners
                manners.asked.append(f"{self.command} {self.path}")
                body = self._body()
                if manners.hold and self.command == "PATCH":
                    manners.held.set()
                    manners.hold.wait(60)
                refused = front.refusal(self.command, self.path, body)
                if refused is None:
                    self._hand_on(body)
                elif refused[0] == 0:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                else:
                    status, code, message = refused
                    told = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
                    self._answer(status, {"Content-Type": "application/json"}, told)

            do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

            def _body(self) -> bytes:
                if self.headers.get("Transfer-Encoding") != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length") or 0))
                pieces = []
                while size := int(self.rfile.readline().strip() or b"0", 16):
                    pieces.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(pieces)

            def _hand_on(self, body: bytes) -> None:
                left_out = ("Transfer-Encoding", "Content-Length")
                headers = {
                    name: ", ".join(self.headers.get_all(name, []))  # Docker says Accept line by line
                    for name in self.headers
                    if name not in left_out
                }
                answer = requests.request(
                    self.command,
                    front.registry + self.path,
                    headers=headers,
                    data=body,
                    timeout=60,
                    allow_redirects=False,
                )
                told = {
                    name: value
                    for name, value in answer.headers.items()
                    if name not in (*left_out, "Connection", "Content-Encoding")
                }
                length = answer.headers.get("Content-Length") if self.command == "HEAD" else None
                self._answer(answer.status_code, told, answer.content, length)

            def _answer(
                self, status: int, headers: dict[str, str], body: bytes, length: str | None = None
            ) -> None:
                with suppress(BrokenPipeError, ConnectionResetError):
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", length or str(len(body)))
                    self.end_headers()
                    if self.command != "HEAD":
                        self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Keep silent."""

        return Handler


def token_answer(host: str, account: str, password: str = PASSWORD) -> bytes:
    """What ECR answers to GetAuthorizationToken, with its registry at `host`."""
    token = b64encode(f"{USERNAME}:{password}".encode()).decode()
    data = {"authorizationToken": token, "expiresAt": 1893456000, "proxyEndpoint": f"http://{host}"}
    return json.dumps({"authorizationData": [{**data, "registryId": account}]}).encode()
