"""A server killed at random moments under load, again and again, against what its clients were told."""

import contextlib
import hashlib
import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.codeartifact_local.conftest import DOMAIN, JSON, FakePublicIndex, sdist, wheel
from tests.codeartifact_local.process import MODULE, broken, served
from tests.codeartifact_local.test_protocol import SIGNED

KILLS = int(os.environ.get("CODEARTIFACT_LOCAL_KILLS", "200"))
WRITERS = 3
MOST_VERSIONS = 4

State = tuple[str, frozenset[tuple[str, str]]] | None
"""Status of a version, and its files with their hashes; None where it is not there."""
Key = tuple[str, str, str]
"""Repository, package and version."""


@dataclass
class Service:
    """The server that runs now, and a token that all of them take."""

    url: str
    http: httpx.Client
    token: str = ""

    def operation(self, method: str, path: str, query: dict[str, str], body: Any = None) -> Any:
        """Call an operation, and return its answer, or None where it answers with an error."""
        answer = self.http.request(
            method,
            f"{self.url}/v1/{path}",
            params={"domain": DOMAIN} | query,
            json=body or {},
            headers=SIGNED,
        )
        return answer.json() if answer.status_code == 200 else None

    def endpoint(self, repository: str) -> str:
        """Return the address of a repository."""
        return f"{self.url}/pypi/d/{DOMAIN}-000000000000/{repository}/"

    def headers(self) -> dict[str, str]:
        """Return what opens the endpoint."""
        return {"Authorization": f"Bearer {self.token}", "Accept": JSON}

    def upload(self, repository: str, file: tuple[str, bytes]) -> bool:
        """Upload a file; True says that the server acknowledged it."""
        name, version = file[0].removesuffix(".tar.gz").split("-")[:2]
        form = {":action": "file_upload", "protocol_version": "1", "name": name, "version": version}
        answer = self.http.post(
            self.endpoint(repository), headers=self.headers(), data=form, files={"content": file}
        )
        assert answer.status_code == 200, answer.text
        return True

    def state(self, key: Key) -> State:
        """Return what the server holds of a version, from the operations."""
        repository, package, version = key
        query = {"repository": repository, "format": "pypi", "package": package, "version": version}
        described = self.operation("GET", "package/version", query)
        if described is None:
            return None
        assets = self.operation("POST", "package/version/assets", query)["assets"]
        files = frozenset((asset["name"], asset["hashes"]["SHA-256"]) for asset in assets)
        return described["packageVersion"]["status"], files


@dataclass
class Writer:
    """One client: it changes versions of its own package, and remembers what it was told."""

    package: str
    randomness: random.Random
    known: dict[Key, State] = field(default_factory=dict)
    uncertain: dict[Key, list[State]] = field(default_factory=dict)
    """The state before and after of what was not answered."""
    acknowledged: int = 0

    def work(self, service: Service) -> None:
        """Change things until the server is gone."""
        while True:
            self._step(service)

    def _step(self, service: Service) -> None:
        version = f"{self.randomness.randrange(MOST_VERSIONS)}.0"
        key = ("dev", self.package, version)
        before = self.known.get(key)
        if before is None:
            file = wheel(
                self.package, version, body="x" * self.randomness.randrange(200_000) + repr(time.time())
            )
            self._change({key: ("Published", files(file))}, lambda: service.upload("dev", file))
            return
        choice = self.randomness.choice(["add", "status", "delete", "copy"])
        coordinate = {"repository": "dev", "format": "pypi", "package": self.package}
        if choice == "add" and before[0] in ("Published", "Unlisted") and len(before[1]) == 1:
            file = sdist(self.package, version)
            self._change({key: (before[0], before[1] | files(file))}, lambda: service.upload("dev", file))
        elif choice == "status":
            target = self.randomness.choice(["Published", "Unlisted", "Archived"])
            body = {"versions": [version], "targetStatus": target}
            self._change(
                {key: (target, before[1])},
                lambda: service.operation("POST", "package/versions/update_status", coordinate, body),
            )
        elif choice == "delete":
            body = {"versions": [version]}
            self._change(
                {key: None}, lambda: service.operation("POST", "package/versions/delete", coordinate, body)
            )
        elif choice == "copy":
            query = {
                "source-repository": "dev",
                "destination-repository": "prod",
                "format": "pypi",
                "package": self.package,
            }
            overwriting = {"versions": [version], "allowOverwrite": True}
            there = self.known.get(("prod", self.package, version))
            if there is None or there[1] != before[1]:  # an identical version would be left as it is
                self._change(
                    {("prod", self.package, version): before},
                    lambda: service.operation("POST", "package/versions/copy", query, overwriting),
                )

    def _change(self, after: dict[Key, State], act: Callable[[], Any]) -> None:
        for key, state in after.items():
            self.uncertain[key] = [self.known.get(key), state]
        assert act(), f"refused: {after}"
        self.known.update(after)
        self.uncertain.clear()
        self.acknowledged += 1

    def compare(self, service: Service) -> None:
        """Fail unless the server has what it acknowledged, and of the rest either all or nothing."""
        for key in {*self.known, *self.uncertain}:
            allowed = self.uncertain.get(key, [self.known.get(key)])
            found = service.state(key)
            assert found in allowed, f"{key}: {found} is none of {allowed}"
            self._compare_bytes(service, key, found)
            self.known[key] = found
        self.uncertain.clear()

    def _compare_bytes(self, service: Service, key: Key, state: State) -> None:
        repository, package, version = key
        for name, sha256 in state[1] if state else ():
            url = f"{service.endpoint(repository)}simple/{package}/{version}/{name}"
            answer = service.http.get(url, headers=service.headers())
            if state and state[0] == "Archived":
                assert answer.status_code == 404
            else:
                assert answer.status_code == 200, f"{url}: {answer.status_code} {answer.text}"
                assert hashlib.sha256(answer.content).hexdigest() == sha256, url


