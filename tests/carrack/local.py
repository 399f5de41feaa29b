"""An index on the local CodeArtifact, and the installed command line in a workspace that uses it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import requests
from tests.carrack.wheels import sha256

from carrack.model.index import Index
from codeartifact_local.testing import LocalCodeArtifact

BIN = Path(sys.executable).parent
INDEXES = ("prod", "staging")
WORKSPACE = """
[tool.carrack]
default-index = "prod"
"""
INDEX = """
[tool.carrack.indexes.{name}]
domain = "carrack"
owner = "000000000000"
region = "us-east-1"
repository = "{name}"
endpoint-variable = "CODEARTIFACT_LOCAL_URL"
"""


def index_at(url: str | None, **fields: str) -> Index:
    """Index `test`: repository `prod` of domain `carrack`, at `url`."""
    given = {"name": "test", "domain": "carrack", "owner": "000000000000", "region": "us-east-1"}
    return Index(**{**given, "repository": "prod", "endpoint": url, **fields})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Shell:
    """The installed `carrack` in a workspace with the indexes `prod` and `staging`, and one environment."""

    workspace: Path
    environ: Mapping[str, str]

    def __call__(self, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        """Run `carrack ARGUMENTS` to its end, with no terminal."""
        return subprocess.run(
            [BIN / "carrack", *arguments],
            cwd=self.workspace,
            env={**self.environ, **extra},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def shell(folder: Path, server: LocalCodeArtifact) -> Shell:
    """A workspace under `folder` whose indexes are on `server`, and a user with an empty home."""
    workspace, home = folder / "workspace", folder / "shell-home"
    package = workspace / "packages" / "alpha"
    package.mkdir(parents=True)
    home.mkdir()
    (workspace / "pyproject.toml").write_text(WORKSPACE + "".join(INDEX.format(name=n) for n in INDEXES))
    (package / "pyproject.toml").write_text('[project]\nname = "alpha"\nversion = "1.0"\n')
    return Shell(workspace, {**server.environ(), "HOME": str(home)})


def upload(server: LocalCodeArtifact, file: Path, repository: str = "prod", domain: str = "carrack") -> None:
    """Put one wheel or sdist on the repository of a domain, as twine does it."""
    name, version, *_ = file.name.removesuffix(".tar.gz").split("-")
    is_wheel = file.suffix == ".whl"
    answer = requests.post(
        server.upload_url(domain, repository),
        auth=("aws", server.token(domain)),
        data={
            ":action": "file_upload",
            "protocol_version": "1",
            "metadata_version": "2.1",
            "name": name,
            "version": version,
            "filetype": "bdist_wheel" if is_wheel else "sdist",
            "pyversion": "py3" if is_wheel else "source",
            "sha256_digest": sha256(file),
        },
        files={"content": (file.name, file.read_bytes())},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
