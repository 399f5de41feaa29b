"""What was acknowledged is there after a crash; what was not is not half there."""

import errno
import os
import signal
import sqlite3
from pathlib import Path

import pytest
from tests.codeartifact_local.conftest import DOMAIN, Client, FakePublicIndex, wheel
from tests.codeartifact_local.process import served

from codeartifact_local.settings import Settings
from codeartifact_local.store.blobs import Blobs, Incoming
from codeartifact_local.store.database import Database, DataFolderError
from codeartifact_local.store.room import disk_is_full
from codeartifact_local.testing import LocalCodeArtifact, local_codeartifact


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


def test_a_transaction_that_finds_no_room_is_undone_and_the_next_one_works(tmp_path: Path) -> None:
    """SQLite says that the database is full, with that error and no other; nothing of the transaction stays."""
    database = Database(tmp_path / "rows.sqlite3", durable=False)
    with database.write() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count={pages}")

    def fill() -> None:
        with database.write() as db:
            db.execute("CREATE TABLE rows (bytes)")
            db.execute("INSERT INTO rows VALUES (zeroblob(1000000))")

    for _ in range(2):
        with pytest.raises(sqlite3.OperationalError, match="is full") as caught:
            fill()
        assert disk_is_full(caught.value)
    with database.write() as db:
        db.execute(f"PRAGMA max_page_count={pages + 1000}")
    with database.write() as db:
        db.execute("CREATE TABLE rows (bytes)")
    database.close()


def test_a_full_disk_is_told_in_a_sentence_and_the_server_goes_on(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An upload gets 507 and its reason, the log one line; with room again the same upload is taken."""
    name, content = wheel("pkg", "1.0")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Incoming, "write", full)  # a disk cannot be filled up here without harm to others
        refused = client.upload("dev", (name, content))
    assert (refused.status_code, refused.text) == (
        507,
        "The disk that codeartifact-local keeps its data on is full.\n",
    )
    assert "Traceback" not in caplog.text
    assert client.upload("dev", (name, content)).status_code == 200


def test_a_damaged_data_folder_is_refused_in_a_sentence_and_left_alone(tmp_path: Path) -> None:
    """What is no SQLite file is named, and not touched."""
    file = tmp_path / "codeartifact.sqlite3"
    file.write_bytes(b"not rows at all " * 300)
    with pytest.raises(
        DataFolderError, match=r"codeartifact\.sqlite3: file is not a database; .*another --data"
    ):
        local_codeartifact(tmp_path).__enter__()
    assert file.read_bytes() == b"not rows at all " * 300


def damage(path: Path, how: str) -> None:
    """Do to a kept file what broken disks and helpful people do."""
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("how", ["missing", "truncated"])
def test_a_start_names_private_files_that_were_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """The rest is served; the file itself answers 502, until the same bytes are uploaded again."""
    whole, lost = wheel("pkg", "1.0"), wheel("pkg", "2.0")
    with local_codeartifact(tmp_path, public_index="http://127.0.0.1:9/") as local:
        local.create(DOMAIN, "dev")
        client = Client(local, local.token(DOMAIN))
        assert {client.upload("dev", file).status_code for file in (whole, lost)} == {200}
        sha256 = client.page("dev", "pkg")["files"][1]["hashes"]["sha256"]
    damage(Blobs(tmp_path, durable=False).path(sha256), how)
    with local_codeartifact(tmp_path, public_index="http://127.0.0.1:9/") as local:
        client = Client(local, client.token)
        assert f"the bytes of {lost[0]} of pkg 2.0 are damaged or gone" in caplog.text
        assert client.get("dev", f"simple/pkg/1.0/{whole[0]}").content == whole[1]
        assert client.get("dev", f"simple/pkg/2.0/{lost[0]}").status_code == 502
        assert client.upload("dev", lost).status_code == 200
        assert client.get("dev", f"simple/pkg/2.0/{lost[0]}").content == lost[1]


@pytest.mark.parametrize("how", ["missing", "truncated"])
def test_a_start_forgets_public_files_that_were_lost(
    tmp_path: Path, public_index: FakePublicIndex, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """They are fetched again when they are wanted, and nobody needs to know."""
    name, content = wheel("pub", "1.0")
    public_index.add(name, content)
    with local_codeartifact(tmp_path, public_index=public_index.url) as local:
        local.create(DOMAIN, "dev")
        client = Client(local, local.token(DOMAIN))
        assert client.get("dev", f"simple/pub/1.0/{name}").content == content
        sha256 = client.page("dev", "pub")["files"][0]["hashes"]["sha256"]
    damage(Blobs(tmp_path, durable=False).path(sha256), how)
    with local_codeartifact(tmp_path, public_index=public_index.url) as local:
        client = Client(local, client.token)
        assert client.get("dev", f"simple/pub/1.0/{name}").content == content
    assert public_index.asked.count(f"/files/pub/{name}") == 2
    assert "damaged" not in caplog.text


def test_a_broken_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    """The error names the file, and not one byte of it is changed."""
    with local_codeartifact(tmp_path):
        pass
    file = tmp_path / "codeartifact.sqlite3"
    file.write_bytes(b"not a database" * 1000)
    with pytest.raises(DataFolderError, match=r"codeartifact\.sqlite3"):
        local_codeartifact(tmp_path).__enter__()
    assert file.read_bytes() == b"not a database" * 1000


def test_the_folder_of_a_killed_server_is_free(tmp_path: Path) -> None:
    """Another process cannot have it while the first lives, and can as soon as that was killed."""
    with served(tmp_path) as (process, url):
        assert url
        with pytest.raises(DataFolderError, match="another codeartifact-local"):
            local_codeartifact(tmp_path).__enter__()
        process.kill()
        process.wait()
        with local_codeartifact(tmp_path) as local:
            assert local.client().list_domains()["domains"] == []
