"""The Dockerfile at the root, for builds by hand, is the one that `carrack image build` uses."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from carrack.adapters.manifests import read_workspace
from carrack.adapters.projects import read_package
from carrack.commands.image_order import own_dockerfile

ROOT = Path(__file__).parents[2]
TEMPLATES = Path(str(files("carrack"))) / "templates"


def test_the_dockerfile_is_carracks_own_for_the_app() -> None:
    """Byte for byte; whoever changes one changes the other."""
    workspace = read_workspace(ROOT, {})
    app = workspace.apps["pipeline_app"]
    made = own_dockerfile(
        workspace, app, read_package(ROOT, app.path), (TEMPLATES / "Dockerfile").read_text(encoding="utf-8")
    )
    assert (ROOT / "Dockerfile").read_text(encoding="utf-8") == made
    assert "@@" not in made


def test_the_check_of_a_lock_is_carracks_own() -> None:
    """The script that the Dockerfile runs is in the repository too, where a build by hand finds it."""
    ours = ROOT / "pipeline_app" / "docker" / "check_lock.py"
    assert ours.read_bytes() == (TEMPLATES / "check_lock.py").read_bytes()
