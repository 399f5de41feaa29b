"""The three servers, each started with the same wheels to serve, on a core of its own."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urljoin

import httpx
from tests.clients.environments import scripts_of
from tests.codeartifact_local.conftest import DOMAIN

from codeartifact_local.settings import Settings
from codeartifact_local.testing import LocalCodeArtifact

PINS = Path(__file__).parents[1] / "requirements"
SERVER_CORE, LOAD_CORE = "0", "1"
_SECONDS_TO_START = 60.0
File = tuple[str, bytes]


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server with an empty index."""

    name: str
    process: subprocess.Popen[bytes]
    ready_seconds: float
    upload_url: str
    simple_url: str
    pip_url: str = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)

    def page_url(self, project: str) -> str:
        """Return the address of an index page."""
        return f"{self.simple_url}{project}/"

    def file_url(self, http: httpx.Client, project: str) -> str:
        """Return the address of the first file that the page of `project` lists."""
        page = http.get(self.page_url(project), headers=self.headers | {"Accept": "text/html"})
        (href, *_) = re.findall(r'href="([^"#]+)', page.raise_for_status().text)
        return str(urljoin(str(page.url), href))

    def upload(self, http: httpx.Client, file: File) -> None:
        """Upload a wheel or an sdist, with the form that twine sends."""
        name, version = file[0].removesuffix(".tar.gz").split("-")[:2]
        form = {":action": "file_upload", "protocol_version": "1", "name": name, "version": version}
        kind = ("bdist_wheel", "py3") if file[0].endswith(".whl") else ("sdist", "source")
        form |= {"filetype": kind[0], "pyversion": kind[1], "metadata_version": "2.1"}
        answer = http.post(self.upload_url, headers=self.headers, data=form, files={"content": file})
        answer.raise_for_status()

    def megabytes(self) -> float:
        """Return the resident memory of the server, in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (kilobytes,) = re.findall(r"VmRSS:\s+(\d+) kB", status)
        return int(kilobytes) / 1000


Start = Callable[[Path], contextlib.AbstractContextManager[Server]]


@contextlib.contextmanager
def _process(command: Sequence[str], ready_url: str) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """Run a server on its core until the block ends, and give it and the seconds until it answered."""
    began = time.perf_counter()
    with subprocess.Popen(
        [str(shutil.which("taskset")), "-c", SERVER_CORE, *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
    ) as process:
        try:
            with httpx.Client(trust_env=False) as http:
                while time.perf_counter() - began < _SECONDS_TO_START:
                    with contextlib.suppress(httpx.TransportError):
                        http.get(ready_url)
                        break
                    time.sleep(0.005)
            yield process, time.perf_counter() - began
        finally:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()


@contextlib.contextmanager
def pypiserver(folder: Path) -> Iterator[Server]:
    """Run pypiserver on its default server; without --disable-fallback it would ask the public index."""
    (folder / "packages").mkdir()
    command = [str(scripts_of("pypiserver", PINS) / "pypi-server"), "run", "--disable-fallback"]
    command += ["-i", "127.0.0.1", "-p", "4901", "-P", ".", "-a", ".", str(folder / "packages")]
    url = "http://127.0.0.1:4901/"
    with _process(command, url) as (process, ready):
        yield Server(
            name="pypiserver",
            process=process,
            ready_seconds=ready,
            upload_url=url,
            simple_url=f"{url}simple/",
            pip_url=f"{url}simple/",
        )


@contextlib.contextmanager
def devpi(folder: Path) -> Iterator[Server]:
    """Run devpi-server with one index that has no bases: nothing comes from the public index."""
    scripts, url = scripts_of("devpi", PINS), "http://127.0.0.1:4902"
    data = str(folder / "devpi")
    subprocess.run(
        [str(scripts / "devpi-init"), "--serverdir", data, "--no-root-pypi"], check=True, capture_output=True
    )
    command = [str(scripts / "devpi-server"), "--serverdir", data, "--host", "127.0.0.1", "--port", "4902"]
    with _process(command, f"{url}/+api") as (process, ready):
        with httpx.Client(base_url=url, trust_env=False) as http:
            http.put("/bench", json={"password": "bench"}).raise_for_status()
            login = http.post("/+login", json={"user": "bench", "password": "bench"}).json()
            token = base64.b64encode(f"bench:{login['result']['password']}".encode()).decode()
            headers = {"X-Devpi-Auth": token}
            http.put("/bench/dev", json={"bases": [], "volatile": True}, headers=headers).raise_for_status()
        yield Server(
            name="devpi-server",
            process=process,
            ready_seconds=ready,
            upload_url=f"{url}/bench/dev/",
            simple_url=f"{url}/bench/dev/+simple/",
            pip_url=f"{url}/bench/dev/+simple/",
            headers=headers,
        )


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def codeartifact(*, sync: bool) -> Start:
    """Return how to run codeartifact-local; it checks a token with every request, as the other two do not."""

    @contextlib.contextmanager
    def start(folder: Path) -> Iterator[Server]:
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "codeartifact_local", "serve", "--data", str(folder / "data")]
        command += ["--port", port, "--public-index", "http://127.0.0.1:9/", *([] if sync else ["--no-sync"])]
        with _process(command, f"{url}/") as (process, ready):
            local = LocalCodeArtifact(url=url, settings=Settings())
            local.client().create_domain(domain=DOMAIN)
            local.client().create_repository(domain=DOMAIN, repository="dev")
            token = local.token(DOMAIN)
            endpoint = local.upload_url(DOMAIN, "dev")
            local.client().close()
            basic = base64.b64encode(f"aws:{token}".encode()).decode()
            yield Server(
                name="codeartifact-local" if sync else "codeartifact-local --no-sync",
                process=process,
                ready_seconds=ready,
                upload_url=endpoint,
                simple_url=f"{endpoint}simple/",
                pip_url=f"{endpoint}simple/".replace("//", f"//aws:{quote(token)}@", 1),
                headers={"Authorization": f"Basic {basic}"},
            )

    return start
