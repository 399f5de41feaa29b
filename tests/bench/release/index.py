"""The index that all tools publish to: some way away, and with a quota where one is wanted."""

from __future__ import annotations

import functools
import html
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from packaging.utils import parse_wheel_filename
from tests.bench.release.workspace import DOMAIN, REPOSITORY, STORE
from tests.carrack.wheels import sha256
from tests.clients.environments import surroundings

from codeartifact_local.clock import Clock
from codeartifact_local.faults import UPLOAD, Fault, Faults
from codeartifact_local.protocol.model import operation_names
from codeartifact_local.serving import background, listening
from codeartifact_local.settings import Settings
from codeartifact_local.testing import LocalCodeArtifact


class Way(Faults):
    """The way to the index: every request takes `seconds` longer, and more uploads than `per_second` are refused.

    AWS refuses with 429 what is over the quota; here a second's uploads may come at once.
    """

    def __init__(self) -> None:
        super().__init__(operation_names)
        self.seconds = 0.0
        self.per_second: float | None = None
        self.uploads = 0
        """How many were not refused."""
        self._left, self._at = 0.0, 0.0

    def __bool__(self) -> bool:
        return bool(self.seconds or self.per_second)

    def take(self, action: str) -> Fault:
        """What befalls the next request: the way, and perhaps a refusal at its end."""
        refused = action == UPLOAD and self.per_second is not None and not self._is_in(self.per_second)
        self.uploads += action == UPLOAD and not refused
        return Fault(status=429 if refused else None, retry_after=1 if refused else None, delay=self.seconds)

    def _is_in(self, per_second: float) -> bool:
        now = time.monotonic()
        self._left = min(self._left + (now - self._at) * per_second, per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A running index, with a store that has the build backends."""

    local: LocalCodeArtifact
    way: Way

    def empty(self) -> None:
        """Have the repository empty again, as on a team's first day."""
        client = self.local.client()
        if any(one["name"] == REPOSITORY for one in client.list_repositories()["repositories"]):
            client.delete_repository(domain=DOMAIN, repository=REPOSITORY)
        client.create_repository(domain=DOMAIN, repository=REPOSITORY, upstreams=[{"repositoryName": STORE}])

    def has(self, name: str) -> bool:
        """Whether a package was published to the repository."""
        found = self.local.client().list_packages(
            domain=DOMAIN, repository=REPOSITORY, format="pypi", packagePrefix=name
        )
        return any(
            self.local.client().list_package_versions(
                domain=DOMAIN, repository=REPOSITORY, format="pypi", package=one["package"]
            )["versions"]
            for one in found["packages"]
        )


@contextmanager
def started(folder: Path, pins: Path) -> Iterator[Bench]:
    """Run the index, and what is public to it: a folder with the wheels of `pins`."""
    with ExitStack() as stack:
        wheels = folder / "public"
        _download(pins, wheels)
        public = stack.enter_context(_serving(wheels))
        way = Way()
        sock, url = stack.enter_context(listening("127.0.0.1", 0))
        settings = Settings(public_index=f"{public}/simple/")
        stack.enter_context(background(folder / "index", settings, sock, Clock(), way))
        local = LocalCodeArtifact(url=url, settings=settings, faults=way)
        local.create(DOMAIN)
        yield Bench(local=local, way=way)
        local.client().close()


def _download(pins: Path, wheels: Path) -> None:
    """Lay out the wheels as a simple index (PEP 503)."""
    loose = wheels / "loose"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    subprocess.run(
        [*command, "--only-binary", ":all:", "--dest", loose, "-r", pins],
        env=surroundings(),
        check=True,
        capture_output=True,
    )
    for path in loose.iterdir():
        place = wheels / "simple" / parse_wheel_filename(path.name)[0]
        place.mkdir(parents=True)
        shutil.move(path, place / path.name)
        link = f'<a href="{html.escape(path.name)}#sha256={sha256(place / path.name)}">{path.name}</a>'
        (place / "index.html").write_text(f"<!DOCTYPE html><html><body>{link}</body></html>")


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Keep silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
