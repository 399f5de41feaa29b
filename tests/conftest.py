"""What the tests of all packages stand on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of builds for this run of the suite, and for each of its processes."""
    folder = tmp_path_factory.getbasetemp()
    return (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "carrack-cache"


@pytest.fixture(scope="session", autouse=True)
def _one_cache(shared_cache: Path) -> Iterator[None]:
    """Every `carrack` of the suite keeps its build environments there: made once, not by each test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARRACK_CACHE", str(shared_cache))
        yield


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """What the suite starts can be interrupted, also where the suite runs in a shell's background, which is not."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
