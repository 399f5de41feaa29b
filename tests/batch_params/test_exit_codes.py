"""The exit codes: sysexits.h's numbers, a shell's for SIGTERM, and the README's table of them."""

import os
import re
import signal
from pathlib import Path

from batch_params import exit_codes

CODES = {name: code for name, code in vars(exit_codes).items() if name.startswith("EX_")}
README = Path(__file__).parents[2] / "packages" / "batch-params" / "README.md"


def test_codes_are_those_of_sysexits() -> None:
    """Each name has the number that the operating system's own table gives it."""
    from_signal = {"EX_TERMINATED": 128 + signal.SIGTERM}
    assert {name: getattr(os, name) for name in CODES.keys() - from_signal} | from_signal == CODES


def test_the_readme_shows_exactly_these() -> None:
    """The table for people lists every code, and no other."""
    rows = re.findall(r"^\| (\d+) +\| `(EX_\w+)`", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name: int(code) for code, name in rows} == CODES
