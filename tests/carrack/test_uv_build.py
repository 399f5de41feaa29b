"""uv_build through uv itself: only by the pinned version, to the same bytes as through its hooks."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.carrack.local import BIN
from tests.carrack.repositories import EPOCH, Repository

from carrack.adapters.builder import IsolatedBuilder
from carrack.adapters.builder.direct import build_directly
from carrack.adapters.builder.one_package import Build
from carrack.adapters.environment import isolated
from carrack.adapters.hashing import describe
from carrack.errors import BuildError
from carrack.model.artifact import Kinds, Source
from carrack.ports import Report

MANIFEST = """\
[build-system]
requires = ["uv_build"]
build-backend = "uv_build"
[project]
name = "{name}"
version = "1.0"
readme = "README.md"
[tool.uv.sources]
two = {{ workspace = true }}
"""


@pytest.fixture(scope="module")
def pins() -> str:
    """uv_build by hash, in a release that our own uv does not have."""
    wanted = f"uv_build!={version('uv')}"
    command: list[str | Path] = [BIN / "uv", "pip", "compile", "--universal", "--generate-hashes", "-"]
    done = subprocess.run(command, input=wanted, text=True, check=True, capture_output=True)
    return done.stdout


@pytest.fixture(scope="module")
def uv(pins: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with uv in the release to which uv_build is pinned."""
    pinned = next(line for line in pins.splitlines() if line.startswith("uv-build==")).split()[0]
    folder = tmp_path_factory.mktemp("uv")
    wanted = pinned.replace("uv-build", "uv")
    pip: list[str | Path] = [sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, wanted]
    subprocess.run(pip, check=True)
    return folder / "bin"


def laid_out(folder: Path) -> list[Source]:
    """Two packages."""
    for name in ("one", "two-more"):
        module = name.replace("-", "_")
        Repository(folder / name).write(
            {
                "pyproject.toml": MANIFEST.format(name=name),
                "README.md": "",
                f"src/{module}/__init__.py": "",
            }
        )
    return [
        Source(
            name=canonicalize_name(name),
            version=Version("1.0"),
            path=folder / name,
            epoch=EPOCH,
            build_requires=("uv_build",),
        )
        for name in ("one", "two-more")
    ]


def build(
    sources: list[Source], pins: str, kinds: Kinds = Kinds.BOTH, path: str = "/usr/bin:/bin"
) -> tuple[Mapping[str, str], int]:
    """Build them in our worker, with this PATH: sha256 by name, and how many environments were made."""
    made: list[int] = []

    def environ() -> Mapping[str, str]:
        made.append(1)
        return isolated(os.environ)

    folder = sources[0].path.parent
    (folder / "constraints.txt").write_text(pins)
    builder = IsolatedBuilder(
        constraints=folder / "constraints.txt",
        environ=environ,
        seen={**os.environ, "PATH": path},
        report=Report(),
    )
    artifacts = builder.build(sources, folder / "out", kinds)
    return {one.path.name: describe(one.path).sha256 for one in artifacts}, len(made)


def directly(sources: list[Source], pins: str, out: Path, kinds: Kinds = Kinds.BOTH) -> Mapping[str, str]:
    """Build them in this process, by uv alone: sha256 by name."""
    out.mkdir()
    builds = [
        Build(
            name=source.name,
            source=str(source.path),
            epoch=source.epoch,
            requires=frozenset(source.build_requires),
            constraints=pins,
            environments="",
            is_careful=False,
            kinds=kinds,
            out=out,
            backwards=False,
        )
        for source in sources
    ]
    made = build_directly(builds, os.environ)
    names = [name for source in sources if source.name in made for name in made[source.name]["files"]]
    return {name: describe(out / name).sha256 for name in names}


OURS = f"uv-build=={version('uv')} --hash=sha256:{'0' * 64}\n"
"""Our own uv's version; no index has such a file, and none is asked for it."""


@pytest.mark.slow
@pytest.mark.registry
def test_uv_of_the_pinned_version_builds_to_the_same_bytes_as_its_hooks(
    uv: Path, pins: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sdists and wheels, settled as all are."""
    monkeypatch.setattr("uv.find_uv_bin", lambda: str(uv / "uv"))
    for kinds, count in ((Kinds.BOTH, 4), (Kinds.WHEEL, 2), (Kinds.SDIST, 2)):
        sources = laid_out(tmp_path / kinds.name)
        hooked, environments = build(sources, pins, kinds)
        assert environments == 1
        assert directly(sources, pins, tmp_path / f"{kinds.name}-direct", kinds) == hooked
        assert len(hooked) == count


def test_our_own_uv_builds_without_an_environment(tmp_path: Path) -> None:
    """Where the constraints pin uv_build to its version."""
    made, environments = build(laid_out(tmp_path), OURS)
    assert (len(made), environments) == (4, 0)


def test_no_uv_on_path_builds_what_is_published(tmp_path: Path) -> None:
    """Anything may say that it is the pinned version; it is not even asked."""
    program = tmp_path / "bin" / "uv"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\necho uv 0.0.1\n")
    program.chmod(0o755)
    with pytest.raises(BuildError):  # no index has that release of the hooks
        build(
            laid_out(tmp_path), OURS.replace(version("uv"), "0.0.1"), path=f"{program.parent}:/usr/bin:/bin"
        )
    assert not (tmp_path / "ran").exists()


def _refuse(*_: object, **__: object) -> None:
    """As the kernel refuses a link to another file system."""
    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))


def test_where_no_links_can_be_made_files_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The temporary folder is on another file system, or the files are another user's."""
    monkeypatch.setattr("os.link", _refuse)
    assert len(directly(laid_out(tmp_path), OURS, tmp_path / "out")) == 4


def test_files_that_cannot_be_had_are_left_to_the_hooks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They say which package it is."""
    monkeypatch.setattr("os.link", _refuse)
    monkeypatch.setattr("shutil.copy2", _refuse)
    assert directly(laid_out(tmp_path), OURS, tmp_path / "out") == {}


def test_without_a_uv_that_runs_the_hooks_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its package has no program for this machine, or one that is no program."""
    monkeypatch.setattr("uv.find_uv_bin", _refuse)
    assert directly(laid_out(tmp_path), OURS, tmp_path / "out") == {}
    monkeypatch.setattr("uv.find_uv_bin", lambda: str(tmp_path))
    assert directly(laid_out(tmp_path / "again"), OURS, tmp_path / "out2") == {}


@pytest.mark.slow
@pytest.mark.registry
def test_what_uv_cannot_build_is_said_by_its_hooks(
    uv: Path, pins: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the package's name."""
    monkeypatch.setattr("uv.find_uv_bin", lambda: str(uv / "uv"))
    sources = laid_out(tmp_path)
    (tmp_path / "two-more/src/two_more/__init__.py").unlink()
    assert directly(sources, pins, tmp_path / "direct") == {}
    with pytest.raises(BuildError, match="sdist: Backend subprocess exited") as caught:
        build(sources, pins)
    assert caught.value.address == "two-more"
    assert "two_more" in caught.value.output
