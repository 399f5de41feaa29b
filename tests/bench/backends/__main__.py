"""`make bench-backends`: four build backends, each built twice as on two machines, plainly and by `carrack build`.

Says for wheel and sdist whether the bytes are the same, and why not.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.pages import write
from tests.carrack.local import BIN
from tests.carrack.repositories import EPOCH, Repository, repository

from carrack.adapters.archives import BuiltArchives
from carrack.adapters.hashing import describe
from carrack.model.reproduction import why

BACKENDS = {
    "hatchling": ("hatchling", "hatchling.build", ""),
    "flit_core": ("flit-core", "flit_core.buildapi", ""),
    "setuptools": (
        "setuptools",
        "setuptools.build_meta",
        "[tool.setuptools.packages.find]\nwhere = ['src']\n",
    ),
    "uv_build": ("uv-build", "uv_build", ""),
}
"""Each backend: its distribution, its module, and what its manifest says beside."""


@dataclass(frozen=True)
class Way:
    """One way to build: what is said in the environment, and the file creation mask of each of the two builds."""

    name: str
    environ: Mapping[str, str]
    masks: tuple[int, int]


WAYS = (
    Way("`python -m build`", {}, (0o022, 0o022)),
    Way("with `SOURCE_DATE_EPOCH`", {"SOURCE_DATE_EPOCH": str(EPOCH)}, (0o022, 0o022)),
    Way("and another umask", {"SOURCE_DATE_EPOCH": str(EPOCH)}, (0o022, 0o077)),
)


def main() -> None:
    """Build, print the table, and write it to the page where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table to docs/reproducibility.md")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        table = "\n".join(_table(Path(scratch)))
    print(table)
    if chosen.write:
        write("backends", table)


def _table(scratch: Path) -> Sequence[str]:
    pins = _pins()
    rows = [f"| | {' | '.join(way.name for way in WAYS)} | `carrack build` |", "|---" * (len(WAYS) + 2) + "|"]
    for backend, (distribution, *_) in BACKENDS.items():
        repo = _workspace(scratch / backend, backend, pins)
        plain = [_plain(repo, way, pins) for way in WAYS]
        ours = _ours(repo, scratch / f"{backend}-clone")
        for kind in ("wheel", "sdist"):
            cells = [found[kind] for found in (*plain, ours)]
            rows.append(f"| {backend} {_version(pins, distribution)}, {kind} | {' | '.join(cells)} |")
    return rows


def _pins() -> str:
    """All four backends by hash, as the public index that pip is configured with has them."""
    wanted = "\n".join(distribution for distribution, *_ in BACKENDS.values())
    command: list[str | Path] = [
        BIN / "uv",
        "pip",
        "compile",
        "--universal",
        "--generate-hashes",
        "--no-header",
        "-",
    ]
    return subprocess.run(command, input=wanted, text=True, check=True, capture_output=True).stdout


def _version(pins: str, distribution: str) -> str:
    return next(
        line.split("==")[1].split()[0] for line in pins.splitlines() if line.startswith(f"{distribution}==")
    )


def _workspace(root: Path, backend: str, pins: str) -> Repository:
    distribution, module, more = BACKENDS[backend]
    repo = repository(root)
    repo.commit(
        {
            "pyproject.toml": "[tool.carrack]\n",
            "build-constraints.txt": pins,
            "packages/alpha/pyproject.toml": (
                f'[build-system]\nrequires = ["{distribution}"]\nbuild-backend = "{module}"\n'
                '[project]\nname = "alpha"\nversion = "1.0"\ndescription = "A package"\nreadme = "README.md"\n'
                + more
            ),
            "packages/alpha/README.md": "# alpha\n",
            "packages/alpha/src/alpha/__init__.py": '"""A package."""\n',
            "packages/alpha/src/alpha/data/one.txt": "one\n",
        }
    )
    return repo


def _plain(repo: Repository, way: Way, pins: str) -> Mapping[str, str]:
    """Two builds of two checkouts, made some seconds apart."""
    outs = []
    for number, mask in enumerate(way.masks):
        checkout = repo.root.with_name(f"{repo.root.name}-{number}-{len(list(repo.root.parent.iterdir()))}")
        subprocess.run(["git", "clone", "-q", repo.root, checkout], check=True, umask=mask)
        constraints = {"PIP_CONSTRAINT": str(checkout / "build-constraints.txt")}
        subprocess.run(
            [sys.executable, "-m", "build", "--outdir", checkout / "out", "packages/alpha"],
            cwd=checkout,
            env={**os.environ, **way.environ, **constraints},
            check=True,
            capture_output=True,
            umask=mask,
        )
        outs.append(checkout / "out")
        time.sleep(2.5)
    return _compare(*outs)


def _ours(repo: Repository, clone: Path) -> Mapping[str, str]:
    subprocess.run(["git", "clone", "-q", repo.root, clone], check=True, umask=0o077)
    for root, mask in ((repo.root, 0o022), (clone, 0o077)):
        command: list[str | Path] = [BIN / "carrack", "build", "--out", root / "out"]
        subprocess.run(command, cwd=root, check=True, capture_output=True, umask=mask)
        time.sleep(2.5)
    return _compare(repo.root / "out", clone / "out")


def _compare(first: Path, second: Path) -> Mapping[str, str]:
    found = {}
    for path in first.iterdir():
        other = second / path.name
        kind = "wheel" if path.suffix == ".whl" else "sdist"
        same = describe(path) == describe(other)
        archives = BuiltArchives()
        found[kind] = "same" if same else _short(why(archives.listing(path), archives.listing(other)))
    return found


def _short(reasons: Sequence[str]) -> str:
    """The kinds of reasons, each once: the members' names and values are left out."""
    kinds = (reason.rsplit(": ", 2) for reason in reasons)
    return "differs: " + ", ".join(sorted({parts[1] if len(parts) == 3 else parts[-1] for parts in kinds}))


if __name__ == "__main__":
    main()
