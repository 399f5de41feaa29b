"""The exit codes: sysexits.h's numbers, and the README's table of them."""

import os
import re
from pathlib import Path

from batch_params import exit_codes

CODES = {name: code for name, code in vars(exit_codes).items() if name.startswith("EX_")}
README = Path(__file__).parents[2] / "packages" / "batch-params" / "README.md"


def test_codes_are_those_of_sysexits() -> None:
    """Each name has the number that the operating system's own table gives it."""
    assert {name: getattr(os, name) for name in CODES} == CODES
    assert CODES


def test_the_readme_shows_exactly_these() -> None:
    """The table for people lists every code, and no other."""
    rows = re.findall(r"^\| (\d+) +\| `(EX_\w+)`", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name: int(code) for code, name in rows} == CODES
