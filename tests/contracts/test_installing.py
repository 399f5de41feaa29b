"""docs/installing.md is run as it stands: the aws command, pip and uv, against the local CodeArtifact."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.carrack.local import upload
from tests.carrack.wheels import make_wheel, sha256
from tests.contracts.shell_pages import blocks, run_blocks

from codeartifact_local.settings import Settings
from codeartifact_local.testing import LocalCodeArtifact, local_codeartifact

PAGE = "docs/installing.md"
AWS_URL = "https://acme-111122223333.d.codeartifact.eu-west-1.amazonaws.com/pypi/prod/"


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[LocalCodeArtifact]:
    """The page's domain, with `record-rules` and what it needs on `prod`."""
    settings = replace(Settings(durable=False), account="111122223333", region="eu-west-1")
    with local_codeartifact(settings=settings) as server:
        server.create("acme", "prod")
        folder = tmp_path / "wheels"
        folder.mkdir()
        here = replace(server, domain="acme", repository="prod")
        for wheel in (
            make_wheel(folder, "record-io", "0.1.0"),
            make_wheel(folder, "record-rules", "0.1.0", requires=["record-io>=0.1"]),
        ):
            upload(here, wheel, domain="acme")
        yield here


def test_the_page_works_as_it_stands(acme: LocalCodeArtifact, tmp_path: Path) -> None:
    """Every command, in one shell: token, pip, hashes, uv, login and its undoing."""
    folder, home = tmp_path / "project", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    wheels = sorted((tmp_path / "wheels").glob("*.whl"))
    pins = [f"{w.name.split('-')[0].replace('_', '-')}==0.1.0 --hash=sha256:{sha256(w)}\n" for w in wheels]
    (folder / "requirements.lock").write_text("".join(pins))
    index = blocks(PAGE, "toml")[0].replace(AWS_URL, acme.upload_url())
    project = '[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.11"\n'
    (folder / "pyproject.toml").write_text(project + index)
    environ = {**acme.environ(), "HOME": str(home), "UV_CACHE_DIR": str(tmp_path / "uv-cache")}
    environ["PATH"] = f"{Path(sys.executable).parent}:{environ['PATH']}"
    done = run_blocks(PAGE, folder, environ)
    assert done.returncode == 0, done.stderr
    assert list((folder / "pip-env").glob("lib/*/site-packages/record_rules"))
    assert list((folder / ".venv").glob("lib/*/site-packages/record_rules"))
    assert acme.token() not in (folder / "uv.lock").read_text()


def test_every_address_in_the_page_is_of_its_own_domain() -> None:
    """So that the replacement above is of what people read."""
    assert AWS_URL in blocks(PAGE, "toml")[0]
