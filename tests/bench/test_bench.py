"""The benchmark itself works; its figures are for `make bench-index`."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.registry
def test_the_bench_of_the_index_runs_to_its_end() -> None:
    """The quick form starts all three servers, loads them, and prints a row for each figure."""
    command = [sys.executable, "-m", "tests.bench.index", "--quick"]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stderr
    for what in ("ready", "index pages/s, 64 clients", "downloads/s, 8 clients", "uploads/s", "pip install"):
        assert f"| {what}" in done.stdout
