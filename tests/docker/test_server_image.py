"""The image of codeartifact-local: built from its own folder, serving, keeping its data and no secret."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.codeartifact_local.conftest import HTTP, wheel
from tests.docker.engine import Completed, Engine
from tests.docker.token_scan import scan_image

from codeartifact_local.settings import Settings
from codeartifact_local.testing import LocalCodeArtifact

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.registry]

FOLDER = Path(__file__).parents[2] / "packages" / "codeartifact-local"
IMAGE = "codeartifact-local:latest"
TRUSTED = ("--trusted-network", "--port", "0")  # tests run on the host's network, beside others
ASK = """
import botocore.session
client = botocore.session.Session().create_client("codeartifact", region_name="us-east-1",
    endpoint_url="http://127.0.0.1:4873", aws_access_key_id="x", aws_secret_access_key="x")
print(client.list_domains()["domains"])
"""


@pytest.fixture(scope="module")
def token(index: LocalCodeArtifact) -> str:
    """A token of a domain whose repository reaches the public index: the image's requirements come through it."""
    index.create("image", "packages")
    return index.token("image")


@pytest.fixture(scope="module")
def build(
    engine: Engine,
    base_image: str,
    index: LocalCodeArtifact,
    token: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Completed]:
    """A function that builds the Dockerfile, with an index that wants a token, and returns what the engine said."""
    configuration = tmp_path_factory.mktemp("pip") / "pip.conf"
    address = index.index_url("image", "packages", token)
    configuration.write_text(f"[global]\nindex-url = {address}\n")

    def built(*options: str, tag: str = IMAGE) -> Completed:
        secret = ("--secret", f"id=pip.conf,src={configuration}")
        return engine.build(FOLDER, "--build-arg", f"BASE_IMAGE={base_image}", *secret, *options, tag=tag)

    return built


@pytest.fixture(scope="module")
def image(build: Callable[..., Completed]) -> Completed:
    """The image, and what the engine said while it built it."""
    return build()


@contextmanager
def serving(engine: Engine, *options: str, volume: str = "/data") -> Iterator[tuple[str, LocalCodeArtifact]]:
    """Run the image on a read-only root file system; gives the container and a client of its server."""
    run = ("run", "--detach", "--read-only", "--network=host", "--volume", volume)
    container = engine.run(*run, *options, IMAGE, *TRUSTED).stdout.strip()
    try:
        yield container, LocalCodeArtifact(url=_address(engine, container), settings=Settings())
    finally:
        engine.run("rm", "--force", "--volumes", container)


def _address(engine: Engine, container: str) -> str:
    for _ in range(300):
        printed = engine.run("logs", container).stdout
        if found := re.search(r"^export CODEARTIFACT_LOCAL_URL=(.*)$", printed, re.MULTILINE):
            return found[1]
        time.sleep(0.1)
    raise AssertionError(engine.run("logs", container).stderr)


def exit_code(engine: Engine, container: str) -> int:
    """Return how the process of a container ended."""
    return int(engine.run("inspect", "--format", "{{.State.ExitCode}}", container).stdout)


def test_boto_twines_upload_and_pip_use_it(engine: Engine, image: Completed, tmp_path: Path) -> None:
    """From outside, on a read-only root file system: a package goes in, and pip installs it."""
    with serving(engine) as (_, server):
        client = server.client()
        client.create_domain(domain="acme")
        client.create_repository(domain="acme", repository="dev")
        token = server.token("acme")
        form = {":action": "file_upload", "protocol_version": "1", "name": "pkg", "version": "1.0"}
        files = {"content": wheel("pkg", "1.0")}
        answer = HTTP.post(server.upload_url("acme", "dev"), auth=("aws", token), data=form, files=files)
        assert answer.status_code == 200, answer.text
        pip = [
            sys.executable,
            "-m",
            "pip",
            "--isolated",
            "install",
            "--no-cache-dir",
            "--target",
            str(tmp_path),
        ]
        index = server.index_url("acme", "dev", token)
        subprocess.run([*pip, "--index-url", index, "pkg"], check=True, capture_output=True, timeout=120)
        client.close()
    assert (tmp_path / "pkg.py").exists()


