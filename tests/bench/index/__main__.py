"""`make bench-index`: codeartifact-local beside pypiserver and devpi-server, in one run, as medians and ratios."""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
from tests.bench.index.load import install_seconds, requests_per_second, upload_seconds
from tests.bench.index.servers import PINS, Server, Start, codeartifact, devpi, pypiserver
from tests.bench.pages import write
from tests.clients.environments import version
from tests.codeartifact_local.conftest import wheel

OURS = "codeartifact-local"
CLIENTS = (1, 8, 64)
SERVERS: tuple[Start, ...] = (codeartifact(sync=True), codeartifact(sync=False), pypiserver, devpi)


@dataclass(frozen=True)
class Size:
    """How much is done."""

    rounds: int
    seconds: int
    uploads: int
    installed: int


FULL, QUICK = Size(3, 3, 1000, 40), Size(1, 1, 20, 3)
Figures = Mapping[tuple[str, str], list[float]]
"""What was measured, by what it is and by server."""


def main() -> None:
    """Measure, print the table, and write it to docs/performance.md where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="see that it works; the figures mean nothing")
    parser.add_argument("--write", action="store_true", help="write the table to docs/performance.md")
    chosen = parser.parse_args()
    table = render(measure(QUICK if chosen.quick else FULL))
    print(table)
    if chosen.write:
        write("bench-index", table)


def measure(size: Size) -> Figures:
    """Run the servers by turns, `size.rounds` times each."""
    figures: dict[tuple[str, str], list[float]] = defaultdict(list)
    for _ in range(size.rounds):
        for start in SERVERS:
            with tempfile.TemporaryDirectory() as folder, start(Path(folder)) as server:
                for what, figure in one(server, size).items():
                    figures[what, server.name].append(figure)
    return figures


def one(server: Server, size: Size) -> dict[str, float]:
    """Measure one server."""
    page = [wheel("pages", f"{number}.0", body="x" * 8000) for number in range(20)]
    upload_seconds(server, page)
    found = {"ready, s": server.ready_seconds}
    with httpx.Client(trust_env=False) as http:
        urls = {"index pages/s": server.page_url("pages"), "downloads/s": server.file_url(http, "pages")}
    for what, url in urls.items():
        for clients in CLIENTS:
            found[f"{what}, {clients} clients"] = requests_per_second(
                server, url, clients=clients, seconds=size.seconds
            )
    files = [wheel(f"up{number:04}", "1.0", body="x" * 8000) for number in range(size.uploads)]
    found["uploads/s"] = size.uploads / upload_seconds(server, files)
    found["pip install, s"] = install_seconds(server, [f"up{number:04}" for number in range(size.installed)])
    found["memory, MB"] = server.megabytes()
    return found


def render(figures: Figures) -> str:
    """Return the table: medians, and ours against the better of the other two."""
    servers = list(dict.fromkeys(server for _, server in figures))
    rows = [
        f"| | {' | '.join(servers)} | {OURS} / better of the others |",
        "|---|" + "---:|" * (len(servers) + 1),
    ]
    for what in dict.fromkeys(what for what, _ in figures):
        medians = {server: statistics.median(figures[what, server]) for server in servers}
        others = [value for server, value in medians.items() if not server.startswith(OURS)]
        best = max(others) if "/s" in what else min(others)
        shown = " | ".join(f"{medians[server]:,.{0 if medians[server] > 20 else 2}f}" for server in servers)
        rows.append(f"| {what} | {shown} | {medians[OURS] / best:.2f} |")
    today = datetime.datetime.now(datetime.UTC).date()
    peers = f"pypiserver {version('pypiserver', PINS)}, devpi-server {version('devpi', PINS)}"
    machine = f"{os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}"
    rounds = len(next(iter(figures.values())))
    return "\n".join([*rows, "", f"{today}, {machine}, {peers}; medians of {rounds} rounds by turns."])


main()
