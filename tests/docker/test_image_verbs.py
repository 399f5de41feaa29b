"""`carrack image build`, `inspect` and `diff` on real engines: Docker's, and podman where it is installed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from tests.docker.engine import Engine
from tests.docker.small import PYTHON, Small, small_workspace

from carrack.adapters.engine import ContainerEngine
from carrack.model.image import Recipe
from codeartifact_local.testing import LocalCodeArtifact

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.registry]

OWN = """\
ARG BASE_IMAGE
FROM $BASE_IMAGE AS early
ARG INDEX_URL
COPY own.lock carrack-imag[e] /prepared/
RUN --mount=type=secret,id=netrc \\
    python3 -m venv --without-pip /venv && NETRC=/run/secrets/netrc \\
      pip --isolated --python /venv/bin/python install --no-deps \\
      --index-url "$INDEX_URL" --require-hashes -r /prepared/own.lock
{early}
FROM $BASE_IMAGE
COPY --from=early /venv /venv
COPY hello/src/hello /venv/lib/python{python}/site-packages/hello
{late}
CMD ["/venv/bin/python", "-c", "import hello; hello.main()"]
"""
MANIFEST = "/opt/carrack/manifest.json"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, index: LocalCodeArtifact, engine: Engine) -> Small:
    """The workspace, with the tests' Docker engine and its base image."""
    return small_workspace(tmp_path_factory.mktemp("small") / "workspace", index.environ()).with_engine(
        engine.environ
    )


@pytest.fixture(params=["docker_client", "podman_client"])
def client(request: pytest.FixtureRequest) -> ContainerEngine:
    """Docker, then podman."""
    found: ContainerEngine = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def changeable(small: Small, base_image: str, tmp_path: Path) -> Small:
    """A copy of the workspace that a test may change."""
    return small.copy(tmp_path / "workspace")


