"""Memory stays flat, however large a file or a project is."""

import hashlib
import io
import re
import sqlite3
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from tests.codeartifact_local.conftest import DOMAIN, Client, wheel
from tests.codeartifact_local.process import MODULE, broken, served

from codeartifact_local.settings import Settings
from codeartifact_local.testing import LocalCodeArtifact

MOST_MEGABYTES = 150
GIBIBYTE = 1024**3


class Watch:
    """The largest resident memory of a process, in MB, sampled while it works."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.peak = 0.0
        self._status = Path(f"/proc/{process.pid}/status")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._ended.wait(0.01):
            (kilobytes,) = re.findall(r"VmRSS:\s+(\d+) kB", self._status.read_text())
            self.peak = max(self.peak, int(kilobytes) / 1000)


@contextmanager
def watched(data: Path, start: tuple[str, ...] = MODULE) -> Iterator[tuple[Watch, Client]]:
    """Run a server with a repository, and watch its memory."""
    with served(data, start=start) as (process, url):
        local = LocalCodeArtifact(url=url, settings=Settings())
        local.client().create_domain(domain=DOMAIN)
        local.client().create_repository(domain=DOMAIN, repository="dev")
        client = Client(local, local.token(DOMAIN))
        with Watch(process) as watch:
            yield watch, client
        local.client().close()


def large_wheel(path: Path, size: int) -> tuple[str, str]:
    """Write a wheel of about `size` bytes that takes no room, and return its name and hash."""
    name, content = wheel("large", "1.0")
    with zipfile.ZipFile(io.BytesIO(content)) as small, zipfile.ZipFile(path, "w") as large:
        for member in small.namelist():
            large.writestr(zipfile.ZipInfo(member), small.read(member))
        with large.open(zipfile.ZipInfo("data.bin"), "w", force_zip64=True) as data:
            for _ in range(size // 2**20):
                data.write(bytes(2**20))
    with path.open("rb") as file:
        return name, hashlib.file_digest(file, "sha256").hexdigest()


def upload(client: Client, name: str, path: Path) -> int:
    """Upload a file that does not fit into memory."""
    form = {":action": "file_upload", "protocol_version": "1", "name": "large", "version": "1.0"}
    with path.open("rb") as file, httpx.Client(trust_env=False, timeout=600) as http:
        answer = http.post(
            client.url("dev"), headers=client.headers(), data=form, files={"content": (name, file)}
        )
    return answer.status_code


def download(client: Client, name: str) -> str:
    """Download a file and return the hash of what came."""
    hashed = hashlib.sha256()
    url = client.url("dev", f"simple/large/1.0/{name}")
    with (
        httpx.Client(trust_env=False, timeout=600) as http,
        http.stream("GET", url, headers=client.headers()) as answer,
    ):
        for chunk in answer.iter_raw():
            hashed.update(chunk)
    return hashed.hexdigest()


@pytest.mark.slow
def test_two_gibibytes_go_in_and_out_in_150_megabytes(tmp_path: Path) -> None:
    """The wheel is the same at the other end, and the server never held more than a little of it."""
    name, sha256 = large_wheel(tmp_path / "large.whl", 2 * GIBIBYTE)
    with watched(tmp_path / "data") as (watch, client):
        assert upload(client, name, tmp_path / "large.whl") == 200
        assert download(client, name) == sha256
    assert 10 < watch.peak < MOST_MEGABYTES


@pytest.mark.slow
def test_a_server_that_collects_what_it_receives_is_noticed(tmp_path: Path) -> None:
    """The control: with writes to the disk held back, 200 MB are too many."""
    collecting = broken(
        "from codeartifact_local.pypi import form\nform._WRITE_BYTES = 2**40\n"  # never enough to be written
    )
    name, _ = large_wheel(tmp_path / "large.whl", GIBIBYTE // 5)
    with watched(tmp_path / "data", collecting) as (watch, client):
        assert upload(client, name, tmp_path / "large.whl") == 200
    assert watch.peak > MOST_MEGABYTES


def fill(data: Path, files: int) -> None:
    """Give the project `many` that many files, ten a version, through the server's own tables."""
    with closing(sqlite3.connect(data / "codeartifact.sqlite3", timeout=30)) as db:
        (package,) = db.execute("SELECT id FROM package WHERE name = 'many'").fetchone()
        columns = "revision, status, origin, entry_repository, entry_connection, published, metadata"
        for number in range(2, files // 10 + 2):
            version = f"{number}.0"
            (row,) = db.execute(
                f"INSERT INTO version (package_id, version, {columns})"  # noqa: S608
                f" SELECT package_id, ?, {columns} FROM version WHERE package_id = ? AND version = '1.0'"
                " RETURNING id",
                (version, package),
            ).fetchone()
            db.executemany(
                "INSERT INTO asset (version_id, name, sha256, size) VALUES (?, ?, ?, 1)",
                [
                    (row, f"many-{version}-cp3{tag}-cp3{tag}-linux_x86_64.whl", f"{number:060d}{tag:04d}")
                    for tag in range(10)
                ],
            )
        db.commit()


@pytest.mark.slow
def test_ten_thousand_files_are_listed_in_150_megabytes(tmp_path: Path) -> None:
    """Index pages in both forms, and every page of the operations' lists; each file comes once."""
    with watched(tmp_path / "data") as (watch, client):
        client.upload("dev", wheel("many", "1.0"))
        fill(tmp_path / "data", 10_000)
        client.upload("dev", wheel("other", "1.0"))  # the rows above were written behind the server's back
        for _ in range(3):
            names = client.filenames("dev", "many")
            html = client.get("dev", "simple/many/", accept="text/html").text
        assert len(names) == len(set(names)) == 10_001
        assert html.count("<a ") == 10_001
        paginator = client.api.get_paginator("list_package_versions")
        pages = paginator.paginate(domain=DOMAIN, repository="dev", format="pypi", package="many")
        assert sum(len(page["versions"]) for page in pages) == 1_001
    assert 10 < watch.peak < MOST_MEGABYTES
