"""`make bench-status`: what `carrack status` takes in workspaces of 10, 100 and 1,000 packages, and its parts."""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path, PurePath, PurePosixPath
from urllib.parse import urlsplit

from tests.bench.index.servers import codeartifact
from tests.bench.knowing.workspace import fill, generate
from tests.bench.pages import write
from tests.carrack.local import BIN

from carrack.adapters.aws import Connection
from carrack.adapters.codeartifact import CodeArtifactReader
from carrack.adapters.git import Git
from carrack.adapters.manifests import read_workspace
from carrack.model.tags import tag_name
from carrack.model.workspace import Workspace
from codeartifact_local.settings import Settings
from codeartifact_local.testing import LocalCodeArtifact

SAMPLE = 25
"""How many packages the loops are run for; their figures are for all, reckoned from these."""
FAR = 0.04
"""Seconds on the way to a region and back."""


@dataclass(frozen=True)
class Size:
    """How much is done."""

    rounds: int
    packages: tuple[int, ...]


FULL, QUICK = Size(5, (10, 100, 1000)), Size(1, (2, 8))
Figures = Mapping[tuple[str, int], list[float]]
"""What was measured, by what it is and by the number of packages."""

READ = "reading the manifests, ms"
GIT = "asking git, ms"
GIT_LOOP = "`git diff --quiet TAG HEAD -- FOLDER` for each package, ms"
INDEX = "asking the index, ms"
INDEX_LOOP = "the same questions one by one, ms"
FAR_INDEX = "asking an index that is 40 ms away, ms"
STATUS = "**`carrack status`**, ms"
UNKNOWN = "the same in a new clone without tags, ms"
RUNS, UNKNOWN_RUNS = "git processes of the one", "git processes of the other"
REQUESTS = "requests to the index of the one"
ROWS = (READ, GIT, GIT_LOOP, INDEX, INDEX_LOOP, FAR_INDEX, STATUS, UNKNOWN, RUNS, UNKNOWN_RUNS, REQUESTS)
AGAINST = {GIT_LOOP: GIT, INDEX_LOOP: INDEX}
"""What a loop is measured beside."""


