"""uv_build by the program of its distribution: the pinned one, to the same bytes as through its hooks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.carrack.local import BIN
from tests.carrack.repositories import EPOCH, Repository

from carrack.adapters.builder import IsolatedBuilder
from carrack.adapters.builder.direct import build_directly
from carrack.adapters.builder.settled import settle
from carrack.adapters.cache.environments import BuildEnvironment
from carrack.adapters.environment import isolated
from carrack.adapters.hashing import describe
from carrack.errors import BuildError
from carrack.model.artifact import Kinds, Source
from carrack.model.build_environment import Installed
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
    """uv_build by hash."""
    command: list[str | Path] = [BIN / "uv", "pip", "compile", "--universal", "--generate-hashes", "-"]
    done = subprocess.run(command, input="uv_build", text=True, check=True, capture_output=True)
    return done.stdout


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


def build(sources: list[Source], pins: str, kinds: Kinds = Kinds.BOTH) -> Mapping[str, str]:
    """Build them: sha256 by name. The environment is kept beside the sources."""
    folder = sources[0].path.parent
    (folder / "constraints.txt").write_text(pins)
    builder = IsolatedBuilder(
        constraints=folder / "constraints.txt",
        environ=lambda: isolated(os.environ),
        seen=os.environ,
        report=Report(),
        environments=folder / "kept",
    )
    artifacts = builder.build(sources, folder / "out", kinds)
    return {one.path.name: describe(one.path).sha256 for one in artifacts}


def hooks_ran(sources: list[Source]) -> bool:
    """Whether a hook was run in the environment that was kept: the first one leaves what was learned from it."""
    return any((sources[0].path.parent / "kept").rglob("learned-*.json"))


@pytest.mark.slow
@pytest.mark.registry
def test_the_program_builds_to_the_same_bytes_as_the_hooks(pins: str, tmp_path: Path) -> None:
    """Sdists, settled as all are, and wheels; no hook is run."""
    for kinds, options in ((Kinds.BOTH, ()), (Kinds.WHEEL, ("--wheel",)), (Kinds.SDIST, ("--sdist",))):
        sources = laid_out(tmp_path / kinds.name)
        made = build(sources, pins, kinds)
        assert not hooks_ran(sources)
        out, constraints = tmp_path / f"{kinds.name}-hooks", tmp_path / kinds.name / "constraints.txt"
        for source in sources:
            subprocess.run(
                [sys.executable, "-m", "build", *options, "--outdir", out, source.path],
                env={**os.environ, "PIP_CONSTRAINT": str(constraints), "SOURCE_DATE_EPOCH": str(EPOCH)},
                check=True,
                capture_output=True,
            )
        for sdist in out.glob("*.tar.gz"):
            settle(sdist, EPOCH)
        assert {path.name: describe(path).sha256 for path in out.iterdir()} == made


@pytest.mark.slow
@pytest.mark.registry
def test_what_the_program_cannot_build_is_said_by_its_hooks(pins: str, tmp_path: Path) -> None:
    """With the package's name."""
    sources = laid_out(tmp_path)
    (tmp_path / "two-more/src/two_more/__init__.py").unlink()
    with pytest.raises(BuildError, match="sdist: Backend subprocess exited") as caught:
        build(sources, pins)
    assert caught.value.address == "two-more"
    assert "two_more" in caught.value.output


@pytest.fixture
def environment(tmp_path: Path) -> BuildEnvironment:
    """An environment with a program `uv-build` that makes a file of a known name."""
    return with_program(tmp_path, 'touch "$2/$1.made"; echo "$1.made"')


def with_program(folder: Path, script: str, *others: str) -> BuildEnvironment:
    """An environment whose `uv-build` is this script, with uv_build and other distributions installed."""
    scripts = folder / "env" / "bin"
    scripts.mkdir(parents=True, exist_ok=True)
    (scripts / "uv-build").write_text(f"#!/bin/sh\ntouch '{folder}/ran'\n{script}\n")
    (scripts / "uv-build").chmod(0o755)
    names = map(canonicalize_name, ("uv-build", *others))
    return BuildEnvironment(
        folder=folder,
        python=str(scripts / "python"),
        installed={name: Installed(version="1", requires=()) for name in names},
        listing="",
    )


PLAIN = MANIFEST.format(name="one")


def made_by(environment: BuildEnvironment, folder: Path, manifest: str = PLAIN) -> str | None:
    """What is made of a package with this manifest."""
    (folder / "pyproject.toml").write_text(manifest)
    return build_directly(environment, str(folder), "wheel", folder, {"PATH": "/usr/bin:/bin"})


def test_the_program_says_which_file_it_made(environment: BuildEnvironment, tmp_path: Path) -> None:
    """It is asked as the hook asks it."""
    assert made_by(environment, tmp_path) == "build-wheel.made"


@pytest.mark.parametrize("script", ["exit 2", ":", "echo not-there.whl", 'touch "$2/x"; echo x; exit 1'])
def test_a_program_that_makes_nothing_leaves_it_to_the_hooks(tmp_path: Path, script: str) -> None:
    """Also where it says otherwise."""
    assert made_by(with_program(tmp_path, script), tmp_path) is None
    assert (tmp_path / "ran").exists()


def test_a_program_that_does_not_start_leaves_it_to_the_hooks(
    environment: BuildEnvironment, tmp_path: Path
) -> None:
    """One for another machine, or none."""
    program = Path(environment.python).with_name("uv-build")
    program.write_bytes(b"\x7fELF")
    assert made_by(environment, tmp_path) is None
    program.unlink()
    assert made_by(environment, tmp_path) is None


@pytest.mark.parametrize(
    "manifest",
    [
        PLAIN.replace('build-backend = "uv_build"', 'build-backend = "uv_build"\nbackend-path = ["."]'),
        PLAIN.replace('build-backend = "uv_build"', 'build-backend = "own"'),
        PLAIN.replace('build-backend = "uv_build"', ""),
        "[",
        "",
    ],
)
def test_code_of_the_package_s_own_is_run_by_the_hooks(
    environment: BuildEnvironment, tmp_path: Path, manifest: str
) -> None:
    """A backend that is not uv_build itself, or may not be; the program is not asked."""
    assert made_by(environment, tmp_path, manifest) is None
    assert not (tmp_path / "ran").exists()


def test_with_other_requirements_the_hooks_build(tmp_path: Path) -> None:
    """They are there to have a say, and the program does not ask them."""
    environment = with_program(tmp_path, 'touch "$2/$1.made"; echo "$1.made"', "a-plugin")
    assert made_by(environment, tmp_path) is None
    assert not (tmp_path / "ran").exists()
