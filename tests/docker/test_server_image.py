"""The image of codeartifact-local: built from its own folder, serving, keeping its data and no secret."""

import json
import os
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
from tests.docker.tls import self_signed

from codeartifact_local.settings import Settings
from codeartifact_local.testing import LocalCodeArtifact

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.registry]

FOLDER = Path(__file__).parents[2] / "packages" / "codeartifact-local"
IMAGE = "codeartifact-local:latest"
STAGE = "codeartifact-local-build:latest"
TRUSTED = "--trusted-network"
PYTHON = "/opt/codeartifact-local/bin/python"
BUILT_WITH = re.compile(r"hatchling|/\.cache|requirements\.txt|pip\.conf|\.whl$", re.MULTILINE)
# What a job may do with the environment that the README's compose file gives it.
JOB = """
import botocore.session, urllib.error, urllib.request
client = botocore.session.Session().create_client("codeartifact")
client.create_domain(domain="acme")
client.create_repository(domain="acme", repository="dev")
token = client.get_authorization_token(domain="acme")["authorizationToken"]
where = {"domain": "acme", "repository": "dev", "format": "pypi"}
endpoint = client.get_repository_endpoint(**where)["repositoryEndpoint"]
page = urllib.request.Request(f"{endpoint}simple/none/", headers={"Authorization": f"Bearer {token}"})
try:
    urllib.request.urlopen(page)
except urllib.error.HTTPError as answer:
    print(endpoint, answer.code)
"""
REMOVAL = """
from pathlib import Path
from codeartifact_local.store.blobs import Blobs
from codeartifact_local.store.database import Database
from codeartifact_local.store.keeping import collect
database = Database(Path("/data/codeartifact.sqlite3"), durable=False)
with database.write() as db:
    rows = ((f"{number:064x}", 1, "0" * 32, "0" * 40, "0" * 128) for number in range(30_000))
    db.executemany("INSERT INTO blob VALUES (?, ?, ?, ?, ?)", rows)
collect(database, Blobs(Path("/data"), durable=False))
with database.read() as db:
    print(db.execute("SELECT count(*) FROM blob").fetchone()[0])
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


@pytest.fixture(scope="module")
def stage(build: Callable[..., Completed], image: Completed) -> str:
    """The stage that has what the image must not have."""
    build("--target", "build", tag=STAGE)
    return STAGE


@pytest.fixture(scope="module")
def network(engine: Engine) -> Iterator[str]:
    """A network of containers; their ports are published on this machine's loopback."""
    engine.run("network", "create", "codeartifact-tests")
    yield "codeartifact-tests"
    engine.run("network", "rm", "codeartifact-tests")


@contextmanager
def started(engine: Engine, *options: str, says: tuple[str, ...] = (TRUSTED,)) -> Iterator[str]:
    """Run the image on a read-only root file system, its server told what it `says`; gives the container."""
    container = engine.run("run", "--detach", "--read-only", *options, IMAGE, *says).stdout.strip()
    try:
        yield container
    finally:
        engine.run("rm", "--force", "--volumes", container)


@contextmanager
def serving(engine: Engine, network: str, *options: str) -> Iterator[tuple[str, LocalCodeArtifact]]:
    """The same with its port published; gives the container and a client of its server."""
    publish = ("--network", network, "--publish", "127.0.0.1::4873")
    with started(engine, *publish, *options) as container:
        printed_address(engine, container)
        port = engine.run("port", container, "4873/tcp").stdout.strip()
        server = LocalCodeArtifact(url=f"http://{port}", settings=Settings())
        try:
            yield container, server
        finally:
            server.client().close()


def printed_address(engine: Engine, container: str) -> str:
    """Return the address that the server prints when it can be asked."""
    for _ in range(300):
        logs = engine.run("logs", container)
        if found := re.search(r"^export CODEARTIFACT_LOCAL_URL=(.*)$", logs.stdout, re.MULTILINE):
            return found[1]
        time.sleep(0.1)
    raise AssertionError(logs.stderr)


def inspected(engine: Engine, container: str, what: str) -> str:
    """Return a part of what the engine knows of a container."""
    return engine.run("inspect", "--format", f"{{{{{what}}}}}", container).stdout.strip()


