"""The engine and the base image: made once for all tests of this folder."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.docker.engine import Engine, EngineMissingError, import_base_image, started_engine


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """Start a private engine; without one the test is skipped, or fails with CARRACK_REQUIRE_DOCKER=1."""
    with ExitStack() as stack:
        try:
            running = stack.enter_context(started_engine())
        except EngineMissingError as missing:
            if os.environ.get("CARRACK_REQUIRE_DOCKER") == "1":
                pytest.fail(f"CARRACK_REQUIRE_DOCKER=1, but {missing}")
            pytest.skip(str(missing))
        yield running


@pytest.fixture(scope="session")
def base_image(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make a small image of the Python that runs the tests, as python:X.Y-slim would be; its name."""
    archive: Path = tmp_path_factory.mktemp("base") / "base.tar"
    return import_base_image(engine, archive, tag="python-base:latest")
