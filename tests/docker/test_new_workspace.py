"""The app of a workspace that `carrack init` made, in an image: no Dockerfile of its own is needed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.carrack.local import Shell
from tests.carrack.repositories import GIT_ENVIRON, Repository, repository
from tests.docker.engine import Engine
from tests.docker.published import Published

from carrack.adapters.workspace_templates import read_templates
from carrack.model.new_workspace import lay_out, name_workspace
from codeartifact_local.testing import LocalCodeArtifact

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.registry]

ROOT = Path(__file__).parents[2]


@pytest.fixture
def workspace(tmp_path: Path, published: Published) -> Repository:
    """A new workspace whose local index is the tests' own, which has the toolkit."""
    assert published.workspace.exists()
    made = repository(tmp_path / "acme-jobs")
    files = lay_out(read_templates(), name_workspace("acme-jobs"), "0.1.0", None)
    texts = {
        str(path): text.replace('domain = "local"', 'domain = "carrack"') for path, text in files.items()
    }
    made.write({**texts, "build-constraints.txt": (ROOT / "build-constraints.txt").read_text()})
    made.commit()
    return made


def test_the_image_of_a_new_workspace_does_the_job(
    workspace: Repository, index: LocalCodeArtifact, engine: Engine, base_image: str
) -> None:
    """Published, locked and built; the job counts what is mounted, and ends with 66 where there is nothing."""
    carrack = Shell(workspace.root, {**GIT_ENVIRON, **index.environ(), **engine.environ})
    for verb in (["publish"], ["lock"], ["image", "build", "--base", base_image, "--tag", "acme-jobs"]):
        done = carrack(*verb)
        assert done.returncode == 0, done.stderr
    orders = workspace.root / "pipeline_app" / "examples" / "orders"
    for folder, code, said in (
        (orders, 0, {"files": 2, "records": 6, "values": 3}),
        (workspace.root, 66, None),
    ):
        parameters = {"input_path": "/in", "column": "country", "output_path": "/tmp/counts.json"}  # noqa: S108
        told = [
            "--read-only",
            "--volume",
            f"{folder}:/in:ro",
            "--env",
            f"CONFIG_JSON={json.dumps(parameters)}",
        ]
        done = engine.run("run", "--rm", *told, "acme-jobs", check=False)
        assert done.returncode == code, done.stderr
        assert (json.loads(done.stdout) if done.stdout else None) == said
