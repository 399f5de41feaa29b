"""What several tests of carrack stand on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.carrack.published import Published
from tests.carrack.static_index import StaticIndex, serve
from tests.carrack.wheels import make_wheel


@pytest.fixture
def static_index(tmp_path: Path) -> Iterator[StaticIndex]:
    """An index on loopback, empty; put files into its folder."""
    folder = tmp_path / "index"
    folder.mkdir()
    with serve(StaticIndex(folder=folder)) as index:
        yield index


@pytest.fixture
def bare_environ(tmp_path: Path) -> Mapping[str, str]:
    """The environment of a user who has no settings: an empty home, and caches of their own."""
    home = tmp_path / "home"
    home.mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "UV_CACHE_DIR": str(tmp_path / "uv-cache"),
        "PIP_CACHE_DIR": str(tmp_path / "pip-cache"),
    }


@pytest.fixture
def published(static_index: StaticIndex, bare_environ: Mapping[str, str], tmp_path: Path) -> Published:
    """A workspace that is published, beside `thing` of a third party."""
    state = Published(index=static_index, environ=bare_environ, root=tmp_path / "workspace")
    make_wheel(static_index.folder, "thing", "1.0")
    state.publish("record-io", "1.4.0", ["thing>=1"])
    state.publish("record-rules", "1.1.0", ["record-io>=1.4,<2"])
    return state
