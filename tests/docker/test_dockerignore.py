"""What a real engine leaves out by a .dockerignore, and what we say that it does."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.carrack.test_dockerignore import PATTERNS
from tests.docker.engine import Engine

from carrack.model.dockerignore import ignored

pytestmark = [pytest.mark.docker, pytest.mark.slow]


@pytest.mark.parametrize("patterns", [patterns for patterns, _ in PATTERNS])
def test_an_engine_agrees(engine: Engine, tmp_path: Path, patterns: str) -> None:
    """Of every file that any of the patterns is about, the same ones come into the build."""
    context, out = tmp_path / "context", tmp_path / "out"
    files = {file for _, about in PATTERNS for file in about if file != "secrets"}
    folders = {str(parent) for file in files for parent in Path(file).parents}
    files -= folders
    for file in files:
        (context / file).parent.mkdir(parents=True, exist_ok=True)
        (context / file).write_text("x")
    (context / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (context / ".dockerignore").write_text(patterns)
    engine.run("build", "--output", f"type=local,dest={out}", str(context))
    came = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert came & files == {file for file in files if not ignored(file, patterns)}