def pip_install(package: str, index_url: str, to: Path) -> None:
    """Install a package from one index and nothing but it."""
    pip = [sys.executable, "-m", "pip", "--isolated", "install", "--no-cache-dir", "--no-deps"]
    command = [*pip, "--target", str(to), "--index-url", index_url, package]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def test_boto_twines_upload_and_pip_use_it(
    engine: Engine, network: str, image: Completed, tmp_path: Path
) -> None:
    """From outside, through the published port, whose address is in what it hands out; it runs as a number."""
    with serving(engine, network) as (container, server):
        client = server.client()
        client.create_domain(domain="acme")
        client.create_repository(domain="acme", repository="dev")
        token = server.token("acme")
        assert server.upload_url("acme", "dev").startswith(f"{server.url}/pypi/")
        form = {":action": "file_upload", "protocol_version": "1", "name": "pkg", "version": "1.0"}
        files = {"content": wheel("pkg", "1.0")}
        answer = HTTP.post(server.upload_url("acme", "dev"), auth=("aws", token), data=form, files=files)
        assert answer.status_code == 200, answer.text
        pip_install("pkg", server.index_url("acme", "dev", token), tmp_path)
        assert engine.run("exec", container, "id", "-u").stdout == "10001\n"
    assert (tmp_path / "pkg.py").exists()


def test_the_public_index_is_reached_through_it(
    engine: Engine, image: Completed, index: LocalCodeArtifact, token: str, tmp_path: Path
) -> None:
    """What is not there comes from the index that the container's pip is told; the credentials are in no log."""
    public = ("--env", f"PIP_INDEX_URL={index.index_url('image', 'packages', token)}")
    says = (TRUSTED, "--port", "0")
    with started(engine, "--network=host", *public, says=says) as container:
        server = LocalCodeArtifact(url=printed_address(engine, container), settings=Settings())
        server.create("acme", "dev")
        pip_install("six", server.index_url("acme", "dev"), tmp_path)
        server.client().close()
        logs = engine.run("logs", container)
    assert (tmp_path / "six.py").exists()
    assert "the public index is on 127.0.0.1" in logs.stderr
    assert token not in logs.stdout + logs.stderr


def test_sigterm_stops_it_and_its_volume_keeps_the_data(
    engine: Engine, network: str, image: Completed
) -> None:
    """It ends with 0, long before the engine's SIGKILL; the next container has what the first was told."""
    engine.run("volume", "create", "kept")
    kept = ("--volume", "kept:/data")
    try:
        with serving(engine, network, *kept) as (container, server):
            server.client().create_domain(domain="acme")
            engine.run("stop", "--time", "30", container)
            assert inspected(engine, container, ".State.ExitCode") == "0"
        with serving(engine, network, *kept) as (_, server):
            domains = server.client().list_domains()["domains"]
        assert [domain["name"] for domain in domains] == ["acme"]
    finally:
        engine.run("volume", "rm", "--force", "kept")


def test_sigterm_stops_it_before_it_serves(engine: Engine, image: Completed, tmp_path: Path) -> None:
    """Process 1 ignores what it does not handle: it handles SIGTERM already while it opens its data."""
    os.mkfifo(tmp_path / "token.key")
    for path in (tmp_path, tmp_path / "token.key"):
        os.chown(path, 10001, 10001)
    with started(engine, "--network=none", "--volume", f"{tmp_path}:/data") as container:
        with (tmp_path / "token.key").open("wb"):  # opened when the server has opened it
            engine.run("stop", "--time", "30", container)
        assert inspected(engine, container, ".State.ExitCode") == "0"


def test_a_large_removal_fits_a_read_only_root(engine: Engine, image: Completed) -> None:
    """To remove 30,000 files at once it needs no folder for temporary files, of which there is none."""
    python = ("run", "--rm", "--read-only", "--network=none", "--entrypoint", PYTHON, IMAGE, "-c")
    assert engine.run(*python, REMOVAL).stdout == "0\n"


def test_a_folder_of_one_s_own_can_have_the_data(engine: Engine, image: Completed, tmp_path: Path) -> None:
    """As the user who owns it, whoever that is."""
    os.chown(tmp_path, 12345, 12345)
    own = ("--user", "12345:12345", "--volume", f"{tmp_path}:/data")
    with started(engine, "--network=none", *own) as container:
        printed_address(engine, container)
    assert (tmp_path / "codeartifact.sqlite3").stat().st_uid == 12345


def test_a_folder_that_it_may_not_write_to_is_said(engine: Engine, image: Completed, tmp_path: Path) -> None:
    """In one sentence, with the number of the user who needs it."""
    tmp_path.chmod(0o755)
    mount = ("--network=none", "--volume", f"{tmp_path}:/data")
    done = engine.run("run", "--rm", *mount, IMAGE, TRUSTED, check=False)
    assert (done.returncode, "let user 10001 write to it" in done.stderr) == (1, True), done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_word_about_its_network_it_refuses(engine: Engine, image: Completed) -> None:
    """The port of a container can be published to everybody: exit 2, and the ways out."""
    with started(engine, "--network=none", says=()) as container:
        for _ in range(300):
            if inspected(engine, container, ".State.Status") == "exited":
                break
            time.sleep(0.1)
        assert inspected(engine, container, ".State.Status") == "exited"
        assert inspected(engine, container, ".State.ExitCode") == "2"
        said = engine.run("logs", container).stderr
    for way in ("--tls-certificate", "--behind-proxy", TRUSTED):
        assert way in said


