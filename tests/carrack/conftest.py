"""What several tests of carrack stand on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.carrack.published import Published, bare, published_workspace
from tests.carrack.static_index import StaticIndex, serve


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
