"""`carrack image runtime`: from the index to where jobs fetch from. Index and S3 (moto) are real servers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import boto3
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.carrack.aws_server import aws_server
from tests.carrack.fakes import Told
from tests.carrack.local import index_at, upload
from tests.carrack.wheels import make_wheel, sha256

from carrack.adapters.aws import Connection
from carrack.adapters.codeartifact import CodeArtifactReader
from carrack.adapters.gate import CodeArtifactGate
from carrack.adapters.runtime_store import WritableStore
from carrack.adapters.simple_index import SimpleIndex
from carrack.commands.runtime_wheels import provide
from carrack.errors import CarrackError, IndexAccessError, LockError, UsageError
from carrack.model.code_sources import LockedSource, RuntimeSource
from carrack.model.lock import Candidate, Lock, Pin
from carrack.model.workspace import App
from codeartifact_local.testing import LocalCodeArtifact

pytestmark = pytest.mark.usefixtures("aws_user")
LATER = canonicalize_name("later")
STORE = WritableStore(profile=None, region="us-east-1")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, shared_server: LocalCodeArtifact) -> Path:
    """The wheel of `later` 1.0, which is on the index."""
    made = make_wheel(tmp_path_factory.mktemp("later"), "later", "1.0")
    upload(shared_server, made)
    return made


def an_app(prefix: str) -> App:
    """An app that gets `later` at run time from `prefix`."""
    return App(
        name="job",
        path=PurePosixPath("job"),
        requirements=(Requirement("later"),),
        lock=PurePosixPath("job/requirements.lock"),
        pythons=("3.12",),
        manifest=PurePosixPath("job/pyproject.toml"),
        sources={LATER: RuntimeSource(prefix=prefix)},
    )


def a_lock(*hashes: str) -> Lock:
    """The lock of that app."""
    pin = Pin(candidate=Candidate(name=LATER, version=Version("1.0")), hashes=frozenset(hashes))
    return Lock(
        app="job",
        pythons=("3.12",),
        machines=("x86_64",),
        requirements="",
        receipt="",
        pins=frozenset({pin}),
        sources=frozenset({LockedSource(name=LATER, kind="runtime")}),
    )


def provided(server: LocalCodeArtifact, app: App, lock: Lock, report: Told | None = None) -> tuple[str, ...]:
    """Run it."""
    connection = Connection(index_at(server.url))
    return provide(
        app,
        lock,
        listing=SimpleIndex(CodeArtifactGate(connection).open()),
        reader=CodeArtifactReader(connection),
        store=STORE,
        report=report or Told(),
    )


def refused(server: LocalCodeArtifact, kind: type[CarrackError], app: App, lock: Lock) -> CarrackError:
    """What it ends with."""
    with pytest.raises(kind) as caught:
        provided(server, app, lock)
    return caught.value


def test_a_wheel_is_put_under_its_hash_once(
    shared_server: LocalCodeArtifact, wheel: Path, tmp_path: Path
) -> None:
    """In a folder: the very bytes, readable for the job's user; a second run leaves what is there."""
    app, lock = an_app(f"{tmp_path.as_uri()}/"), a_lock(sha256(wheel))
    (address,) = provided(shared_server, app, lock)
    assert address == f"{tmp_path.as_uri()}/{sha256(wheel)}/{wheel.name}"
    placed = tmp_path / sha256(wheel) / wheel.name
    assert placed.read_bytes() == wheel.read_bytes()
    assert placed.stat().st_mode & 0o777 == 0o644
    report = Told()
    provided(shared_server, app, lock, report)
    assert report.steps == [f"Keeping {address}"]


def test_a_wheel_is_put_into_a_bucket(
    shared_server: LocalCodeArtifact, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its sha256, by which S3 checks what arrives; a bucket that is not there is one sentence."""
    with aws_server() as environ:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", environ["AWS_ENDPOINT_URL"])
        bucket: Any = boto3.client("s3", region_name="us-east-1")
        app, lock = an_app("s3://wheels/acme/"), a_lock(sha256(wheel))
        assert "S3 does not let us in" in refused(shared_server, IndexAccessError, app, lock).message
        bucket.create_bucket(Bucket="wheels")
        provided(shared_server, app, lock)
        key = f"acme/{sha256(wheel)}/{wheel.name}"
        assert bucket.get_object(Bucket="wheels", Key=key)["Body"].read() == wheel.read_bytes()
        report = Told()
        provided(shared_server, app, lock, report)
        assert report.steps[0].startswith("Keeping ")


def test_an_address_that_nobody_can_write_to_is_refused(
    shared_server: LocalCodeArtifact, wheel: Path
) -> None:
    """A web server is filled in another way, and the error says how."""
    error = refused(shared_server, UsageError, an_app("https://wheels.example.com/"), a_lock(sha256(wheel)))
    assert "--into" in error.hint


def test_a_file_that_is_gone_from_the_index_is_named(shared_server: LocalCodeArtifact, wheel: Path) -> None:
    """With its hash; nothing else would be what was locked."""
    assert "0" * 64 in refused(shared_server, LockError, an_app("file:///nowhere/"), a_lock("0" * 64)).message


def test_sources_that_changed_since_the_lock_are_refused(
    shared_server: LocalCodeArtifact, wheel: Path
) -> None:
    """The lock says what the image leaves out."""
    app = replace(an_app("file:///nowhere/"), sources={})
    assert (
        "changed since it was locked" in refused(shared_server, LockError, app, a_lock(sha256(wheel))).message
    )
