"""The table of docs/fidelity.md: what each client did, between two markers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.clients.environments import version
from tests.clients.expectations import Cell

PAGE = Path(__file__).parents[2] / "docs" / "fidelity.md"
BEGIN = "<!-- written by `make clients` -->\n"
END = "<!-- end of what `make clients` writes -->\n"


def render(cells: Iterable[Cell]) -> str:
    """The rows of `cells`, with the versions of the clients that were run."""
    rows = [
        f"| {cell.client} {version(cell.client)} | {cell.deed} | {cell.exit} | {cell.says} |"
        for cell in cells
    ]
    head = ["| client | what it is asked | exit | what it says |", "|---|---|---|---|"]
    return "\n".join([*head, *rows]) + "\n"


def block(page: str) -> str:
    """What stands between the markers of a page."""
    return page.split(BEGIN, 1)[1].split(END, 1)[0]


def replaced(page: str, table: str) -> str:
    """The page with `table` between its markers."""
    return page.split(BEGIN, 1)[0] + BEGIN + table + END + page.split(END, 1)[1]