def files(file: tuple[str, bytes]) -> frozenset[tuple[str, str]]:
    """Return the name and hash of a file."""
    return frozenset({(file[0], hashlib.sha256(file[1]).hexdigest())})


def read_public(service: Service, randomness: random.Random) -> None:
    """Download files of the public index through the server until it is gone; whole ones are right ones."""
    while True:
        name, content = wheel("public", f"{randomness.randrange(50)}.0", body="p" * 50_000)
        url = f"{service.endpoint('dev')}simple/public/{name.split('-')[1]}/{name}"
        answer = service.http.get(url, headers=service.headers())
        assert (answer.status_code, answer.content == content) == (200, True), answer.status_code


def until_gone(work: Callable[[], None]) -> None:
    """Work until the connection breaks."""
    with contextlib.suppress(httpx.HTTPError):
        work()


@contextmanager
def running(
    data: Path, public_index: str, start: tuple[str, ...], token: str
) -> Iterator[tuple[Any, Service]]:
    """Run the server and give its process and a client."""
    with (
        served(data, public_index, start=start) as (process, url),
        httpx.Client(trust_env=False, timeout=30) as http,
    ):
        assert url, process.stderr and process.stderr.read()
        yield process, Service(url, http, token)


def check_folder(data: Path) -> None:
    """Fail unless the data folder has no half files, and one file for each row."""
    assert list((data / "incoming").iterdir()) == []
    with closing(sqlite3.connect(f"file:{data / 'codeartifact.sqlite3'}?mode=ro", uri=True)) as db:
        rows = {row[0] for row in db.execute("SELECT sha256 FROM blob")}
    assert {path.name for path in (data / "assets").rglob("*") if path.is_file()} == rows


def storm(tmp_path: Path, public_index: FakePublicIndex, *, kills: int, start: tuple[str, ...]) -> int:
    """Kill a server `kills` times under load, compare after each, and return how much was acknowledged."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}, {kills} kills")  # noqa: T201  # to run a failure again
    randomness = random.Random(seed)  # noqa: S311  # chance is all that is wanted
    for version in range(50):
        public_index.add(*wheel("public", f"{version}.0", body="p" * 50_000))
    data = tmp_path / "data"
    writers = [Writer(f"pkg{number}", randomness) for number in range(WRITERS)]
    token = prepare(data, public_index.url)
    for _ in range(kills):
        with running(data, public_index.url, start, token) as (process, service):
            check_folder(data)
            for writer in writers:
                writer.compare(service)
            with ThreadPoolExecutor(WRITERS + 1) as pool:
                work = [partial(writer.work, service) for writer in writers]
                done = [
                    pool.submit(until_gone, each)
                    for each in [*work, partial(read_public, service, randomness)]
                ]
                time.sleep(randomness.random() * 0.3)
                process.kill()
            for each in done:
                each.result()
    with running(data, public_index.url, MODULE, token) as (_, service):
        for writer in writers:
            writer.compare(service)
    return sum(writer.acknowledged for writer in writers)


def prepare(data: Path, public_index: str) -> str:
    """Make the domain and its repositories, and return a token for twelve hours."""
    with running(data, public_index, MODULE, "") as (_, service):
        service.operation("POST", "domain", {})
        service.operation("POST", "repository", {"repository": "store"})
        connection = {"repository": "store", "external-connection": "public:pypi"}
        service.operation("POST", "repository/external-connection", connection)
        upstreams = {"upstreams": [{"repositoryName": "store"}]}
        for name in ("dev", "prod"):
            assert service.operation("POST", "repository", {"repository": name}, upstreams)
        return str(service.operation("POST", "authorization-token", {})["authorizationToken"])


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_what_was_acknowledged_survives_every_kill(tmp_path: Path, public_index: FakePublicIndex) -> None:
    """Hundreds of times: each change that was answered is there byte for byte, each other whole or not at all."""
    acknowledged = storm(tmp_path, public_index, kills=KILLS, start=MODULE)
    assert acknowledged > KILLS


@pytest.mark.slow
def test_a_server_that_answers_too_early_is_caught(tmp_path: Path, public_index: FakePublicIndex) -> None:
    """The control: rows that are committed before their files are there do not pass the storm."""
    hasty = broken(
        "import threading\n"
        "from codeartifact_local.store import blobs\n"
        "keep = blobs.Blobs.keep\n"
        "def later(self, incoming, sha256):\n"
        "    copy = incoming.path.with_suffix('.late')\n"
        "    incoming.path.rename(copy)\n"
        "    incoming.path = copy\n"
        "    threading.Timer(0.05, keep, (self, incoming, sha256)).start()\n"
        "blobs.Blobs.keep = later"
    )
    with pytest.raises(AssertionError):
        storm(tmp_path, public_index, kills=30, start=hasty)
