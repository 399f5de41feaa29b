"""A running server, a public index that the tests own, and real (if tiny) distributions."""

import base64
import hashlib
import io
import json
import sqlite3
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from botocore.model import OperationModel

from codeartifact_local.protocol.constraints import check_input
from codeartifact_local.settings import Settings
from codeartifact_local.testing import LocalCodeArtifact, _session, local_codeartifact

DOMAIN = "acme"
# One client for all: each new one would load the certificates of the world first.
HTTP = httpx.Client(verify=False, trust_env=False, timeout=30)  # noqa: S501
JSON = "application/vnd.pypi.simple.v1+json"


def wheel(name: str, version: str, *, body: str = "", metadata: str | None = None) -> tuple[str, bytes]:
    """Return file name and bytes of a wheel that pip installs."""
    folder = name.replace("-", "_")
    metadata = (
        metadata or f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: >=3.8\n"
    )
    tag = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    members = {
        f"{folder}.py": body,
        f"{folder}-{version}.dist-info/METADATA": metadata,
        f"{folder}-{version}.dist-info/WHEEL": tag,
    }
    record = "".join(f"{member},,\n" for member in [*members, f"{folder}-{version}.dist-info/RECORD"])
    members[f"{folder}-{version}.dist-info/RECORD"] = record
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for member, content in members.items():
            archive.writestr(zipfile.ZipInfo(member), content)
    return f"{folder}-{version}-py3-none-any.whl", packed.getvalue()