def test_it_says_that_it_is_healthy(engine: Engine, image: Completed, tmp_path: Path) -> None:
    """Where it listens on its port, with TLS or without; where it does not, it is not healthy."""
    for path in (tmp_path, *self_signed(tmp_path)):
        path.chmod(0o755)
    key = {"ACCESS_KEY_ID": "AKIAEXAMPLE", "SECRET_ACCESS_KEY": "a/secret+key"}
    tls = ("--tls-certificate", "/tls/certificate.pem", "--tls-key", "/tls/key.pem")
    often = ("--network=none", "--health-interval=1s", "--health-start-period=1ms")
    environment = [part for name in key for part in ("--env", f"CODEARTIFACT_LOCAL_{name}={key[name]}")]
    with (
        started(engine, *often) as plain,
        started(engine, *often, "--volume", f"{tmp_path}:/tls:ro", *environment, says=tls) as encrypted,
        started(engine, *often, says=(TRUSTED, "--port", "4874")) as elsewhere,
    ):
        wanted = ["healthy", "healthy", "unhealthy"]
        for _ in range(300):
            found = [inspected(engine, one, ".State.Health.Status") for one in (plain, encrypted, elsewhere)]
            if found == wanted:
                break
            time.sleep(0.1)
        assert found == wanted


def test_a_job_of_the_readme_s_compose_file_finds_it(engine: Engine, network: str, image: Completed) -> None:
    """By the name of its service, with the environment and the options that stand there, and nothing more."""
    compose = (FOLDER / "README.md").read_text().split("```yaml\n", 1)[1].split("```", 1)[0]
    service = re.search(
        r"^  (.*):\n    image: codeartifact-local\n    command: \[(.*)\]$", compose, re.MULTILINE
    )
    assert service is not None
    variables = re.findall(r"^      (AWS_\w+): (.*)$", compose, re.MULTILINE)
    environment = [part for name, value in variables for part in ("--env", f"{name}={value}")]
    named = ("--network", network, "--network-alias", service[1])
    with started(engine, *named, says=tuple(service[2].split(", "))) as container:
        printed_address(engine, container)
        job = ("run", "--rm", "--network", network, *environment, "--entrypoint", PYTHON, IMAGE, "-c", JOB)
        said = engine.run(*job).stdout
    assert said == "http://codeartifact:4873/pypi/d/acme-000000000000/dev/ 404\n"


def test_it_has_no_privileges_no_tools_and_no_cache(engine: Engine, image: Completed, stage: str) -> None:
    """It runs as a number, its files are root's, and what built it is not there."""
    config = json.loads(inspected(engine, IMAGE, "json .Config"))
    assert config["User"] == "10001:10001"
    assert (list(config["Volumes"]), list(config["ExposedPorts"])) == (["/data"], ["4873/tcp"])
    assert config["Labels"]["org.opencontainers.image.title"] == "codeartifact-local"

    def files(of: str, *where: str) -> str:
        looking = ("run", "--rm", "--network=none", "--user=0", "--entrypoint=find", of)
        return engine.run(*looking, *where).stdout

    everywhere = ("/", "-xdev", "-not", "-path", "/usr/*")  # which is the base's own
    assert not BUILT_WITH.search(files(IMAGE, *everywhere))
    # The control: in the stage that built it, there is something to be found.
    assert {"hatchling", "requirements.txt", ".whl"} <= set(BUILT_WITH.findall(files(stage, *everywhere)))
    assert "/site-packages/codeartifact_local/console/templates/base.html" in files(IMAGE, "/opt")
    assert files(IMAGE, "/opt", "-not", "-uid", "0") == ""


def test_the_token_of_the_build_is_nowhere(
    engine: Engine, build: Callable[..., Completed], image: Completed, stage: str, token: str, tmp_path: Path
) -> None:
    """Neither the image, nor the stage that used it, nor what the engine printed holds it."""
    assert token not in image.stdout + image.stderr
    assert engine.leaks(IMAGE, token) == ()
    assert engine.leaks(stage, token) == ()
    # The control: a layer that has the secret is found.
    leaking = tmp_path / "Dockerfile"
    leaking.write_text(f'FROM {stage}\nRUN --mount=type=secret,id=pip.conf cp "$PIP_CONFIG_FILE" /leaked\n')
    build("--file", str(leaking), tag="leaking:latest")
    assert engine.leaks("leaking:latest", token) != ()
