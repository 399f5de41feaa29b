"""A server and a client's bench for each cell; and what the cells showed, for the table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.clients.caller import Caller
from tests.clients.environments import surroundings
from tests.clients.expectations import CELLS, Cell
from tests.clients.table import PAGE, render, replaced
from tests.codeartifact_local.conftest import DOMAIN, Client

from codeartifact_local.testing import LocalCodeArtifact, local_codeartifact


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --write-table."""
    parser.addoption(
        "--write-table", action="store_true", help="write what the clients did to docs/fidelity.md"
    )


@pytest.fixture(scope="session", autouse=True)
def _surroundings() -> None:
    """Remember how pip is configured while HOME is still its own."""
    surroundings()


@pytest.fixture(scope="session")
def public_address() -> Iterator[str]:
    """Give the public index, through a server that keeps what one cell fetched for the next."""
    with local_codeartifact() as running:
        running.create(DOMAIN)
        near = Client(running, running.token(DOMAIN))
        near.page("pypi-store", "iniconfig")  # it asks pip where the public index is while HOME is pip's own
        yield running.index_url(DOMAIN, "pypi-store", near.token)


@pytest.fixture
def local(public_address: str) -> Iterator[LocalCodeArtifact]:
    """Give a server in front of the public index."""
    with local_codeartifact(public_index=public_address) as running:
        yield running


@pytest.fixture
def caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """Let this process be that of a caller with files of their own."""
    caller = Caller(tmp_path / "caller")
    for name, value in caller.variables().items():
        monkeypatch.setenv(name, value)
    return caller


@pytest.fixture(scope="session")
def observed(request: pytest.FixtureRequest) -> Iterator[dict[tuple[str, str], Cell]]:
    """Collect what the clients did; with --write-table, and when all of them did it, write the table."""
    seen: dict[tuple[str, str], Cell] = {}
    yield seen
    if request.config.getoption("--write-table", default=False):
        rows = [seen[cell.client, cell.deed] for cell in CELLS]
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(replaced(page, render(rows)), encoding="utf-8")
