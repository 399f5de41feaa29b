"""What was acknowledged is there after a crash; what was not is not half there."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.codeartifact_local.conftest import DOMAIN, Client, FakePublicIndex, wheel

from codeartifact_local.settings import Settings
from codeartifact_local.store.blobs import Blobs
from codeartifact_local.store.database import DataFolderError
from codeartifact_local.testing import LocalCodeArtifact, local_codeartifact


@contextmanager
def served(data: Path, public_index: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the server as its own process and give it and its address."""
    command = [sys.executable, "-m", "codeartifact_local", "serve", "--data", str(data), "--port", "0"]
    command += ["--public-index", public_index]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip().partition("=")[2]
        finally:
            process.kill()
            process.communicate()


def test_acknowledged_uploads_survive_sigkill(tmp_path: Path, public_index: FakePublicIndex) -> None:
    """After SIGKILL right behind the last answer, a new server has every file, byte for byte."""
    files = [wheel("pkg", f"{number}.0", body="x" * 100_000) for number in range(20)]
    with served(tmp_path, public_index.url) as (process, url):
        local = LocalCodeArtifact(url=url, settings=Settings())
        local.create(DOMAIN, "dev")
        client = Client(local, local.token(DOMAIN))
        assert {client.upload("dev", file).status_code for file in files} == {200}
        local.client().close()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with local_codeartifact(tmp_path, public_index=public_index.url) as local:
        client = Client(local, client.token)
        assert len(client.filenames("dev", "pkg")) == 20
        for name, content in files:
            assert client.get("dev", f"simple/pkg/{name.split('-')[1]}/{name}").content == content


def test_a_start_removes_what_a_crash_left(tmp_path: Path) -> None:
    """Half an upload, and a file whose row was never written, are gone after the next start."""
    with local_codeartifact(tmp_path):
        pass
    (tmp_path / "incoming" / "half").write_bytes(b"half")
    orphan = Blobs(tmp_path, durable=False).path("ab" * 32)
    orphan.parent.mkdir()
    orphan.write_bytes(b"orphan")
    (tmp_path / "incoming" / "half").write_bytes(b"half")
    with local_codeartifact(tmp_path):
        assert not orphan.exists()
        assert list((tmp_path / "incoming").iterdir()) == []


def test_a_second_server_on_one_folder_refuses(tmp_path: Path) -> None:
    """The folder belongs to one server at a time, and is free again when that stops."""
    with local_codeartifact(tmp_path), pytest.raises(DataFolderError, match="another codeartifact-local"):
        local_codeartifact(tmp_path).__enter__()
    with local_codeartifact(tmp_path) as local:
        assert local.client().list_domains()["domains"] == []


def test_data_of_another_release_is_left_alone(tmp_path: Path) -> None:
    """A folder with an unknown schema is refused with both numbers, and not touched."""
    with local_codeartifact(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "codeartifact.sqlite3") as db:
        db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(DataFolderError, match="schema 99"):
        local_codeartifact(tmp_path).__enter__()


def test_data_outlives_a_server(tmp_path: Path) -> None:
    """A server started again on a folder has its domains, and takes the tokens of the one before."""
    with local_codeartifact(tmp_path, public_index="http://127.0.0.1:9/") as local:
        local.create(DOMAIN, "dev")
        token = local.token(DOMAIN)
        Client(local, token).upload("dev", wheel("pkg", "1.0"))
    with local_codeartifact(tmp_path) as local:
        assert Client(local, token).filenames("dev", "pkg") == ["pkg-1.0-py3-none-any.whl"]
