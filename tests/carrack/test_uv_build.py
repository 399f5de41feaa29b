"""uv_build through uv itself: only by the pinned version, to the same bytes as through its hooks."""

from __future__ import annotations

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
from carrack.adapters.environment import isolated
from carrack.adapters.hashing import describe
from carrack.errors import BuildError
from carrack.model.artifact import Kinds, Source
from carrack.ports import Report

pytestmark = [pytest.mark.slow, pytest.mark.registry]
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


def build(
    folder: Path, pins: str, path: str, kinds: Kinds = Kinds.BOTH, broken: str = ""
) -> tuple[Mapping[str, str], int]:
    """Build two packages with this PATH: sha256 by name, and how many environments were made."""
    made: list[int] = []

    def environ() -> Mapping[str, str]:
        made.append(1)
        return isolated(os.environ)

    (folder / "constraints.txt").parent.mkdir(exist_ok=True)
    (folder / "constraints.txt").write_text(pins)
    sources = []
    for name in ("one", "two-more"):
        module = name.replace("-", "_")
        files = {
            "pyproject.toml": MANIFEST.format(name=name),
            "README.md": "",
            f"src/{module}/__init__.py": "",
        }
        Repository(folder / name).write(files)
        sources.append(
            Source(
                name=canonicalize_name(name),
                version=Version("1.0"),
                path=folder / name,
                epoch=EPOCH,
                build_requires=("uv_build",),
            )
        )
    if broken:
        (folder / broken).unlink()
    builder = IsolatedBuilder(
        constraints=folder / "constraints.txt",
        environ=environ,
        seen={**os.environ, "PATH": path},
        report=Report(),
    )
    artifacts = builder.build(sources, folder / "out", kinds)
    return {one.path.name: describe(one.path).sha256 for one in artifacts}, len(made)


def test_uv_of_the_pinned_version_builds_without_an_environment_to_the_same_bytes(
    uv: Path, pins: str, tmp_path: Path
) -> None:
    """Sdists and wheels, settled as all are; with another version on PATH the hooks do it."""
    for kinds, count in ((Kinds.BOTH, 4), (Kinds.WHEEL, 2), (Kinds.SDIST, 2)):
        direct, none = build(tmp_path / f"a-{count}-{kinds.name}", pins, f"{uv}:/usr/bin:/bin", kinds)
        hooked, one = build(tmp_path / f"b-{count}-{kinds.name}", pins, "/usr/bin:/bin", kinds)
        assert (none, one) == (0, 1)
        assert direct == hooked
        assert len(direct) == count


def test_what_uv_cannot_build_is_said_by_its_hooks(uv: Path, pins: str, tmp_path: Path) -> None:
    """With the package's name."""
    with pytest.raises(BuildError, match="sdist: Backend subprocess exited") as caught:
        build(tmp_path / "broken", pins, f"{uv}:/usr/bin:/bin", broken="two-more/src/two_more/__init__.py")
    assert caught.value.address == "two-more"
    assert "two_more" in caught.value.output