def run(client: ContainerEngine, image: str, *options: str) -> str:
    """What a container prints, without network, on a read-only file system and as the image's user."""
    command = [client.program, "run", "--rm", "--read-only", "--network=none", *options, image]
    done = subprocess.run(command, env={**client.environ}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def inspected(small: Small, image: str) -> dict[str, Any]:
    """What `image inspect --json` says."""
    told: dict[str, Any] = json.loads(small.ok("image", "inspect", image, "--json"))
    return told


def by_name(told: dict[str, Any]) -> dict[str, Any]:
    """The distributions of a manifest by name."""
    return {one["name"]: one for one in told["distributions"]}


def test_builds_an_image_and_says_what_is_in_it(
    small: Small, base_image: str, client: ContainerEngine
) -> None:
    """The image runs as it should, and tells wheel, hash, tag and commit of what it has."""
    small = small.with_engine(client.environ)
    image = small.ok("image", "build", "--app", "hello", "--tag", "hello:first").strip()
    assert run(client, "hello:first").startswith("hello (3, ")
    told = inspected(small, "hello:first")
    commit = small.repository.git("rev-parse", "HEAD")
    assert (told["id"], told["commit"], told["dirty"], told["base"]) == (
        image,
        commit,
        False,
        "python-base:latest",
    )
    greeting = by_name(told)["greeting"]
    (wheel,) = greeting["wheels"]
    assert (greeting["version"], greeting["tag"], wheel["name"]) == (
        "1.0",
        "greeting-v1.0",
        "greeting-1.0-py3-none-any.whl",
    )
    assert wheel["sha256"] in (small.repository.root / "hello" / "requirements.lock").read_text()
    assert greeting["commit"] == small.repository.git("rev-parse", "greeting-v1.0^{commit}")
    assert (by_name(told)["hello"]["source"], by_name(told)["pip"]["source"]) == ("app", "unlocked")
    text = small.ok("image", "inspect", image)
    assert f"commit      {commit}\n" in text
    assert "greeting-v1.0" in text


def test_its_labels_are_ocis_and_ours(small: Small, base_image: str, client: ContainerEngine) -> None:
    """Commit, version and base under OCI's names; lock, receipt and distributions under ours; the manifest's sha256."""
    small = small.with_engine(client.environ)
    built = client.inspect(small.ok("image", "build", "--app", "hello").strip())
    assert built is not None
    told = inspected(small, built.id)
    assert built.labels["org.opencontainers.image.revision"] == told["commit"]
    assert built.labels["org.opencontainers.image.version"] == "2.0"
    assert built.labels["org.opencontainers.image.base.name"] == "python-base:latest"
    assert built.labels["io.carrack.lock"] == told["lock"]
    assert built.labels["io.carrack.distributions"] == "greeting==1.0 hello==2.0"
    user = client.run(built.id, "sh", "-c", f"id -u; stat -c '%a %u' {MANIFEST}; touch /opt/x 2>&1 || true")
    assert user.startswith("10001\n644 0\ntouch: ")
    assert len(built.layers) == 5  # the base, what others wrote, our packages, the app, the manifest


def test_the_same_tree_gives_the_same_image(small: Small, base_image: str, engine: Engine) -> None:
    """A second build finds everything in the cache, and the image is the one that was there."""
    first, second = (small.ok("image", "build", "--app", "hello") for _ in range(2))
    assert first == second


def test_changes_that_are_not_committed_are_told(changeable: Small, engine: Engine) -> None:
    """They go into the image, which says that it is not what its commit has."""
    changeable.repository.write(
        {"hello/src/hello/__init__.py": "def main() -> None:\n    print('changed')\n"}
    )
    image = changeable.ok("image", "build", "--app", "hello").strip()
    assert inspected(changeable, image)["dirty"] is True
    assert "and changes that were not committed" in changeable.ok("image", "inspect", image)


def test_an_app_may_have_a_dockerfile_of_its_own(
    changeable: Small, client: ContainerEngine, base_image: str
) -> None:
    """It gets the same secret, arguments and folder; manifest and labels are put on whatever it makes."""
    changeable = changeable.with_engine(client.environ)
    changeable.repository.write({"hello/Dockerfile": OWN.format(python=PYTHON, early="", late="USER 7")})
    image = changeable.ok("image", "build", "--app", "own").strip()
    assert run(client, image).startswith("hello (3, ")
    told = inspected(changeable, image)
    greeting = by_name(told)["greeting"]
    assert (greeting["source"], greeting["folder"]) == ("index", f"/venv/lib/python{PYTHON}/site-packages")


@pytest.fixture
def refuse(changeable: Small, engine: Engine) -> Iterator[Callable[..., str]]:
    """A function that builds an own Dockerfile, which must be refused as no build; then nothing has the name."""

    def refused(*, early: str = "", late: str = "", text: str = OWN) -> str:
        changeable.repository.write({"hello/Dockerfile": text.format(python=PYTHON, early=early, late=late)})
        code, said = changeable.refused("image", "build", "--app", "own", "--tag", "refused:latest")
        assert code == 66, said
        return said

    yield refused
    assert "refused" not in engine.run("images").stdout


def test_refuses_an_image_with_the_token_in_it(refuse: Callable[..., str]) -> None:
    """A token that is left in a layer of the image is found there."""
    said = refuse(late="RUN --mount=type=secret,id=netrc cp /run/secrets/netrc /etc/netrc")
    assert "error: hello/Dockerfile: a secret of the build is in 1 places" in said
    assert "the image: etc/netrc in layer" in said


def test_refuses_an_image_whose_builder_has_the_token(refuse: Callable[..., str]) -> None:
    """A token that is left in a builder stage only is found there, though the image does not have it."""
    said = refuse(early="RUN --mount=type=secret,id=netrc gzip -c /run/secrets/netrc >/kept.gz")
    assert "stage early: kept.gz! in layer" in said
    assert "the image:" not in said


def test_refuses_an_image_that_is_not_what_its_lock_says(refuse: Callable[..., str]) -> None:
    """A Dockerfile that leaves the lock's distributions out builds an image, and that is not taken for one of it."""
    said = refuse(text="ARG BASE_IMAGE\nFROM $BASE_IMAGE\n{early}{late}")
    assert "the image does not have what the lock names" in said
    assert "greeting 1.0 is locked, and the image does not have it" in said


def test_a_failing_step_is_shown(refuse: Callable[..., str]) -> None:
    """What the engine says of a step that fails is shown, and no token."""
    said = refuse(late="RUN --mount=type=secret,id=netrc cat /run/secrets/netrc && echo so far && exit 9")
    assert "the image did not build" in said
    assert "so far" in said
    assert "password ***" in said


def test_refuses_a_base_image_that_is_not_there(small: Small, engine: Engine) -> None:
    """A base that neither the engine nor a registry has is named; nothing was built."""
    code, said = small.refused("image", "build", "--app", "hello", "--base", "127.0.0.1:9/none/such:1")
    assert code == 78
    assert "error: 127.0.0.1:9/none/such:1: docker " in said
    assert "does not have this image and cannot pull it" in said


def test_refuses_a_base_of_another_python(changeable: Small, engine: Engine) -> None:
    """A lock that was not made for the base's Python stops the build with one sentence."""
    workspace = changeable.repository.root / "pyproject.toml"
    other = "3.13" if PYTHON != "3.13" else "3.12"
    workspace.write_text(workspace.read_text().replace(f'pythons = ["{PYTHON}"]', f'pythons = ["{other}"]'))
    changeable.ok("lock", "--app", "hello")
    code, said = changeable.refused("image", "build", "--app", "hello")
    assert code == 66
    assert f"requirements.lock: made for python {other}, not for this image's {PYTHON}" in said


def test_inspect_believes_no_other_manifest(
    small: Small, base_image: str, engine: Engine, docker_client: ContainerEngine
) -> None:
    """An image that was built on one of ours says what that had; a manifest that somebody changed is not believed."""
    image = small.ok("image", "build", "--app", "hello").strip()
    docker_client.tag(image, "ours:latest")
    for name, instruction in {"kept": "USER 0", "changed": f"USER 0\nRUN echo >>{MANIFEST}"}.items():
        dockerfile = Path(small.repository.root.parent / name)
        dockerfile.mkdir()
        (dockerfile / "Dockerfile").write_text(f"FROM ours:latest\n{instruction}\n")
        engine.build(dockerfile, tag=f"{name}:latest")
    assert by_name(inspected(small, "kept"))["greeting"]["version"] == "1.0"
    code, said = small.refused("image", "inspect", "changed")
    assert (code, "is another one" in said) == (66, True)
    code, said = small.refused("image", "inspect", base_image)
    assert (code, "`carrack image build` did not make it" in said) == (64, True)
    code, said = small.refused("image", "inspect", "none/such")
    assert (code, "has no such image" in said) == (64, True)


def test_diff_says_what_changed_with_the_changelog(small: Small, base_image: str, engine: Engine) -> None:
    """Commit, lock and version before and after, and what the package's changelog says of the versions between."""
    before = small.ok("image", "build", "--app", "hello").strip()
    words = "# Changelog\n\n## [1.1]\n\n- Says good morning.\n\n## [1.0]\n\n- Says hello.\n"
    small.release("1.1", "good morning", words)
    after = small.ok("image", "build", "--app", "hello").strip()
    text = small.ok("image", "diff", before, after)
    assert "commit    " in text
    assert "changed  greeting      1.0     1.1    greeting-v1.1" in text
    assert text.endswith("# greeting\n\n## [1.1]\n\n- Says good morning.\n")
    told = json.loads(small.ok("image", "diff", before, after, "--json"))
    (change,) = told["distributions"]
    assert (change["kind"], change["before"]["version"], change["after"]["version"]) == (
        "changed",
        "1.0",
        "1.1",
    )
    assert set(told["built-from"]) == {"commit", "lock", "receipt"}
    assert small.ok("image", "diff", after, after) == "the same\n"
    # The package's layer, the app's and the manifest's are new; what other people wrote is pushed and pulled once.
    told = engine.run("inspect", "--format", "{{json .RootFS.Layers}}", before, after).stdout
    old, new = map(json.loads, told.splitlines())
    assert old[:-3] == new[:-3]
    assert not set(old[-3:]) & set(new[-3:])


def test_the_lock_from_before_a_version_taken_back_tells_its_own_release(
    index: LocalCodeArtifact, engine: Engine, base_image: str, tmp_path: Path
) -> None:
    """The tree is at 1.1, the lock at 1.0: the image has 1.0, and names the commit and the tag of that."""
    made = small_workspace(tmp_path / "workspace", index.environ(), domain="taken-back")
    small = made.with_engine(engine.environ)
    lock = small.repository.root / "hello" / "requirements.lock"
    before = lock.read_text()
    small.release("1.1", "good morning", "# Changelog\n\n## [1.1]\n")
    lock.write_text(before)
    small.repository.commit()
    small.ok("retract", "greeting==1.1", "--yes")
    greeting = by_name(inspected(small, small.ok("image", "build", "--app", "hello").strip()))["greeting"]
    assert (greeting["version"], greeting["tag"]) == ("1.0", "greeting-v1.0")
    assert greeting["commit"] == small.repository.git("rev-parse", "greeting-v1.0^{commit}")
    assert greeting["commit"] != small.repository.git("rev-parse", "greeting-v1.1^{commit}")


def test_one_image_a_platform(small: Small, docker_client: ContainerEngine, base_image: str) -> None:
    """Each platform gets an image of its own; the engine's own machine is the one that can be built here."""
    docker_client.run(base_image, "true")
    image = docker_client.inspect(base_image)
    assert image is not None
    built = small.ok("image", "build", "--app", "hello", "--platform", image.platform, "--tag", "one").split()
    assert len(built) == 1
    assert inspected(small, "one:latest")["platform"] == image.platform


def test_recipe_keeps_secrets_out_of_its_repr() -> None:
    """A recipe that is printed in a traceback shows no secret, and no address of a proxy."""
    recipe = Recipe(
        dockerfile=PurePosixPath("Dockerfile"),
        secrets={"a": "s3cret"},
        variables={"HTTP_PROXY": "http://u:s3cret@p"},
    )
    assert "s3cret" not in repr(recipe)
