"""What several tests of carrack stand on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import settings
from tests.carrack.published import Published, bare, published_workspace
from tests.carrack.static_index import StaticIndex, serve
from tests.carrack.web import Web

from codeartifact_local.testing import LocalCodeArtifact, local_codeartifact

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault of what is tested
settings.load_profile("untimed")


@pytest.fixture
def static_index(tmp_path: Path) -> Iterator[StaticIndex]:
    """An index on loopback, empty; put files into its folder."""
    with serve(StaticIndex(folder=tmp_path / "index")) as index:
        yield index


@pytest.fixture
def bare_environ(tmp_path: Path) -> Mapping[str, str]:
    """The environment of a user who has no settings."""
    return bare(tmp_path)


@pytest.fixture
def published(tmp_path: Path) -> Iterator[Published]:
    """A workspace that is published, beside `thing` of a third party."""
    with published_workspace(tmp_path) as state:
        yield state


@pytest.fixture(scope="session")
def nothing_public() -> Iterator[str]:
    """The address of a public index that has no project at all."""
    with Web() as web:
        yield f"{web.url}/simple/"


@pytest.fixture(scope="session")
def shared_server(nothing_public: str) -> Iterator[LocalCodeArtifact]:
    """A local CodeArtifact with domain `carrack`, `pypi-store`, `prod` and `staging`; no test moves its clock."""
    with local_codeartifact(public_index=nothing_public) as server:
        server.create("carrack", "prod", "staging")
        yield server


@pytest.fixture
def server(nothing_public: str) -> Iterator[LocalCodeArtifact]:
    """A local CodeArtifact with nothing in it, for one test alone."""
    with local_codeartifact(public_index=nothing_public) as server:
        yield server


@pytest.fixture
def aws_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The home of a user with AWS keys in the environment and no settings of any kind."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "CODEARTIFACT_"))]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-environment")
    return home


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, and its key, in one file."""
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder
