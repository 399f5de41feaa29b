"""`make clean` takes away what can be made again, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from carrack.adapters.workspace_templates import read_templates
from carrack.model.new_workspace import lay_out, name_workspace

OURS = (Path(__file__).parents[2] / "Makefile").read_text(encoding="utf-8")
OF_INIT = lay_out(read_templates(), name_workspace("acme"), "0.1.0", None)[PurePosixPath("Makefile")]
KEPT = {".carrack/images.jsonl", ".carrack/jobs/1/job.json", ".carrack/jobs/submitted.jsonl"}
KEPT |= {".carrack/unfinished.json", "Makefile", "src/a.py"}
MADE_AGAIN = {
    *(".carrack/envs/app/bin/python", ".carrack/receipts/prod.jsonl", ".carrack/.gitignore"),
    *(".venv/bin/python", "dist/a.whl", "src/__pycache__/a.pyc", ".demo/index/db"),
}


@pytest.mark.parametrize("makefile", [OURS, OF_INIT], ids=["this repository", "init"])
def test_clean_keeps_what_nobody_can_make_again(tmp_path: Path, makefile: str) -> None:
    """Records of jobs and pushes, folders of jobs, and the way back of a bump that was killed; twice too."""
    for name in KEPT | MADE_AGAIN:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    (tmp_path / "Makefile").write_text(makefile, encoding="utf-8")
    for _ in range(2):
        clean(tmp_path)
        assert {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()} == KEPT


@pytest.mark.parametrize("makefile", [OURS, OF_INIT], ids=["this repository", "init"])
def test_there_may_be_nothing_to_clean(tmp_path: Path, makefile: str) -> None:
    """In a fresh clone."""
    (tmp_path / "Makefile").write_text(makefile, encoding="utf-8")
    clean(tmp_path)


def clean(folder: Path) -> None:
    """Type it."""
    command = ["make", "clean", f"PYTHON={sys.executable}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
