"""An app on a base image that has a distribution already, as GPU images have: taken as it is, not installed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.carrack.wheels import make_wheel
from tests.docker.engine import Engine
from tests.docker.small import MAIN, PYTHON, Small, small_workspace

from codeartifact_local.testing import LocalCodeArtifact

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.registry]

GPU = "2.5.1+cu124"
FROM_WHEELS = "FROM {base}\nCOPY *.whl /wheels/\nRUN pip install --no-index --no-deps --quiet /wheels/*.whl\n"
LIST = "import importlib.metadata as m; print([(d.name, str(d._path)) for d in m.distributions()])"


def base_with(engine: Engine, folder: Path, base: str, *wheels: tuple[str, str], tag: str) -> None:
    """Build a base image that has these distributions; `torch` requires `six`."""
    folder.mkdir()
    for name, version in wheels:
        make_wheel(folder, name, version, requires=["six>=1.16"] if name == "torch" else [])
    (folder / "Dockerfile").write_text(FROM_WHEELS.format(base=base))
    engine.build(folder, tag=tag)


@pytest.fixture(scope="module")
def small(
    tmp_path_factory: pytest.TempPathFactory, index: LocalCodeArtifact, engine: Engine, base_image: str
) -> Small:
    """A workspace whose app needs torch, which its base image has in a version that no index has."""
    folder = tmp_path_factory.mktemp("gpu")
    base_with(engine, folder / "base", base_image, ("torch", GPU), ("six", "1.17.0"), tag="gpu:1")
    made = small_workspace(folder / "workspace", index.environ(), "gpu").with_engine(engine.environ)
    settings = made.repository.root / "pyproject.toml"
    brings = 'base = "gpu:1"\nbase-brings = ["torch"]'
    settings.write_text(settings.read_text().replace('base = "python-base:latest"', brings, 1))
    manifest = made.repository.root / "hello" / "pyproject.toml"
    manifest.write_text(manifest.read_text().replace('"greeting>=1",', '"greeting>=1", "torch>=2",'))
    module = MAIN.replace("import greeting", "import greeting\nimport six\nimport torch")
    (manifest.parent / "src/hello/__init__.py").write_text(
        f"{module}    print(torch.VERSION, six.__file__)\n"
    )
    made.repository.commit()
    return made


def test_the_base_s_own_is_used_and_everything_else_comes_from_the_lock(small: Small, engine: Engine) -> None:
    """The lock leaves torch out and pins what it requires; that is installed by hash although the base has it too."""
    done = small.carrack("lock", "--app", "hello")
    assert done.returncode == 0, done.stderr
    assert "gpu:1 has six too, as locked; base-brings could name them" in done.stderr
    lock = (small.repository.root / "hello" / "requirements.lock").read_text()
    assert f"# base: torch=={GPU}\n" in lock
    assert "\nsix==1.17.0 " in lock
    assert "\ntorch==" not in lock
    image = small.ok("image", "build", "--app", "hello").strip()
    site = f"/opt/venv/lib/python{PYTHON}/site-packages"
    said = engine.run("run", "--rm", "--read-only", "--network=none", image).stdout.splitlines()
    assert said[1:] == [f"{GPU} {site}/six.py"]
    found = json.loads(small.ok("image", "inspect", image, "--json"))["distributions"]
    told = {(one["name"], one["source"]): one["folder"] for one in found if one["name"] in ("six", "torch")}
    base = f"/usr/local/lib/python{PYTHON}/site-packages"
    assert told == {("six", "index"): site, ("six", "unlocked"): base, ("torch", "base"): base}


def test_a_base_that_moved_is_refused(small: Small, engine: Engine, base_image: str, tmp_path: Path) -> None:
    """On an image with another version, the build stops with one sentence; the same name may mean another image."""
    small.ok("lock", "--app", "hello")
    base_with(engine, tmp_path / "base", base_image, ("torch", "2.6.0"), tag="gpu:2")
    code, said = small.refused("image", "build", "--app", "hello", "--base", "gpu:2")
    assert code == 66
    assert f"made for a base image with torch {GPU}, and this one has 2.6.0; lock again" in said
    code, said = small.refused("image", "build", "--app", "hello", "--base", base_image)
    assert f"made for a base image with torch {GPU}, and this one has none; lock again" in said


def test_what_the_base_brings_is_in_no_environment_here(small: Small) -> None:
    """`carrack install` says that the image has it, and makes no environment."""
    code, said = small.refused("install", "--app", "hello")
    assert code == 76
    assert f"torch=={GPU} come with the base image" in said