def test_sigterm_stops_it_and_its_volume_keeps_the_data(engine: Engine, image: Completed) -> None:
    """It ends with 0, long before the engine's SIGKILL; the next container has what the first was told."""
    engine.run("volume", "create", "kept")
    try:
        with serving(engine, volume="kept:/data") as (container, server):
            server.client().create_domain(domain="acme")
            server.client().close()
            engine.run("stop", "--time", "30", container)
            assert exit_code(engine, container) == 0
        with serving(engine, volume="kept:/data") as (_, server):
            domains = server.client().list_domains()["domains"]
            server.client().close()
        assert [domain["name"] for domain in domains] == ["acme"]
    finally:
        engine.run("volume", "rm", "--force", "kept")


def test_without_a_word_about_its_network_it_refuses(engine: Engine, image: Completed) -> None:
    """The port of a container can be published to everybody: exit 2, and the ways out."""
    done = engine.run("run", "--rm", "--network=none", IMAGE, check=False)
    assert done.returncode == 2
    for way in ("--tls-certificate", "--behind-proxy", "--trusted-network"):
        assert way in done.stderr


def test_it_says_that_it_is_healthy(engine: Engine, image: Completed) -> None:
    """Once it listens on its port; an image whose server ended is not healthy. In a network of its own it answers."""
    started = engine.run("run", "--detach", "--network=none", IMAGE, "--trusted-network").stdout.strip()
    elsewhere = engine.run(
        "run", "--detach", "--network=none", IMAGE, "--trusted-network", "--port", "4874"
    ).stdout.strip()
    try:
        health = ("inspect", "--format", "{{.State.Health.Status}}")
        wanted = [(started, "healthy"), (elsewhere, "unhealthy")]
        for _ in range(600):
            found = [(one, engine.run(*health, one).stdout.strip()) for one, _ in wanted]
            if found == wanted:
                break
            time.sleep(0.1)
        assert found == wanted
        python = "/opt/codeartifact-local/bin/python"
        assert engine.run("exec", started, python, "-c", ASK).stdout == "[]\n"
    finally:
        engine.run("rm", "--force", "--volumes", started, elsewhere)


def test_it_has_no_privileges_no_tools_and_no_cache(engine: Engine, image: Completed) -> None:
    """It runs as a number, its files are root's, and what built it is not there."""
    config = json.loads(engine.run("inspect", "--format", "{{json .Config}}", IMAGE).stdout)
    assert config["User"] == "10001:10001"
    assert list(config["Volumes"]) == ["/data"]
    looking = ("run", "--rm", "--network=none", "--user=0", "--entrypoint=find", IMAGE)
    found = engine.run(*looking, "/opt", "/root", "/tmp", "/run").stdout  # noqa: S108
    assert "/site-packages/codeartifact_local/console/templates/base.html" in found
    assert not re.search(r"hatchling|\.cache|requirements\.txt|pip\.conf|\.whl$", found)
    assert engine.run(*looking, "/opt", "-uid", "10001").stdout == ""


def test_the_token_of_the_build_is_nowhere(
    engine: Engine, build: Callable[..., Completed], image: Completed, token: str, tmp_path: Path
) -> None:
    """Neither the image, nor the stage that used it, nor what the engine printed holds it."""
    assert token not in image.stdout + image.stderr
    assert scan_image(engine, IMAGE, token) == []
    build("--target", "build", tag="stage:latest")
    assert scan_image(engine, "stage:latest", token) == []
    # The control: a layer that has the secret is found.
    leaking = tmp_path / "Dockerfile"
    leaking.write_text(
        'FROM stage:latest\nRUN --mount=type=secret,id=pip.conf cp "$PIP_CONFIG_FILE" /leaked\n'
    )
    build("--file", str(leaking), tag="leaking:latest")
    assert scan_image(engine, "leaking:latest", token) != []
