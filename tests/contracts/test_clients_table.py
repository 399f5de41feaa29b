"""The table of clients and the README's starts are those that the matrix of clients runs."""

from __future__ import annotations

import pytest
from tests.clients.deeds import DEEDS
from tests.clients.environments import version
from tests.clients.expectations import CELLS
from tests.clients.starts import README, STEPS, opening, starts
from tests.clients.table import PAGE, block, render, replaced

STARTS = starts(README.read_text(encoding="utf-8"))
STEPS_OF_DEEDS = {
    "publish": {"publish"},
    "install": {"install"},
    "install from its lock": {"install", "lock", "install from the lock"},
}


def test_the_page_holds_the_table_of_the_matrix() -> None:
    """The table is what the tests demand of the pinned clients; after a new pin `make clients` writes it anew."""
    assert block(PAGE.read_text(encoding="utf-8")) == render(CELLS)


def test_a_stale_table_is_seen() -> None:
    """Neither another version nor another exit code would pass."""
    page, table = PAGE.read_text(encoding="utf-8"), render(CELLS)
    for old, new in (("| 2 |", "| 0 |"), (f"| pip {version('pip')} |", "| pip 1.0 |")):
        assert block(replaced(page, table.replace(old, new))) != table


def test_every_deed_is_asked_of_some_client() -> None:
    """No deed stands in the tests that no client does."""
    assert {cell.deed for cell in CELLS} == set(DEEDS)


def test_every_start_of_the_readme_is_run() -> None:
    """Each client with a start is in the matrix, and its steps are those that the matrix knows."""
    assert {cell.client for cell in CELLS} == {*STARTS, "boto3"}
    assert {step for start in STARTS.values() for step in start.steps} == STEPS
    assert len(opening(README.read_text(encoding="utf-8"))) == 2


@pytest.mark.parametrize("client", [name for name in STARTS if name != "aws"])
def test_a_start_has_the_steps_that_its_cells_do(client: str) -> None:
    """The steps that a client's cells do are those that its start shows, building aside."""
    deeds = {cell.deed for cell in CELLS if cell.client == client}
    steps = set().union(*(STEPS_OF_DEEDS.get(deed, set()) for deed in deeds))
    assert set(STARTS[client].steps) - {"build"} == steps
