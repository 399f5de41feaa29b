"""The engine as the verbs see it: Docker's and podman's, on small images."""

import io
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO

import pytest
from tests.docker.engine import Engine

from carrack.adapters.engine import ContainerEngine
from carrack.adapters.engines import find_engine
from carrack.errors import BuildError, NotReadyError
from carrack.model.image import Recipe
from carrack.ports import Context, Report

pytestmark = [pytest.mark.docker, pytest.mark.slow]

SECRET = "a-secret-of-the-build-0123456789"
DOCKERFILE = """\
ARG BASE
FROM ${BASE} AS first
RUN --mount=type=secret,id=the-token test "$(cat /run/secrets/the-token)" = "machine 127.0.0.1 password SECRET"
COPY hello.txt nothing-ther[e] /prepared/
FROM ${BASE}
COPY --from=first /prepared/hello.txt /hello.txt
VOLUME /data
"""


class Told(Report):
    """Remembers the steps that it is told."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def step(self, verb: str, subject: str) -> None:
        """Remember."""
        self.steps.append(f"{verb} {subject}")


def context_of(files: Mapping[str, str]) -> Context:
    """A build context with these files."""

    def write(stream: IO[bytes]) -> None:
        with tarfile.open(fileobj=stream, mode="w|") as archive:
            for name, text in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(text.encode())
                archive.addfile(member, io.BytesIO(text.encode()))

    return write


CONTEXT = context_of({"Dockerfile": DOCKERFILE.replace("SECRET", SECRET), "hello.txt": "hello\n"})


@pytest.fixture(params=["docker_client", "podman_client"])
def client(request: pytest.FixtureRequest) -> ContainerEngine:
    """Docker, then podman."""
    found: ContainerEngine = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def recipe(base_image: str) -> Recipe:
    """The build of DOCKERFILE."""
    return Recipe(
        dockerfile=PurePosixPath("Dockerfile"),
        arguments={"BASE": base_image},
        labels={"io.carrack.test": "two words"},
        secrets={"the-token": f"machine 127.0.0.1 password {SECRET}"},
        host_network=True,
    )


def test_says_what_it_is(client: ContainerEngine, request: pytest.FixtureRequest) -> None:
    """An engine tells its kind and its version."""
    assert client.kind in request.node.name
    assert str(client) == f"{client.kind} {client.version}"
    assert client.version[0].isdigit()


def test_builds_from_a_stream(client: ContainerEngine, recipe: Recipe) -> None:
    """A context on stdin, with arguments, labels and a secret out of the environment, gives an image without a name."""
    told = Told()
    built = replace(client, report=told).build(recipe, CONTEXT)
    image = client.inspect(built)
    assert image is not None
    assert (image.id, image.names, image.platform[:6]) == (built, (), "linux/")
    assert image.labels["io.carrack.test"] == "two words"
    assert len(image.layers) == 2
    assert image.size > 1_000_000
    assert any("COPY hello.txt" in step for step in told.steps), told.steps
    assert len(set(told.steps)) == len(told.steps)


def test_reads_a_file_without_running_anything(client: ContainerEngine, recipe: Recipe) -> None:
    """A file is taken out of an image that has no command; what is not there, or is a folder, is None."""
    built = client.build(recipe, CONTEXT)
    assert client.read(built, PurePosixPath("/hello.txt")) == b"hello\n"
    assert client.read(built, PurePosixPath("/no/such.txt")) is None
    assert client.read(built, PurePosixPath("/usr")) is None


def test_runs_a_program_alone(client: ContainerEngine, base_image: str) -> None:
    """A program of the image runs without a network, and its failure is told with what it said."""
    assert client.run(base_image, "python3", "-c", "print(6 * 7)") == "42\n"
    interfaces = client.run(base_image, "cat", "/proc/net/dev")
    assert {line.split(":")[0].strip() for line in interfaces.splitlines()[2:]} <= {"lo", "tunl0", "sit0"}
    with pytest.raises(BuildError) as raised:
        client.run(base_image, "python3", "-c", "raise SystemExit('no such luck')")
    assert "no such luck" in raised.value.output


def test_saves_and_exports(client: ContainerEngine, recipe: Recipe) -> None:
    """What is saved has layers, what is exported the files as a container sees them; both can be left half read."""
    built = client.build(recipe, CONTEXT)
    with client.saved(built) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
        names = [member.name for member in archive]
    assert "manifest.json" in names
    with client.exported(built) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
        assert "hello.txt" in [member.name for member in archive]
    with client.saved(built) as stream:
        stream.read(10)
    with pytest.raises(BuildError, match="failed at save"), client.saved("none/such:here") as stream:
        stream.read()


def test_builds_one_stage_and_removes_it(client: ContainerEngine, recipe: Recipe) -> None:
    """A stage is there as long as it is looked at; an image of the user's with the same content stays."""
    kept = client.build(replace(recipe, target="first"), CONTEXT)
    client.tag(kept, "kept:latest")
    with client.stage(recipe, CONTEXT, "first") as stage:
        assert client.read(stage, PurePosixPath("/prepared/hello.txt")) == b"hello\n"
    assert client.inspect(stage) is None
    assert client.inspect("kept:latest") is not None
    client.untag("kept:latest")
    assert client.inspect("kept:latest") is None


def test_what_is_not_there_is_none(client: ContainerEngine) -> None:
    """An image that the engine does not have is None, and pulling it from nowhere names the image."""
    assert client.inspect("none/such:here") is None
    with pytest.raises(NotReadyError, match="does not have this image and cannot pull it") as raised:
        client.pull("127.0.0.1:9/none/such:here")
    assert raised.value.address == "127.0.0.1:9/none/such:here"


def test_a_failed_build_shows_its_end_and_no_secret(client: ContainerEngine, recipe: Recipe) -> None:
    """What the failing step printed is shown, without the secret that it printed too."""
    failing = (
        "ARG BASE\nFROM ${BASE}\nRUN --mount=type=secret,id=the-token cat /run/secrets/the-token; exit 3\n"
    )
    with pytest.raises(BuildError, match="did not build") as raised:
        client.build(recipe, context_of({"Dockerfile": failing}))
    assert "machine 127.0.0.1 password ***" in raised.value.output
    assert SECRET not in raised.value.output


def test_an_engine_is_found_by_asking(engine: Engine, tmp_path: Path) -> None:
    """A client that cannot build is passed over for one that can, though it stands before it on PATH."""
    first = tmp_path / "docker"
    first.write_text('#!/bin/sh\ncase $1 in build) exit 1;; *) exec /usr/bin/docker "$@";; esac\n')
    first.chmod(0o755)
    found = find_engine({**engine.environ, "PATH": f"{tmp_path}:/usr/bin:/bin"}, Report())
    assert found.program == "/usr/bin/docker"
    first.write_text('#!/bin/sh\nexec /usr/bin/docker "$@"\n')
    assert find_engine({**engine.environ, "PATH": f"{tmp_path}:/usr/bin:/bin"}, Report()).program == str(
        first
    )
