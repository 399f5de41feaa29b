"""`carrack image push`: real engines, a real registry that wants a login, and ECR's API played by a web server."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

import pytest
import requests
from tests.carrack.web import Answer, Asked, Web
from tests.docker.engine import CLIENT, Engine, EngineMissingError, do_without
from tests.docker.podman import PROGRAM as PODMAN
from tests.docker.registry import PASSWORD, USERNAME, EcrFront, real_registry, token_answer
from tests.docker.test_container_engine import context_of

from carrack.adapters.engine import ContainerEngine
from carrack.model.image import Image, Recipe

pytestmark = [pytest.mark.docker, pytest.mark.slow]

CARRACK = Path(sys.executable).parent / "carrack"
ACCOUNT, OTHER = "111122223333", "444455556666"
PACKAGE = '[project]\nname = "thing"\nversion = "1.0"\n'
WORKSPACE = f"""\
[tool.carrack.apps.job]
path = "job"
requirements = []
lock = "job/requirements.lock"
pythons = ["3.12"]
repository = "{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/team/job"
[tool.carrack.indexes.prod]
domain = "acme"
owner = "{ACCOUNT}"
region = "eu-central-1"
repository = "prod"
"""
USERS_SETTINGS = '{"auths": {"registry.example": {"auth": "dXNlcjp3b3Jk"}}, "credsStore": "none-such"}\n'
WRAPPER = """\
#!/bin/sh
printf '%s\\n' "$@" >>"$WITNESS/argv"
env >>"$WITNESS/environ"
case $1 in push)
  for file in "$DOCKER_CONFIG" "$DOCKER_CONFIG/config.json" "$3" "${{3%/*}}"; do
    test -e "$file" && stat -c '%a %n' "$file" >>"$WITNESS/modes"
  done;;
esac
exec {program} "$@"
"""


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    """The real registry's address."""
    with ExitStack() as stack:
        try:
            address = stack.enter_context(real_registry())
        except EngineMissingError as missing:
            do_without(missing)
        yield address


@pytest.fixture
def front(registry: str) -> Iterator[EcrFront]:
    """The registry with ECR's manners."""
    with EcrFront(registry) as running:
        yield running


@dataclass
class Ecr:
    """ECR's API; `tokens` were asked for with these bodies."""

    host: str
    password: str = PASSWORD
    denies: bool = False

    def __call__(self, asked: Asked) -> Answer:
        """Answer GetAuthorizationToken, and nothing else."""
        assert asked.headers["X-Amz-Target"] == "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
        (account,) = json.loads(asked.body)["registryIds"]
        if self.denies:
            said = {"__type": "AccessDeniedException", "Message": "User is not authorized to perform that"}
            return Answer(status=400, body=json.dumps(said).encode())
        return Answer(status=200, body=token_answer(self.host, account, self.password))


