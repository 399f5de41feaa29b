"""What is in the repository is whole."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tests.bench.pages import DOCS, PLACES, split

ROOT = Path(__file__).parents[2]


def test_no_file_has_the_marks_of_a_merge_that_was_not_settled() -> None:
    """They are a line's first seven characters."""
    marks = ["-e", f"^{'<' * 7} ", "-e", f"^{'>' * 7} "]
    found = subprocess.run(
        ["git", "-C", ROOT, "grep", "-lE", *marks], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout) == (1, "")


@pytest.mark.parametrize("name", PLACES)
def test_every_table_of_figures_is_filled(name: str) -> None:
    """Each page that has a place for it has been given one."""
    for page in PLACES[name]:
        _, table, _ = split(name, (DOCS / page).read_text(encoding="utf-8"))
        assert table.strip(), page


def test_the_picture_of_growth_is_one() -> None:
    """It has a line for each way."""
    root = ET.parse(DOCS / "growth.svg").getroot()  # noqa: S314 - our own file
    assert len(root.findall("{http://www.w3.org/2000/svg}polyline")) == 4
