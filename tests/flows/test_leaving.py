"""docs/leaving.md is run as it stands in a clone: build, twine, uv and pip, and Carrack nowhere on the way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.contracts.shell_pages import ROOT, run_blocks

from codeartifact_local.testing import local_codeartifact

PAGE = "docs/leaving.md"


@pytest.mark.registry
@pytest.mark.slow
def test_the_page_works_as_it_stands_without_carrack(tmp_path: Path) -> None:
    """From the packages' folders to a job that runs; a `carrack` on the way would end with 99."""
    folder, home, bin_ = tmp_path / "clone", tmp_path / "home", tmp_path / "bin"
    home.mkdir()
    bin_.mkdir()
    (bin_ / "carrack").write_text("#!/bin/sh\nexit 99\n")
    (bin_ / "carrack").chmod(0o755)
    subprocess.run(["git", "clone", "--quiet", "--no-local", ROOT, folder], check=True)
    with local_codeartifact() as server:
        server.create("acme", "prod")
        path = f"{bin_}:{Path(sys.executable).parent}:{server.environ()['PATH']}"
        done = run_blocks(PAGE, folder, {**server.environ(), "HOME": str(home), "PATH": path})
        assert done.returncode == 0, done.stderr
        assert "--param-json" in done.stdout
        lock = (folder / "pipeline_app" / "requirements.lock").read_text()
        assert server.token("acme") not in lock
        assert "://" not in lock
