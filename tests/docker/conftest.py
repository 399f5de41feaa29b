"""The engine, the base image, what is published for the image, and the image: made once for all tests here."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.docker.engine import Engine, EngineMissingError, do_without, import_base_image, started_engine
from tests.docker.podman import PROGRAM as PODMAN
from tests.docker.podman import private_podman
from tests.docker.published import Published, publish

from carrack.adapters.engine import ContainerEngine
from carrack.adapters.engines import find_engine
from carrack.ports import Report
from codeartifact_local.testing import LocalCodeArtifact, local_codeartifact


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """A private engine; without one the test is skipped, or fails when CARRACK_REQUIRE_DOCKER is 1."""
    with ExitStack() as stack:
        try:
            running = stack.enter_context(started_engine())
        except EngineMissingError as missing:
            do_without(missing)
        yield running


@pytest.fixture(scope="session")
def base_image(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small image of the Python that runs the tests, as python:X.Y-slim would be."""
    try:
        return import_base_image(
            engine, tmp_path_factory.mktemp("base") / "base.tar", tag="python-base:latest"
        )
    except EngineMissingError as missing:
        do_without(missing)


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCodeArtifact]:
    """A local CodeArtifact, and the public index behind it."""
    with local_codeartifact(tmp_path_factory.mktemp("index")) as running:
        yield running


@pytest.fixture(scope="session")
def published(index: LocalCodeArtifact, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A clone of this repository: its packages are on `index`, its app is locked and installed."""
    return publish(index.environ(), tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="session")
def docker_client(engine: Engine) -> ContainerEngine:
    """The tests' Docker engine, as Carrack finds it."""
    return find_engine(engine.environ, Report())


@pytest.fixture(scope="session")
def podman_client(engine: Engine, base_image: str) -> Iterator[ContainerEngine]:
    """A private podman, as Carrack finds it, with the base image; skipped where podman is not installed."""
    with ExitStack() as stack:
        try:
            environ = stack.enter_context(private_podman())
        except EngineMissingError as missing:
            pytest.skip(str(missing))
        with engine.saved(base_image) as archive:
            subprocess.run([PODMAN, "load", "--quiet"], env=environ, stdin=archive, check=True, timeout=600)
        yield find_engine(environ, Report())
