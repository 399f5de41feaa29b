"""`carrack adopt` and the conversion after it: one command from an old repository to a package of this workspace."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.carrack.former import SETUP, Former, former
from tests.carrack.repositories import Repository, package, repository
from tests.carrack.test_adopt import ROOT
from tests.carrack.test_cli import Command

from carrack.adapters.manifests import read_workspace

pytestmark = pytest.mark.registry

CONSTRAINTS = (Path(__file__).parents[2] / "build-constraints.txt").read_text(encoding="utf-8")
KEPT = {
    key: value for key, value in os.environ.items() if key not in ("HOME",) and not key.startswith("GIT_")
}
"""What reaches the public index here: its address, certificates and proxies."""


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A workspace with one package, and hashes of what packages are built with."""
    made = repository(tmp_path / "workspace")
    made.commit({"pyproject.toml": ROOT, "build-constraints.txt": CONSTRAINTS, **package("alpha")})
    return made


@pytest.fixture
def carrack(repo: Repository, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command in that workspace."""
    return Command(repo.root, capsys)


@pytest.fixture
def kept(tmp_path: Path) -> Mapping[str, str]:
    """What reaches the public index here: its address, certificates and proxies."""
    return {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | {"HOME": str(tmp_path)}


@pytest.fixture
def source(tmp_path: Path) -> Former:
    """A small former repository."""
    return former(tmp_path / "old-tool")


def test_an_old_repository_becomes_a_package_in_one_go(
    carrack: Command, repo: Repository, source: Former, kept: Mapping[str, str]
) -> None:
    """After the merge come the commits of the conversion; the workspace can be read, with the version of the source."""
    done = carrack("adopt", str(source.root), **kept)
    assert done.code == 0, done.err
    said = repo.git("log", "--first-parent", "--format=%s").splitlines()
    assert said[-2] == "Adopt old-tool with its history"
    assert len(said) > 3, "the conversion's commits"
    assert repo.git("status", "--porcelain") == ""
    found = {str(one) for one in read_workspace(repo.root, {}).packages.values()}
    assert found == {"alpha 0.1.0", "old-tool 1.2.0"}
    source.say("Later", {"later.py": "1\n"})
    updated = carrack("adopt", "--update", "old-tool", **kept)
    assert updated.code == 0, updated.err
    assert (repo.root / "packages/old-tool/later.py").exists()
    assert (repo.root / "packages/old-tool/pyproject.toml").exists()


def test_what_cannot_be_converted_is_told_and_the_import_stays(
    carrack: Command, repo: Repository, source: Former, kept: Mapping[str, str]
) -> None:
    """The exit code is the conversion's; what is done, and the next command, are said."""
    source.say("Broken", {"setup.py": SETUP + "raise SystemExit('cannot be built')\n"})
    done = carrack("adopt", str(source.root), **kept)
    assert done.code == 66, done.err
    assert "done: the import: packages/old-tool is on the branch" in done.err
    assert repo.git("log", "-1", "--format=%s") == "Adopt old-tool with its history"
    assert repo.git("status", "--porcelain") == ""


def test_without_the_conversion_nothing_of_the_source_is_run(
    carrack: Command, repo: Repository, source: Former, kept: Mapping[str, str], tmp_path: Path
) -> None:
    """A plan and an import alone build nothing; the control: the conversion does."""
    ran = tmp_path / "ran"
    source.say("Tell", {"setup.py": f"open({str(ran)!r}, 'w').close()\n{SETUP}"})
    carrack("adopt", str(source.root), "--plan", **kept)
    assert carrack("adopt", str(source.root), "--no-convert", **kept).code == 0
    assert not ran.exists()
    carrack("convert", "old-tool", "--plan", **kept)
    assert ran.exists()