def sdist(name: str, version: str, *, metadata: str | None = None) -> tuple[str, bytes]:
    """Return file name and bytes of an sdist."""
    root = f"{name.replace('-', '_')}-{version}"
    content = (metadata or f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n").encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for member, data in ((f"{root}/setup.py", b""), (f"{root}/PKG-INFO", content)):
            info = tarfile.TarInfo(member)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return f"{root}.tar.gz", packed.getvalue()


@dataclass
class FakePublicIndex:
    """What a public index serves, and what it was asked."""

    url: str = ""
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    unhashed: set[str] = field(default_factory=set)
    yanked: dict[str, str] = field(default_factory=dict)
    wrong_bytes: bool = False
    html_only: bool = False
    status: int = 200
    delay: float = 0.0
    garbage: bytes = b""
    """What every page is instead, where this is not empty."""
    stall: threading.Event | None = None
    """Files stop after their first half until this is set."""
    asked: list[str] = field(default_factory=list)
    credentials: list[str | None] = field(default_factory=list)

    def add(self, filename: str, content: bytes) -> None:
        """Publish a wheel or sdist."""
        name = filename.split("-")[0].replace("_", "-").lower()
        self.files.setdefault(name, {})[filename] = content

    def page(self, name: str) -> dict[str, Any]:
        """Return the PEP 691 page of a project."""
        return {
            "meta": {"api-version": "1.1"},
            "name": name,
            "files": [
                {
                    "filename": filename,
                    "url": f"../../files/{name}/{filename}",
                    "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
                    "size": len(content),
                    "upload-time": "2024-05-29T15:37:49.123456Z",
                    "requires-python": ">=3.8",
                    "yanked": self.yanked.get(filename, False),
                }
                for filename, content in self.files[name].items()
            ],
        }

    def html(self, name: str) -> str:
        """Return the PEP 503 page of a project."""
        return "".join(
            f'<a href="{file["url"]}#{"md5" if file["filename"] in self.unhashed else "sha256"}='
            f'{file["hashes"]["sha256"]}"'
            f' data-requires-python="&gt;=3.8">{file["filename"]}</a>'
            for file in self.page(name)["files"]
        )


class _Handler(BaseHTTPRequestHandler):
    index: FakePublicIndex

    def do_GET(self) -> None:
        """Answer with a page or a file."""
        index = self.index
        index.asked.append(self.path)
        index.credentials.append(self.headers.get("Authorization") or self.headers.get("Proxy-Authorization"))
        time.sleep(index.delay)
        # Of a request through a proxy the path is a whole address.
        kind, _, rest = urlsplit(self.path).path.strip("/").partition("/")
        name, _, filename = rest.partition("/")
        if index.status != 200 or name not in index.files:
            self._send(404 if index.status == 200 else index.status, "text/plain", b"")
        elif kind == "files":
            content = index.files[name][filename]
            self._send(200, "application/octet-stream", content[::-1] if index.wrong_bytes else content)
        elif index.garbage:
            self._send(200, JSON, index.garbage)
        elif index.html_only:
            self._send(200, "text/html", index.html(name).encode())
        else:
            self._send(200, JSON, json.dumps(index.page(name)).encode())

    def _send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.index.stall is not None and kind == "application/octet-stream":
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            self.index.stall.wait(30)
            content = content[len(content) // 2 :]
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session", autouse=True)
def _close_connections() -> Iterator[None]:
    """Close the shared client's connections at the end."""
    yield
    HTTP.close()


def check_answer(parsed: dict[str, Any], model: OperationModel, **_: object) -> None:
    """Fail when an answer is not one that the model allows."""
    if "Error" not in parsed:
        payload = model.output_shape.serialization.get("payload")
        members = parsed.keys() - {"ResponseMetadata", payload}
        check_input(model.output_shape, {name: parsed[name] for name in members})


@pytest.fixture(scope="session", autouse=True)
def _check_answers() -> Iterator[None]:
    """Hold every answer of these tests against the model."""
    _session().register("after-call.codeartifact", check_answer)
    yield
    _session().unregister("after-call.codeartifact", check_answer)


@pytest.fixture
def public_index() -> Iterator[FakePublicIndex]:
    """Give a public index of this test's own, empty at first."""
    index = FakePublicIndex()
    handler = type("Handler", (_Handler,), {"index": index})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        index.url = f"http://127.0.0.1:{server.server_port}/simple/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield index
        server.shutdown()
        thread.join()


@dataclass(frozen=True)
class Client:
    """A person at work: a token, and the addresses of the domain's repositories."""

    local: LocalCodeArtifact
    token: str = field(repr=False)
    data: Path = Path()

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """Give the server's database, for what no operation can do yet."""
        with closing(sqlite3.connect(self.data / "codeartifact.sqlite3", timeout=30)) as db:
            yield db
            db.commit()

    @property
    def api(self) -> Any:
        """The boto client."""
        return self.local.client()

    def headers(self) -> dict[str, str]:
        """Return what opens the PyPI endpoint."""
        return {"Authorization": "Basic " + base64.b64encode(f"aws:{self.token}".encode()).decode()}

    def url(self, repository: str, path: str = "") -> str:
        """Return an address under a repository's endpoint."""
        return f"{self.local.url}/pypi/d/{DOMAIN}-000000000000/{repository}/{path}"

    def get(self, repository: str, path: str, accept: str = JSON) -> httpx.Response:
        """Ask the PyPI endpoint for something."""
        return HTTP.get(self.url(repository, path), headers=self.headers() | {"Accept": accept})

    def upload(self, repository: str, file: tuple[str, bytes], **fields: str) -> httpx.Response:
        """Upload a file as twine does; `fields` replace or add to its form."""
        filename, content = file
        stem = filename.removesuffix(".tar.gz").removesuffix(".whl").split("-")
        form = {
            ":action": "file_upload",
            "protocol_version": "1",
            "name": stem[0],
            "version": stem[1],
        } | fields
        return HTTP.post(
            self.url(repository),
            headers=self.headers(),
            data={name: value for name, value in form.items() if value},
            files={"content": (filename, content)},
        )

    def page(self, repository: str, project: str) -> dict[str, Any]:
        """Return a project's index page."""
        response = self.get(repository, f"simple/{project}/")
        assert response.status_code == 200, response.text
        page: dict[str, Any] = response.json()
        return page

    def filenames(self, repository: str, project: str) -> list[str]:
        """Return the files on a project's index page."""
        return [file["filename"] for file in self.page(repository, project)["files"]]

    def packages(self, repository: str) -> list[str]:
        """Return what the repository itself holds."""
        found = self.api.list_packages(domain=DOMAIN, repository=repository)["packages"]
        return [package["package"] for package in found]

    def versions(self, repository: str, package: str) -> list[dict[str, Any]]:
        """Return the versions that the repository itself holds."""
        found: list[dict[str, Any]] = self.api.list_package_versions(
            domain=DOMAIN, repository=repository, format="pypi", package=package
        )["versions"]
        return found


@pytest.fixture
def local(tmp_path: Path, public_index: FakePublicIndex) -> Iterator[LocalCodeArtifact]:
    """Give a server with a domain, its store, and the repositories dev and prod upstream to it."""
    settings = Settings(durable=False)
    data = tmp_path / "data"
    with local_codeartifact(data, public_index=public_index.url, settings=settings) as running:
        running.create(DOMAIN, "dev", "prod")
        yield running


@pytest.fixture
def client(local: LocalCodeArtifact, tmp_path: Path) -> Client:
    """Give a client with a token."""
    return Client(local, local.token(DOMAIN), tmp_path / "data")
