"""The benchmarks themselves work; their figures are for `make bench-index` and the others."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.bench.pages import DOCS, PLACES, split
from tests.bench.ran import FailedError, ran


def quick(bench: str) -> str:
    """What the quick form of a benchmark prints."""
    command = [sys.executable, "-m", f"tests.bench.{bench}", "--quick"]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.registry
def test_the_bench_of_the_index_runs_to_its_end() -> None:
    """The quick form starts all three servers, loads them, and prints a row for each figure."""
    shown = quick("index")
    for what in ("ready", "index pages/s, 64 clients", "downloads/s, 8 clients", "uploads/s", "pip install"):
        assert f"| {what}" in shown


@pytest.mark.slow
@pytest.mark.registry
def test_the_bench_of_the_job_runs_to_its_end() -> None:
    """The quick form makes records, sees that all three make the same of them, and prints both tables."""
    shown = quick("pipeline")
    for what in ("| records/s", "| peak memory, MB", "| 2 | "):
        assert what in shown


@pytest.mark.slow
@pytest.mark.registry
def test_the_bench_of_releases_runs_to_its_end() -> None:
    """The quick form generates workspaces, builds and publishes them in every way, and prints all tables."""
    shown = quick("release")
    for what in (
        "| hatchling, wheels | ",
        "| uv_build, sdists and wheels | ",
        "| 20 ms a request | ",
        "| a chain, 0 ms",
    ):
        assert what in shown
    assert "With 10 uploads a second" in shown
    assert "Nothing changed, 8 packages" in shown


def test_a_command_that_fails_is_no_figure() -> None:
    """What it printed is told; one that works has its time and its own memory, not that of whoever asks."""
    with pytest.raises(FailedError, match="no such luck"):
        ran([sys.executable, "-c", "raise SystemExit('no such luck')"])
    with pytest.raises(FailedError, match="No such file"):
        ran(["/no/such/program"])
    held = bytearray(300_000_000)
    took = ran([sys.executable, "-c", "import time; time.sleep(0.1)"])
    assert took.seconds > 0.1
    assert took.megabytes < len(held) / 1e6 / 3


def test_the_bench_of_status_runs_to_its_end() -> None:
    """The quick form makes an index and two small workspaces, and prints a row for each figure."""
    rows = dict(line.strip("| ").split(" | ", 1) for line in quick("knowing").splitlines() if line[:1] == "|")
    assert rows["packages, each with a tag"] == "2 | 8"
    assert rows["git processes of the one"] == "6 | 6"
    assert rows["requests to the index of the one"] == "3 | 15"


def test_the_bench_of_parameters_runs_to_its_end() -> None:
    """Each program works, and has its two figures."""
    rows = [line.split() for line in quick("params").splitlines()[2:]]
    assert len(rows) == 5
    assert all(float(row[0]) > 0 and float(row[1]) > 0 for row in rows)


@pytest.mark.parametrize("name", PLACES)
def test_every_table_has_its_place(name: str) -> None:
    """In each of its pages; a page without one is no place."""
    for page in PLACES[name]:
        text = (DOCS / page).read_text(encoding="utf-8")
        assert "".join(split(name, text)) == text
        with pytest.raises(ValueError, match="not found"):
            split(name, text.replace(name, "another"))