def main() -> None:
    """Measure, print the table, and write it to docs/performance.md where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="see that it works; the figures mean nothing")
    parser.add_argument("--write", action="store_true", help="write the table to docs/performance.md")
    chosen = parser.parse_args()
    table = render(measure(QUICK if chosen.quick else FULL))
    print(table)
    if chosen.write:
        write("bench-status", table)


def measure(size: Size) -> Figures:
    """Make an index and the workspaces, and measure each by turns, `size.rounds` times."""
    figures: dict[tuple[str, int], list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as scratch, codeartifact(sync=False)(Path(scratch)) as server:
        fill(server, max(size.packages))
        url = urlsplit(server.simple_url)._replace(path="").geturl()
        os.environ.update(LocalCodeArtifact(url=url, settings=Settings()).environ())
        os.environ["PYTHONDONTWRITEBYTECODE"] = ""  # as it is for everybody who installs it
        roots = {packages: Path(scratch) / str(packages) for packages in size.packages}
        for packages, root in roots.items():
            generate(root, packages)
            for what, count in counted(root).items():
                figures[what, packages].append(count)
        for _ in range(size.rounds):
            figures["help", 0].append(taken([BIN / "carrack", "--help"]))
            figures["bare", 0].append(taken([sys.executable, "-c", "pass"]))
            for packages, root in roots.items():
                for what, figure in one(root).items():
                    figures[what, packages].append(figure)
    return figures


def one(root: Path) -> dict[str, float]:
    """Measure one workspace, in ms."""
    workspace = read_workspace(root, os.environ)
    wanted = {package.name: package.version for package in workspace.packages.values()}
    few = dict(list(wanted.items())[:SAMPLE])
    near, far = _reader(workspace), _reader(workspace, FAR)
    return {
        READ: timed(lambda: read_workspace(root, os.environ)),
        GIT: timed(lambda: _git(Git(root, os.environ), workspace)),
        GIT_LOOP: timed(lambda: _git_loop(root, workspace)) * len(wanted) / len(few),
        INDEX: timed(lambda: near.state(wanted)),
        INDEX_LOOP: timed(lambda: [near.state({name: few[name]}) for name in few]) * len(wanted) / len(few),
        FAR_INDEX: timed(lambda: far.state(wanted)),
        STATUS: taken(_status(root)),
        UNKNOWN: taken(_status(_new_clone(root))),
    }


def _reader(workspace: Workspace, seconds_away: float = 0.0) -> CodeArtifactReader:
    """A reader whose connection is made, and whose requests wait on the way."""
    connection = Connection(workspace.indexes["bench"])
    reader = CodeArtifactReader(connection)
    reader.state({name: package.version for name, package in list(workspace.packages.items())[:1]})
    if seconds_away:
        connection.client.meta.events.register("before-send", lambda **_: time.sleep(seconds_away))
    return reader


def _git(git: Git, workspace: Workspace) -> None:
    """What `status` asks of git."""
    packages = workspace.packages.values()
    git.state([*(package.path for package in packages), PurePosixPath("build-constraints.txt")])
    tags = git.tags()
    names = {package.path: tag_name(package.name, package.version) for package in packages}
    git.trees((tags[name], path) for path, name in names.items() if name in tags)


def _git_loop(root: Path, workspace: Workspace) -> None:
    for package in list(workspace.packages.values())[:SAMPLE]:
        question = ("diff", "--quiet", f"{package.name}-v1.0", "HEAD", "--", package.path)
        command: list[str | PurePath] = ["git", "-C", root, *question]
        subprocess.run(command, check=False)


def _status(root: Path) -> list[str | Path]:
    return [BIN / "carrack", "-C", root, "status"]


def _new_clone(root: Path) -> Path:
    clone = root.parent / f"{root.name}-clone"
    shutil.rmtree(clone, ignore_errors=True)
    subprocess.run(["git", "clone", "-q", "--no-tags", root, clone], check=True)
    return clone


def counted(root: Path) -> dict[str, float]:
    """How many processes and requests it takes; also the first runs, which compile the bytecode."""
    runs, requests = _count(root)
    return {RUNS: runs, UNKNOWN_RUNS: _count(_new_clone(root))[0], REQUESTS: requests}


def _count(root: Path) -> tuple[int, int]:
    trace = root.parent / f"{root.name}.trace"
    environ = {**os.environ, "GIT_TRACE2_EVENT": str(trace)}
    command: list[str | Path] = [sys.executable, "-c", _COUNTING, *_status(root)[1:]]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    return trace.read_text().count('"event":"start"'), int(done.stderr.splitlines()[-1])


_COUNTING = """
import sys
from botocore.httpsession import URLLib3Session
from carrack.cli.main import main
send, sent = URLLib3Session.send, []
URLLib3Session.send = lambda self, request: (sent.append(request), send(self, request))[1]
try:
    main()
finally:
    print(len(sent), file=sys.stderr)
"""


def timed(do: Callable[[], object]) -> float:
    """How long it takes, in ms."""
    began = time.perf_counter()
    do()
    return (time.perf_counter() - began) * 1000


def taken(command: Sequence[str | Path]) -> float:
    """How long a command takes, in ms."""
    return timed(lambda: subprocess.run(command, capture_output=True, check=True))


def render(figures: Figures) -> str:
    """Return the table: medians and, of two ways to one answer, how many times the loop takes."""
    sizes = list(dict.fromkeys(packages for _, packages in figures if packages))
    medians = {key: statistics.median(values) for key, values in figures.items()}
    rows = [
        _row("packages, each with a tag", [f"{size:,}" for size in sizes]),
        _row("---", ["---:"] * len(sizes)),
    ]
    for what in ROWS:
        rows.append(_row(what, [f"{medians[what, size]:,.0f}" for size in sizes]))
        if ours := AGAINST.get(what):
            ratios = [f"{medians[what, size] / medians[ours, size]:.1f}" for size in sizes]
            rows.append(_row(f"that / {ours.removesuffix(', ms')}", ratios))
    return "\n".join([*rows, "", _footing(medians, len(figures["help", 0]))])


def _row(what: str, cells: Sequence[str]) -> str:
    return f"| {what} | {' | '.join(cells)} |"


def _footing(medians: Mapping[tuple[str, int], float], rounds: int) -> str:
    today = datetime.datetime.now(datetime.UTC).date()
    git = subprocess.run(["git", "version"], capture_output=True, text=True, check=True).stdout.split()[2]
    machine = f"{os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}, git {git}"
    libraries = f"botocore {version('botocore')}, pydantic {version('pydantic')}"
    return (
        f"`carrack --help`: {medians['help', 0]:,.0f} ms; `python -c pass`: {medians['bare', 0]:,.0f} ms. "
        f"{today}, {machine}, {libraries}; medians of {rounds} rounds by turns."
    )


if __name__ == "__main__":
    main()
