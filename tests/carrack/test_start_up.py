"""What is imported before anything is said: importing takes most of a small verb's time."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.carrack.local import BIN, shell
from tests.carrack.repositories import GIT_ENVIRON

from codeartifact_local.testing import LocalCodeArtifact

HEAVY = frozenset({"build", "pip", "requests", "rich", "tomlkit", "twine", "uv"})
"""Libraries that some verb needs, and none needs to start."""


def imported(folder: Path, *arguments: str, environ: Mapping[str, str]) -> frozenset[str]:
    """What `carrack ARGUMENTS` imports while it runs to its end, by Python's own account."""
    told = {**environ, "PYTHONPROFILEIMPORTTIME": "1"}
    done = subprocess.run(
        [BIN / "carrack", *arguments], cwd=folder, env=told, capture_output=True, text=True, check=True
    )
    return frozenset(re.findall(r"^import time: .*\| +(\S+)$", done.stderr, re.MULTILINE))


def test_help_imports_click_and_nothing_of_what_verbs_need(tmp_path: Path) -> None:
    """`carrack --help` has the table of verbs; no library but click is imported for it, and nothing of the model."""
    modules = imported(tmp_path, "--help", environ={})
    assert {"click", "carrack.cli.main"} <= modules
    assert not modules & (
        HEAVY | {"boto3", "botocore", "pydantic", "packaging", "carrack.model", "importlib.metadata"}
    )


@pytest.fixture
def status(tmp_path: Path, shared_server: LocalCodeArtifact) -> frozenset[str]:
    """What `carrack status` imports in a workspace on the local index."""
    there = shell(tmp_path, shared_server)
    for arguments in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "all")):
        subprocess.run(["git", "-C", there.workspace, *arguments], env=GIT_ENVIRON, check=True)
    return imported(there.workspace, "status", environ=there.environ)


def test_status_imports_what_reads_manifests_and_asks_an_index(status: frozenset[str]) -> None:
    """That is pydantic and boto3, and nothing that builds or uploads."""
    assert {"pydantic", "boto3", "carrack.adapters.git"} <= status
    assert not status & HEAVY


@pytest.mark.parametrize(
    "part",
    ["model.jobs", "model.conversion.folder", "model.registry", "adapters.uploader", "adapters.builder"],
)
def test_status_imports_nothing_of_other_verbs(status: frozenset[str], part: str) -> None:
    """A workspace without apps has no jobs, sources or images, and `status` neither converts nor publishes."""
    assert f"carrack.{part}" not in status


def test_the_account_of_imports_has_all_of_them(tmp_path: Path) -> None:
    """The control: a program that imports one of the heavy ones is found out."""
    program = tmp_path / "carrack"
    program.write_text(f"#!{sys.executable}\nimport requests\n")
    program.chmod(0o755)
    done = subprocess.run(
        [program], env={"PYTHONPROFILEIMPORTTIME": "1"}, capture_output=True, text=True, check=True
    )
    assert re.search(r"\| +requests$", done.stderr, re.MULTILINE)


def test_what_is_left_at_the_end_goes_though_memory_is_not_looked_through() -> None:
    """A temporary folder that a circle of objects holds is removed when the command ends."""
    code = (
        "import tempfile; from carrack.cli.main import main; ring = [tempfile.TemporaryDirectory()]; "
        "ring.append(ring); print(ring[0].name, flush=True); main(['--help'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    folder, _, rest = done.stdout.partition("\n")
    assert rest.startswith("Usage: carrack")
    assert not Path(folder).exists()