@dataclass(frozen=True)
class User:
    """Somebody at a workspace, with an engine, a Docker configuration of their own, and ECR's API to ask."""

    folder: Path
    ecr: Ecr
    api: Web
    environ: Mapping[str, str]

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start `carrack image push --to prod ARGUMENTS`."""
        return subprocess.Popen(
            [CARRACK, "image", "push", "--to", "prod", *arguments],
            cwd=self.folder,
            env=dict(self.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def push(self, *arguments: str) -> str:
        """Run it, which must succeed; its stdout."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        assert PASSWORD not in out + err
        return out

    def refused(self, code: int, *arguments: str) -> str:
        """Run it, which must end with this code and print nothing; its stderr."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=300)
        assert (process.returncode, out) == (code, ""), err
        assert "Traceback" not in err
        assert PASSWORD not in err
        assert self.left_behind() == []
        return err

    def left_behind(self) -> list[str]:
        """The folders with logins that are still there."""
        return [path.name for path in (self.folder / "tmp").iterdir()]

    def witnessed(self, what: str) -> str:
        """What the engine's client was called with."""
        return (self.folder / what).read_text()

    @property
    def records(self) -> list[dict[str, object]]:
        """What was kept of pushes."""
        lines = (self.folder / ".carrack" / "images.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture
def at_home(tmp_path: Path, front: EcrFront) -> Iterator[Callable[[ContainerEngine], User]]:
    """Makes the user of an engine."""
    ecr = Ecr(host=front.host)
    with Web(ecr) as api:

        def user_of(client: ContainerEngine) -> User:
            for name in ("bin", "tmp", "home/.docker", "job", "packages/thing"):
                (tmp_path / name).mkdir(parents=True)
            (tmp_path / "pyproject.toml").write_text(WORKSPACE)
            (tmp_path / "packages/thing/pyproject.toml").write_text(PACKAGE)
            (tmp_path / "home/.docker/config.json").write_text(USERS_SETTINGS)
            program = tmp_path / "bin" / client.kind
            program.write_text(WRAPPER.format(program=CLIENT if client.kind == "docker" else PODMAN))
            program.chmod(0o755)
            ours = {
                "PATH": f"{tmp_path / 'bin'}:{os.defpath}",
                "HOME": str(tmp_path / "home"),
                "TMPDIR": str(tmp_path / "tmp"),
                "WITNESS": str(tmp_path),
                "AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT",
                "AWS_SECRET_ACCESS_KEY": "secret-of-the-environment",
                "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_ENDPOINT_URL_ECR": api.url,
            }
            return User(folder=tmp_path, ecr=ecr, api=api, environ={**client.environ, **ours})

        yield user_of


@pytest.fixture(params=["docker_client", "podman_client"])
def client(request: pytest.FixtureRequest) -> ContainerEngine:
    """Docker, then podman."""
    found: ContainerEngine = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def user(at_home: Callable[[ContainerEngine], User], docker_client: ContainerEngine) -> User:
    """A user of Docker."""
    return at_home(docker_client)


@pytest.fixture
def image(docker_client: ContainerEngine) -> Image:
    """A small image in Docker, of this test alone."""
    return made(docker_client)


def made(client: ContainerEngine, *, platform: str | None = None, app: str = "job") -> Image:
    """Build a small image of an app, which is no other's."""
    recipe = Recipe(
        dockerfile=PurePosixPath("Dockerfile"),
        labels={
            "io.carrack.app": app,
            "io.carrack.lock": "sha256:0a",
            "org.opencontainers.image.revision": "c0",
        },
        platform=platform,
    )
    files = {"Dockerfile": "FROM scratch\nCOPY a /a\n", "a": os.urandom(8).hex()}
    found = client.inspect(client.build(recipe, context_of(files)))
    assert found is not None
    return found


def test_pushes_and_prints_what_the_registry_has(
    at_home: Callable[[ContainerEngine], User], client: ContainerEngine, front: EcrFront
) -> None:
    """What is printed is the digest under the tag in the registry, and its manifest is of the image that was named."""
    user, image = at_home(client), made(client)
    printed = user.push(image.id)
    tag = image.id[7:19]
    assert printed == f"{front.host}/team/job@{front.digest('team/job', tag)}\n"
    manifest = requests.get(
        f"{front.registry}/v2/team/job/manifests/{printed.strip().partition('@')[2]}",
        headers={
            "Accept": "application/vnd.oci.image.manifest.v1+json, "
            "application/vnd.docker.distribution.manifest.v2+json"
        },
        auth=(USERNAME, PASSWORD),
        timeout=30,
    )
    assert manifest.json()["config"]["digest"] == image.id
    assert user.records == [
        {
            "schema": 1,
            "app": "job",
            "repository": f"{front.host}/team/job",
            "digest": printed.strip().partition("@")[2],
            "tag": tag,
            "images": [image.id],
            "lock": "sha256:0a",
            "commit": "c0",
        }
    ]


def test_the_password_is_nowhere_but_in_a_folder_that_is_gone(
    at_home: Callable[[ContainerEngine], User], client: ContainerEngine
) -> None:
    """No argument or variable of the engine's client has it, its file is the user's alone, and nothing is left."""
    user = at_home(client)
    user.push(made(client).id)
    assert "push" in user.witnessed("argv").splitlines()
    assert PASSWORD not in user.witnessed("argv") + user.witnessed("environ")
    modes = [line.split() for line in user.witnessed("modes").splitlines()]
    login = {Path(name).name: mode for mode, name in modes if "carrack-login-" in name}
    assert login.pop("config.json") == "600"
    assert set(login.values()) <= {"700"}
    assert user.left_behind() == []


def test_the_user_s_docker_configuration_is_not_touched(user: User, image: Image) -> None:
    """Its bytes, its time and its folder stay, though it names a store of logins that is not there."""
    folder = user.folder / "home" / ".docker"
    before = (folder / "config.json").stat()
    user.push(image.id)
    assert (folder / "config.json").read_text() == USERS_SETTINGS
    assert (folder / "config.json").stat().st_mtime_ns == before.st_mtime_ns
    assert [path.name for path in folder.iterdir()] == ["config.json"]


def test_the_user_s_context_says_which_engine_pushes(user: User, image: Image) -> None:
    """An engine that is chosen by a context in the user's Docker configuration is the one that pushes."""
    environ = {name: value for name, value in user.environ.items() if name != "DOCKER_HOST"}
    endpoint = f"host={user.environ['DOCKER_HOST']}"
    for arguments in (("create", "theirs", "--docker", endpoint), ("use", "theirs")):
        subprocess.run([CLIENT, "context", *arguments], env=environ, check=True, capture_output=True)
    theirs = User(folder=user.folder, ecr=user.ecr, api=user.api, environ=environ)
    assert "@sha256:" in theirs.push(image.id)


def test_a_second_push_moves_nothing(
    at_home: Callable[[ContainerEngine], User], client: ContainerEngine, front: EcrFront
) -> None:
    """It prints the same, asks the registry only, and the record is kept once."""
    user, image = at_home(client), made(client)
    first = user.push(image.id)
    front.manners.asked.clear()
    front.manners.immutable = True
    assert user.push(image.id) == first
    assert front.manners.writes() == []
    assert len(user.records) == 1


def test_the_login_is_the_repository_s_account_s(user: User, image: Image) -> None:
    """ECR is asked in the repository's account and region; a name alone is in those of the index."""
    user.push(image.id)
    user.push(image.id, "--repository", f"{OTHER}.dkr.ecr.us-east-1.amazonaws.com/theirs")
    user.push(image.id, "--repository", "plain")
    asked = [(json.loads(it.body)["registryIds"], it.headers["Authorization"]) for it in user.api.asked]
    regions = ("eu-west-1", "us-east-1", "eu-central-1")
    assert [accounts for accounts, _ in asked] == [[ACCOUNT], [OTHER], [ACCOUNT]]
    for region, (_, signature) in zip(regions, asked, strict=True):
        assert f"/{region}/ecr/aws4_request" in signature


def test_several_platforms_become_one_list(
    at_home: Callable[[ContainerEngine], User], client: ContainerEngine, front: EcrFront
) -> None:
    """Its digest is printed, the engine pulls from it what is its platform's, and a second push writes nothing."""
    user = at_home(client)
    ours, arm = made(client), made(client, platform="linux/arm64")
    printed = user.push(arm.id, ours.id, "--tag", "both")
    assert printed == f"{front.host}/team/job@{front.digest('team/job', 'both')}\n"
    front.manners.asked.clear()
    assert user.push(ours.id, arm.id, "--tag", "both") == printed
    assert front.manners.writes() == []
    told = requests.get(
        f"{front.registry}/v2/team/job/manifests/both",
        headers={"Accept": "application/vnd.oci.image.index.v1+json"},
        auth=(USERNAME, PASSWORD),
        timeout=30,
    )
    assert printed.strip().endswith(sha256(told.content).hexdigest())
    platforms = {
        f"{it['platform']['os']}/{it['platform']['architecture']}" for it in told.json()["manifests"]
    }
    assert platforms == {ours.platform, arm.platform}


def test_docker_pulls_what_was_printed(
    user: User, image: Image, docker_client: ContainerEngine, engine: Engine
) -> None:
    """A machine that has only what was printed, and a login, gets the very image."""
    arm = made(docker_client, platform="linux/arm64")
    reference = user.push(image.id, arm.id, "--tag", "two").strip()
    host = reference.partition("/")[0]
    engine.run("login", "--username", USERNAME, "--password", PASSWORD, host)
    engine.run("image", "rm", "--force", image.id)
    engine.run("pull", "--quiet", reference)
    assert engine.run("image", "inspect", "--format", "{{.Id}}", reference).stdout.strip() == image.id


def test_a_wrong_password_is_one_sentence(user: User, image: Image) -> None:
    """A registry that does not take the login is named, and nothing is pushed."""
    user.ecr.password = "another-password"
    said = user.refused(69, image.id)
    assert "the registry refused the login" in said


def test_no_permission_for_a_login_is_one_sentence(user: User, image: Image) -> None:
    """Where ECR gives no token, the permission and the registry are named."""
    user.ecr.denies = True
    said = user.refused(69, image.id)
    assert f"registry of account {ACCOUNT}, region eu-west-1: these credentials may not do that" in said
    assert "ecr:GetAuthorizationToken" in said


def test_a_registry_that_is_away_is_one_sentence(user: User, image: Image) -> None:
    """Where nothing answers, that is said."""
    user.ecr.host = "127.0.0.1:9"
    assert "127.0.0.1:9/team/job: the registry cannot be reached: no connection" in user.refused(69, image.id)


def test_a_missing_repository_is_told_with_the_command_that_makes_it(
    user: User, image: Image, front: EcrFront
) -> None:
    """ECR makes no repository at a push: what to type, in which account and region, is said."""
    front.manners.missing.add("team/job")
    said = user.refused(78, image.id)
    assert f"account {ACCOUNT} has no such repository in region eu-west-1" in said
    assert "aws ecr create-repository --region eu-west-1 --repository-name team/job" in said
    assert front.manners.writes() == []


def test_an_immutable_tag_stays(user: User, docker_client: ContainerEngine, front: EcrFront) -> None:
    """A tag that is another image's is one error, for an image and for a list; it still means what it meant."""
    one, two, arm = made(docker_client), made(docker_client), made(docker_client, platform="linux/arm64")
    user.push(one.id, "--tag", "1.0")
    before = front.digest("team/job", "1.0")
    front.manners.immutable = True
    for images in ([two.id], [two.id, arm.id]):
        said = user.refused(73, *images, "--tag", "1.0")
        assert "the tag 1.0 is another image's, and this repository's tags cannot be moved" in said
    assert front.digest("team/job", "1.0") == before
    front.manners.immutable = False
    user.push(two.id, "--tag", "1.0")
    assert front.digest("team/job", "1.0") != before


@pytest.mark.parametrize("fault", [503, 0])
def test_faults_that_pass_are_tried_again(user: User, image: Image, front: EcrFront, fault: int) -> None:
    """A 503 or a broken connection, where the registry is asked and where the engine pushes, stops nothing."""
    front.manners.faults = [("GET", "manifests", fault), ("PUT", "manifests", fault)]
    assert "@sha256:" in user.push(image.id)
    assert front.manners.faults == []


def test_a_fault_that_stays_is_told_in_the_engine_s_words(user: User, image: Image, front: EcrFront) -> None:
    """After several tries the push ends, and what the engine said is shown."""
    front.manners.faults = [("PUT", "manifests", 503)] * 50
    said = user.refused(75, image.id)
    assert "the engine could not push the image" in said
    assert "503" in said or "try again" in said
    assert 5 <= 50 - len(front.manners.faults) < 50


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_push_leaves_no_login_and_goes_on(
    user: User, image: Image, front: EcrFront, number: signal.Signals
) -> None:
    """Ctrl-C in the middle of a layer: the login is gone, and the same command then pushes the image."""
    front.manners.hold = threading.Event()
    process = user.start(image.id)
    assert front.manners.held.wait(60)
    (folder,) = (user.folder / "tmp").iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    login = json.loads((folder / "config.json").read_text())["auths"][front.host]["auth"]
    assert b64decode(login).decode() == f"{USERNAME}:{PASSWORD}"
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (128 + number, ""), err
    assert user.left_behind() == []
    front.manners.hold.set()
    assert "@sha256:" in user.push(image.id)


def test_what_cannot_be_pushed_together_is_refused(user: User, docker_client: ContainerEngine) -> None:
    """Another app's image, two of one platform, and one that the engine has not, are refused before any login."""
    one, two, other = made(docker_client), made(docker_client), made(docker_client, app="other")
    assert "this is an image of other, not of job" in user.refused(64, other.id)
    assert "two are of the same" in user.refused(64, one.id, two.id)
    assert "none/such: the engine has no such image" in user.refused(78, "none/such")
    assert "job: the engine has no such image" in user.refused(78)
    assert user.api.asked == []


def test_the_registry_s_word_counts_not_the_engine_s(user: User, image: Image) -> None:
    """An engine that says it pushed, and did not, is found out."""
    (user.folder / "bin" / "docker").write_text(
        f'#!/bin/sh\ncase $1 in push) echo "digest: sha256:{"0" * 64}"; exit 0;; esac\nexec {CLIENT} "$@"\n'
    )
    assert "the registry now has nothing there" in user.refused(75, image.id)


def test_another_s_push_at_the_same_time_is_found_out(
    user: User, image: Image, docker_client: ContainerEngine
) -> None:
    """The digest of another image, which somebody else pushed under the tag meanwhile, is not printed."""
    other = made(docker_client)
    (user.folder / "bin" / "docker").write_text(
        f'#!/bin/sh\ncase $1 in push) {CLIENT} tag {other.id} "$2";; esac\nexec {CLIENT} "$@"\n'
    )
    assert "the registry now has another image there" in user.refused(75, image.id, "--tag", "raced")
