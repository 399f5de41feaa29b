"""The image: built from the lock against a real index, doing the job, and keeping no secret."""

import errno
import itertools
import json
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.docker.engine import Completed, Engine
from tests.docker.published import Published
from tests.docker.tls import tls_in_front_of

from codeartifact_local.testing import LocalCodeArtifact

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.registry]

IMAGE = "pipeline-app:latest"
RULES = """\
key = ["id"]
[columns.id]
type = "string"
required = true
[columns.value]
type = "int"
"""
AMBIENT = """\
FROM {base}
COPY pip.conf /etc/pip.conf
ENV PIP_NO_INDEX=1 PIP_TARGET=/elsewhere PIP_REQUIRE_VIRTUALENV=1
"""
PIP_CONF = """\
[global]
index-url = http://127.0.0.1:9/simple/
no-index = true
target = /elsewhere
"""

Build = Callable[..., Completed]


@pytest.fixture(scope="module")
def build(engine: Engine, base_image: str, published: Published) -> Build:
    """A function that builds the Dockerfile against the index, and gives what the engine said, also of a failure."""

    def built(
        *options: str,
        tag: str = "tried:latest",
        workspace: Path = published.workspace,
        netrc: Path = published.netrc,
        base: str = base_image,
    ) -> Completed:
        address = ("--build-arg", f"BASE_IMAGE={base}", "--build-arg", f"INDEX_URL={published.index_url}")
        secret = ("--secret", f"id=netrc,src={netrc}")
        return engine.build(workspace, *address, *secret, *options, tag=tag, check=False)

    return built


@pytest.fixture(scope="module")
def image(build: Build) -> Completed:
    """The image, and what the engine said while it built it."""
    done = build(tag=IMAGE)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture
def changed(published: Published, tmp_path: Path) -> Path:
    """A copy of the workspace that a test may change."""
    ours = shutil.ignore_patterns(".git", ".carrack", "dist")
    return shutil.copytree(published.workspace, tmp_path / "changed", ignore=ours, symlinks=True)


def replace(file: Path, pattern: str, by: str) -> None:
    """Replace the one match of `pattern` in `file`."""
    text, count = re.subn(pattern, by, file.read_text(), flags=re.MULTILINE)
    assert count == 1, f"{pattern} is {count} times in {file}"
    file.write_text(text)


def parameters(folder: Path) -> str:
    """The job's parameters, its files in `folder`."""
    paths = {"input_path": "in", "output_path": "out/run", "rules_path": "in/rules.toml"}
    return json.dumps({key: str(folder / name) for key, name in paths.items()} | {"batch_size": 2})


def prepare(folder: Path) -> None:
    """Lay out a job's input and rules, and an output folder that the image's user may write to."""
    (folder / "in").mkdir()
    (folder / "in" / "rules.toml").write_text(RULES)
    (folder / "out").mkdir()
    (folder / "out").chmod(0o777)


def container(folder: Path, *options: str) -> tuple[str, ...]:
    """The arguments of `docker run` for the job in `folder`: no network, and a read-only root file system."""
    mounts = (f"{folder / 'in'}:/job/in:ro", f"{folder / 'out'}:/job/out")
    volumes = [part for mount in mounts for part in ("--volume", mount)]
    environ = ("--env", f"CONFIG_JSON={parameters(Path('/job'))}")
    return ("run", "--read-only", "--network=none", *volumes, *environ, *options, IMAGE)


