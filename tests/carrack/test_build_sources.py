"""The script of the build stage that makes wheels of git sources: the same bytes as on the machine that locked them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from packaging.utils import canonicalize_name
from tests.carrack.published import HERE, Published, published_workspace
from tests.carrack.repositories import Repository, package, repository

from carrack.model.code_sources import GitSource
from carrack.model.lock import Lock

EXTRA = canonicalize_name("extra")


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    """A repository somewhere else: `extra` is built by the tiny backend, which is among its own files."""
    new = repository(tmp_path / "upstream")
    new.commit(package("extra", "2.0", folder="."))
    shutil.copy(Path(__file__).with_name("tiny_backend.py"), new.root / "extra" / "src" / "backend.py")
    manifest = new.root / "extra" / "pyproject.toml"
    told = manifest.read_text().replace('"hatchling>=1.27,<2"', "").replace("hatchling.build", "backend")
    manifest.write_text(
        told.replace('build-backend = "backend"', 'build-backend = "backend"\nbackend-path = ["src"]')
    )
    new.commit()
    return new


@pytest.fixture
def locked(tmp_path: Path, upstream: Repository) -> Iterator[tuple[Published, Lock]]:
    """A workspace whose app has `extra` out of a commit, and its lock."""
    with published_workspace(tmp_path) as state:
        state.pythons = (HERE,)
        state.requirements = ("extra",)
        commit = upstream.git("rev-parse", "HEAD")
        source = GitSource(url=f"file://{upstream.root}", commit=commit, subdirectory=PurePosixPath("extra"))
        state.sources = {EXTRA: source}
        yield state, state.lock()


def run(folder: Path, source: Mapping[str, Any], **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the script as the build stage does, on one source."""
    folder.mkdir(exist_ok=True)
    carrack = resources.files("carrack")
    for name in ("templates/build_sources.py", "adapters/builder/settled.py"):
        (folder / Path(name).name).write_text(carrack.joinpath(name).read_text())
    (folder / "sources.json").write_text(json.dumps([source]))
    return subprocess.run(
        [sys.executable, "build_sources.py", "sources.json", "wheels"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environ},
        capture_output=True,
        text=True,
        umask=0o077,
        check=False,
    )


def told(published: Published, lock: Lock) -> dict[str, Any]:
    """What sources.json says of `extra`."""
    (of_lock,) = lock.sources
    source = published.sources[EXTRA]
    assert isinstance(source, GitSource)
    return {
        "name": "extra",
        "url": source.url,
        "commit": of_lock.commit,
        "tree": of_lock.tree,
        "subdirectory": str(source.subdirectory),
        "sha256": sorted(lock.files(EXTRA)),
    }


def test_the_build_stage_makes_the_locked_bytes(locked: tuple[Published, Lock], tmp_path: Path) -> None:
    """With another umask, home and user configuration than where it was locked."""
    done = run(tmp_path / "stage", told(*locked))
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "stage" / "wheels").iterdir()] == ["extra-2.0-py3-none-any.whl"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sha256": ["0" * 64]}, "which is not the locked one"),
        ({"tree": "1" * 40}, "and others were locked"),
        ({"commit": "1" * 40}, "git fetch: "),
        ({"url": "file:///nonexistent"}, "git fetch: "),
    ],
)
def test_what_is_not_as_locked_ends_in_one_sentence(
    locked: tuple[Published, Lock], tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    """Other bytes, another tree, a commit that is gone, a repository that is away: no wheel, no traceback."""
    done = run(tmp_path / "stage", {**told(*locked), **change})
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "stage" / "wheels").iterdir()) == []


def test_without_git_the_remedy_is_told(locked: tuple[Published, Lock], tmp_path: Path) -> None:
    """A slim image has none, and the key that names another is in the sentence."""
    done = run(tmp_path / "stage", told(*locked), PATH="/nonexistent")
    assert "say sources-image" in done.stderr