def written(folder: Path) -> dict[str, bytes]:
    """Every file that a job wrote, by its path."""
    files = (path for path in (folder / "out" / "run").rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_does_the_same_job_as_on_a_laptop(
    engine: Engine, image: Completed, published: Published, tmp_path: Path
) -> None:
    """In the container, without network and on a read-only file system, the job writes the very same bytes."""
    for place in ("laptop", "container"):
        (tmp_path / place).mkdir()
        prepare(tmp_path / place)
        (tmp_path / place / "in" / "records.csv").write_text("id,value\na,1\nb,2\na,3\nc,x\nd,4\n")
    environ = {"CONFIG_JSON": parameters(tmp_path / "laptop")}
    subprocess.run([published.laptop_app], env=environ, check=True, capture_output=True)
    engine.run(*container(tmp_path / "container", "--rm"))
    outputs = written(tmp_path / "laptop")
    assert any(name.endswith(".parquet") for name in outputs)
    assert written(tmp_path / "container") == outputs


def test_sigterm_ends_the_job(engine: Engine, image: Completed, tmp_path: Path) -> None:
    """A job amid an endless input ends with 143 on SIGTERM; 137 would be the engine's SIGKILL after 30 s."""
    prepare(tmp_path)
    pipe = tmp_path / "in" / "endless.csv"
    os.mkfifo(pipe, 0o644)
    job = engine.run(*container(tmp_path, "--detach")).stdout.strip()
    try:
        feeder = threading.Thread(target=feed, args=[reader_of(pipe)])
        feeder.start()
        engine.run("stop", "--time", "30", job)
        feeder.join()
        assert engine.run("inspect", "--format", "{{.State.ExitCode}}", job).stdout.strip() == "143"
    finally:
        engine.run("rm", "--force", "--volumes", job)


def reader_of(pipe: Path) -> int:
    """Open `pipe` for writing as soon as the job reads it."""
    for _ in range(600):
        try:
            descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:  # which says that nobody reads it yet
                raise
            time.sleep(0.1)
        else:
            os.set_blocking(descriptor, True)
            return descriptor
    raise AssertionError("the job did not begin to read within 60 s")


def feed(descriptor: int) -> None:
    """Write records until nobody reads them."""
    with suppress(BrokenPipeError), open(descriptor, "w") as pipe:
        pipe.write("id,value\n")
        for number in itertools.count():
            pipe.write(f"{number},1\n")


def test_the_token_is_nowhere(build: Build, engine: Engine, image: Completed, published: Published) -> None:
    """Neither the image, nor any stage of its Dockerfile, nor what the engine printed holds the token."""
    assert published.token not in image.stdout + image.stderr
    assert engine.leaks(IMAGE, published.token) == ()
    dockerfile = (published.workspace / "Dockerfile").read_text()
    stages = re.findall(r"^FROM .* AS (\S+)$", dockerfile, re.MULTILINE)
    assert len(stages) == dockerfile.count("\nFROM "), "every stage has a name"
    for stage in stages:
        assert build("--target", stage, tag=f"{stage}:latest").returncode == 0
        assert engine.leaks(f"{stage}:latest", published.token) == (), stage


def test_holds_no_tools_and_no_privileges(engine: Engine, image: Completed) -> None:
    """The image runs as a number, and has no build backend, no pip in its environment and no pip cache."""
    assert engine.run("inspect", "--format", "{{.Config.User}}", IMAGE).stdout.strip() == "10001:10001"
    looking = ("run", "--rm", "--network=none", "--user=0", "--entrypoint=find", IMAGE)
    found = engine.run(*looking, "/opt", "/root", "/tmp", "/run").stdout  # noqa: S108
    assert "/site-packages/pyarrow/" in found
    assert not re.search(r"hatchling|/site-packages/pip/|\.cache|check_lock|requirements\.lock|netrc$", found)


def test_a_changed_line_of_the_app_changes_the_last_layer_only(
    build: Build, engine: Engine, image: Completed, changed: Path
) -> None:
    """After a change in the app's code all layers stay but the last, so that little is pushed and pulled."""
    with (changed / "pipeline_app" / "src" / "pipeline_app" / "__init__.py").open("a") as module:
        module.write("# one more line\n")
    assert build(workspace=changed).returncode == 0
    before, after = layers(engine, IMAGE), layers(engine, "tried:latest")
    assert before[:-1] == after[:-1]
    assert before[-1] != after[-1]


def layers(engine: Engine, name: str) -> list[str]:
    """The digests of an image's layers."""
    found: list[str] = json.loads(engine.run("inspect", "--format", "{{json .RootFS.Layers}}", name).stdout)
    return found


def test_a_base_image_s_pip_settings_change_nothing(
    build: Build, engine: Engine, base_image: str, tmp_path: Path
) -> None:
    """A base image whose pip.conf and variables name other sources and places gives the same environment."""
    (tmp_path / "Dockerfile").write_text(AMBIENT.format(base=base_image))
    (tmp_path / "pip.conf").write_text(PIP_CONF)
    engine.build(tmp_path, tag="ambient:latest")
    told = engine.run("run", "--rm", "--network=none", "ambient:latest", "pip", "config", "list").stdout
    assert "global.no-index='true'" in told
    assert ":env:.no-index='1'" in told
    done = build(base="ambient:latest")
    assert done.returncode == 0, done.stderr


def test_refuses_a_python_that_the_lock_was_not_made_for(build: Build, changed: Path) -> None:
    """With a base image of a Python that the lock's header leaves out, the build stops with a sentence."""
    replace(changed / "pipeline_app" / "requirements.lock", "^# python: .*$", "# python: 3.7")
    done = build(workspace=changed)
    assert done.returncode != 0
    assert "requirements.lock: made for python 3.7, not for this image's 3." in done.stderr


def test_refuses_a_lock_that_lacks_what_the_app_needs(build: Build, changed: Path) -> None:
    """An app that came to need another distribution after its lock was made builds no image."""
    replace(
        changed / "pipeline_app" / "pyproject.toml", r"^dependencies = \[", 'dependencies = ["attrs>=20", '
    )
    done = build(workspace=changed)
    assert done.returncode != 0
    assert "No matching distribution found for attrs>=20" in done.stderr


def test_calls_an_expired_token_that(
    build: Build, index: LocalCodeArtifact, published: Published, tmp_path: Path
) -> None:
    """With a token that has expired the build says so, and names the command that makes a new one."""
    answer = index.client().get_authorization_token(domain="carrack", durationSeconds=900)
    expired = tmp_path / "netrc"
    expired.write_text(published.netrc.read_text().replace(published.token, answer["authorizationToken"]))
    index.clock.advance(901)
    done = build("--no-cache", "--target", "downloads", netrc=expired)
    assert done.returncode != 0
    assert (
        "401: the token was refused or has expired; make a new one with `carrack token --netrc "
        in done.stderr
    )


def test_certificates_of_one_s_own_reach_the_build(
    build: Build, index: LocalCodeArtifact, published: Published, changed: Path, tmp_path: Path
) -> None:
    """Behind TLS that only the secret `certificates` makes trusted the image builds; without it not."""
    with tls_in_front_of(urlsplit(index.url).port or 0, tmp_path) as (port, certificate):
        address = published.index_url.replace(index.url, f"https://127.0.0.1:{port}")
        to_tls = ("--no-cache", "--target", "downloads", "--build-arg", f"INDEX_URL={address}")
        refused = build(*to_tls, workspace=changed)
        assert refused.returncode != 0
        assert "CERTIFICATE_VERIFY_FAILED" in refused.stdout + refused.stderr
        trusted = build(*to_tls, "--secret", f"id=certificates,src={certificate}", workspace=changed)
    assert trusted.returncode == 0, trusted.stderr
