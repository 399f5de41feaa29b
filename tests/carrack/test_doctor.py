"""`carrack doctor`: all is well, or one thing is not; each check has something that makes it warn or fail."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from tests.carrack.local import Shell, index_at, shell, upload
from tests.carrack.repositories import Repository, repository
from tests.carrack.test_aws import Wire, catch
from tests.carrack.web import Answer, Web
from tests.carrack.wheels import make_wheel

from carrack.adapters.aws import Connection
from carrack.adapters.pip_settings import PipSettings
from carrack.adapters.probe import private_network
from carrack.adapters.service_probe import CodeArtifactProbe
from carrack.errors import IndexAccessError
from carrack.model import diagnosis, surroundings
from carrack.model.access import Access, Token
from carrack.model.controls import TOOLKIT
from carrack.model.diagnosis import Answered, Identity, Verdict
from carrack.model.surroundings import DockerFacts
from codeartifact_local.testing import LocalCodeArtifact

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SETTINGS_OF_OTHERS = ("PIP_", "UV_", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")


@dataclass(frozen=True)
class Ward:
    """A workspace in a git repository whose index is ready, and a user without settings."""

    carrack: Shell
    repo: Repository
    server: LocalCodeArtifact

    def checks(self, **extra: str) -> dict[str, dict[str, str]]:
        """What `doctor --json` finds, by the check's name; its exit code is that of the worst."""
        done = self.carrack("doctor", "--json", **extra)
        assert "Traceback" not in done.stderr
        found = {check["check"]: check for check in json.loads(done.stdout)}
        failed = any(check["verdict"] == "fail" for check in found.values())
        assert done.returncode == (78 if failed else 0), done.stderr
        return found

    @property
    def home(self) -> Path:
        """The user's."""
        return Path(self.carrack.environ["HOME"])


@pytest.fixture
def ward(tmp_path: Path, server: LocalCodeArtifact) -> Ward:
    """Give one where nothing is wrong."""
    repo = repository(tmp_path / "workspace")
    carrack = shell(tmp_path, server)
    repo.commit()
    environ = {k: v for k, v in carrack.environ.items() if not k.startswith(SETTINGS_OF_OTHERS)}
    carrack = replace(carrack, environ={**environ, "PIP_CONFIG_FILE": os.devnull})
    server.create("carrack", "prod", "staging")
    for where, name in product(("pypi-store", "prod"), ("alpha", *TOOLKIT)):
        server.client().put_package_origin_configuration(
            domain="carrack", repository=where, format="pypi", package=name,
            restrictions={"publish": "ALLOW", "upstream": "BLOCK"},
        )  # fmt: skip
    return Ward(carrack, repo, server)


def test_where_all_is_well_nothing_fails(ward: Ward) -> None:
    """Every check is there and ok; Docker may be missing. The plain form has the same lines."""
    upload(ward.server, make_wheel(ward.home, "alpha", "1.0"))
    found = ward.checks()
    assert list(found) == [
        *("python", "git", "docker", "proxies", "pip", "region", "control plane", "clock", "credentials"),
        *("permissions", "index", "token", "endpoint", "files"),
    ]
    assert {name for name, check in found.items() if check["verdict"] != "ok"} <= {"docker"}
    assert found["files"]["said"] == "alpha-1.0-py3-none-any.whl comes from the endpoint itself"
    assert "names in repository prod closed to upstream: alpha" in found["index"]["said"]
    shown = ward.carrack("doctor")
    assert "ok    clock          the service's\n" in shown.stdout
    assert shown.returncode == 0


def behind(ward: Ward, seconds: float) -> dict[str, str]:
    """The environment after the service's clock was moved ahead."""
    ward.server.clock.advance(seconds)
    return {}


def denied(operation: str, status: int = 403) -> Callable[[Ward], dict[str, str]]:
    """Let the service answer an operation so from now on."""

    def make(ward: Ward) -> dict[str, str]:
        ward.server.faults.fail(operation, times=None, status=status)
        return {}

    return make


def without_repository(ward: Ward) -> dict[str, str]:
    """Take the index's repository away."""
    ward.server.client().delete_repository(domain="carrack", repository="prod")
    return {}


def without_upstream(ward: Ward) -> dict[str, str]:
    """Take its store away."""
    ward.server.client().update_repository(domain="carrack", repository="prod", upstreams=[])
    return {}


def with_an_open_name(ward: Ward) -> dict[str, str]:
    """Let the public index feed alpha."""
    ward.server.client().put_package_origin_configuration(
        domain="carrack", repository="prod", format="pypi", package="alpha",
        restrictions={"publish": "ALLOW", "upstream": "ALLOW"},
    )  # fmt: skip
    return {}


def without_keys(ward: Ward) -> dict[str, str]:
    """An environment without credentials."""
    return {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}


def with_a_package(ward: Ward) -> dict[str, str]:
    """Downloads are refused from now on."""
    upload(ward.server, make_wheel(ward.home, "alpha", "1.0"))
    ward.server.faults.fail("download", times=None, status=403)
    return {}


def shallow(ward: Ward) -> dict[str, str]:
    """Make the workspace's repository a shallow clone."""
    ward.repo.commit({"more": "x"})
    (ward.repo.root / ".git" / "shallow").write_text(ward.repo.git("rev-parse", "HEAD") + "\n")
    return {}


def without_git_folder(ward: Ward) -> dict[str, str]:
    """As when the files were copied."""
    shutil.rmtree(ward.repo.root / ".git")
    return {}


def pip_conf(text: str) -> Callable[[Ward], dict[str, str]]:
    """Write the user's own pip.conf, which pip reads beside the machine's."""

    def write(ward: Ward) -> dict[str, str]:
        file = ward.home / ".config" / "pip" / "pip.conf"
        file.parent.mkdir(parents=True)
        file.write_text(text)
        return {"PIP_CONFIG_FILE": ""}

    return write


def variables(**environ: str) -> Callable[[Ward], dict[str, str]]:
    """Only these."""
    return lambda ward: environ


def with_aws_config(text: str) -> Callable[[Ward], dict[str, str]]:
    """Write the user's own AWS configuration."""

    def write(ward: Ward) -> dict[str, str]:
        file = ward.home / "aws-config"
        file.write_text(text)
        return {"AWS_CONFIG_FILE": str(file)}

    return write


def with_a_dead_repository_endpoint(ward: Ward) -> dict[str, str]:
    """Files are asked for at a port where nobody listens; the control plane answers."""
    manifest = ward.carrack.workspace / "pyproject.toml"
    with Web() as web:
        key = f'[tool.carrack.indexes.prod]\nrepository-endpoint = "{web.url}"'
    manifest.write_text(manifest.read_text().replace("[tool.carrack.indexes.prod]", key))
    return {}


def without_domain(ward: Ward) -> dict[str, str]:
    """Take everything away."""
    for name in ("prod", "staging", "pypi-store"):
        ward.server.client().delete_repository(domain="carrack", repository=name)
    ward.server.client().delete_domain(domain="carrack")
    return {}


def at_a_dead_port(ward: Ward) -> dict[str, str]:
    """An address where nobody listens."""
    with Web() as web:
        return {"CODEARTIFACT_LOCAL_URL": web.url}


@pytest.mark.parametrize(
    ("name", "verdict", "trouble", "said"),
    [
        ("clock", "ok", lambda ward: behind(ward, 30), "behind the service's"),
        ("clock", "warn", lambda ward: behind(ward, 120), "behind the service's"),
        ("clock", "fail", lambda ward: behind(ward, 600), "behind the service's"),
        ("control plane", "fail", at_a_dead_port, "cannot be reached: no connection"),
        ("control plane", "fail", denied("*", 500), "answers 500"),
        ("control plane", "fail", variables(CODEARTIFACT_LOCAL_URL=""), "CODEARTIFACT_LOCAL_URL"),
        (
            "control plane", "fail",
            variables(CODEARTIFACT_LOCAL_URL="https://127.0.0.1:9", REQUESTS_CA_BUNDLE="/nonexistent.pem"),
            "invalid path: /nonexistent.pem",
        ),
        ("credentials", "fail", without_keys, "no AWS credentials were found"),
        ("credentials", "fail", variables(AWS_SECRET_ACCESS_KEY=""), "the AWS credentials are incomplete"),
        ("credentials", "fail", variables(AWS_PROFILE="nope"), "there is no AWS profile 'nope'"),
        ("credentials", "fail", with_aws_config("no section ["), "the AWS configuration cannot be read"),
        ("permissions", "fail", denied("ListPackageVersions"), "denied: ListPackageVersions"),
        ("permissions", "fail", denied("GetPackageVersionAsset"), "denied: GetPackageVersionAsset"),
        ("permissions", "warn", denied("DescribeDomain"), "denied: DescribeDomain, which installing"),
        ("index", "fail", without_repository, "missing: create repository prod"),
        ("index", "fail", without_domain, "missing: create domain carrack"),
        ("index", "fail", without_upstream, "missing: add upstream pypi-store to repository prod"),
        ("index", "warn", with_an_open_name, "a stranger can feed: close name alpha"),
        ("index", "warn", denied("DescribeRepository"), "cannot be seen"),
        ("token", "fail", denied("GetAuthorizationToken"), "may not do that"),
        ("token", "fail", variables(CODEARTIFACT_AUTH_TOKEN="two words"), "is not a token"),
        ("endpoint", "fail", denied("index", 401), "refused with 401"),
        ("endpoint", "fail", denied("index", 500), "answers 500"),
        ("endpoint", "fail", with_a_dead_repository_endpoint, "/simple/ cannot be reached: no connection"),
        ("endpoint", "fail", variables(CODEARTIFACT_AUTH_TOKEN="another-one"), "was refused"),
        ("files", "fail", with_a_package, "answers 403"),
        ("git", "warn", shallow, "shallow clone"),
        ("git", "fail", without_git_folder, "builds are made from commits"),
        ("pip", "warn", pip_conf("[install]\nextra-index-url = https://x.example/simple\n"), "dependency confusion"),
        ("pip", "warn", pip_conf("[install]\nfind-links = /wheels\n"), "install.find-links adds files"),
        ("pip", "warn", pip_conf("[install]\ntrusted-host = x.example\n"), "switches certificates off"),
        ("pip", "warn", pip_conf("[install]\nindex-url = https://aws:tok3n@x.example/\n"), "password or token"),
        ("pip", "warn", variables(PIP_EXTRA_INDEX_URL="https://x.example"), "PIP_EXTRA_INDEX_URL lets any of two"),
        ("pip", "fail", pip_conf("no section\n"), "cannot read its configuration"),
        ("proxies", "warn", variables(HTTPS_PROXY="http://a:1", https_proxy="http://b:1"), "different things"),
        ("proxies", "warn", variables(HTTPS_PROXY="a.example"), "no address with a scheme"),
        ("proxies", "warn", variables(HTTPS_PROXY="socks5://a.example:1080"), "the AWS SDK cannot use"),
        ("proxies", "warn", variables(ALL_PROXY="http://a.example:3128"), "the AWS SDK does not read"),
        ("docker", "warn", variables(DOCKER_HOST="unix:///nonexistent.sock"), "only images need it"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_and_said_with_what_to_do(
    ward: Ward, name: str, verdict: str, trouble: Callable[[Ward], dict[str, str]], said: str
) -> None:
    """The one check changes; a warning exits with 0, a failure with 78; no secret is shown."""
    found = ward.checks(**trouble(ward))[name]
    assert (found["verdict"], said in found["said"]) == (verdict, True), found
    assert bool(found["remedy"]) == (verdict != "ok")
    assert "tok3n" not in json.dumps(found)


@pytest.mark.parametrize(
    "without",
    [without_keys, variables(AWS_SECRET_ACCESS_KEY=""), variables(AWS_PROFILE="nope"), with_aws_config("[")],
)
def test_what_stands_behind_a_failure_is_not_called_ok(
    ward: Ward, without: Callable[[Ward], dict[str, str]]
) -> None:
    """Nor is it blamed: it was not looked at, and the cause is named. What needs no credentials is looked at."""
    found = ward.checks(**without(ward))
    assert {found[name]["verdict"] for name in ("region", "control plane", "clock")} == {"ok"}
    behind = [found[name] for name in ("permissions", "index", "token", "endpoint", "files")]
    assert {(check["verdict"], check["said"]) for check in behind} == {
        ("warn", "not looked at, since credentials fails")
    }


def test_programs_that_are_not_there_are_missed(ward: Ward, tmp_path: Path) -> None:
    """Without git nothing can be released; without Docker only images cannot be built."""
    found = ward.checks(PATH=str(tmp_path))
    assert (found["git"]["verdict"], found["git"]["said"]) == ("fail", "git is not on PATH")
    assert (found["docker"]["verdict"], "not on PATH" in found["docker"]["said"]) == ("warn", True)


def test_a_git_of_long_ago_is_told(ward: Ward, tmp_path: Path) -> None:
    """By what it says of itself."""
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 1.8.3.1\n")
    old.chmod(old.stat().st_mode | stat.S_IXUSR)
    found = ward.checks(PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert (found["git"]["verdict"], found["git"]["said"]) == ("fail", "1.8.3.1 is too old")


# --- what a local index cannot show ---


def test_on_aws_sts_says_whose_credentials_these_are(aws_user: Path) -> None:
    """Account and ARN; that the domain is another account's is said, and no fault."""
    connection = Connection(index_at(None))
    catch(
        connection._session.events,
        "sts",
        Wire(
            b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            b"<GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/ada</Arn><UserId>AIDA</UserId>"
            b"<Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
        ),
    )
    identity = connection.identity()
    assert identity == Identity(
        source="env", account="111122223333", arn="arn:aws:iam::111122223333:user/ada"
    )
    said = diagnosis.credentials(identity, connection.index).said
    assert said == "arn:aws:iam::111122223333:user/ada, from env; the domain is account 000000000000's"
    ours = diagnosis.credentials(identity, index_at(None, owner="111122223333"))
    assert ours.said == "arn:aws:iam::111122223333:user/ada, from env"


def test_a_region_without_the_service_is_a_warning(aws_user: Path) -> None:
    """The installed SDK knows its regions; a table can be old, so that it is no failure."""
    known = CodeArtifactProbe(Connection(index_at(None))).regions()
    assert diagnosis.region(index_at(None, region="eu-west-1"), known).verdict is Verdict.OK
    assert diagnosis.region(index_at(None, region="eu-nowhere-9"), known).verdict is Verdict.WARN


def test_an_answer_without_a_date_says_nothing_of_the_clock() -> None:
    """It is a warning; a clock ahead is told from one behind."""
    answered = Answered(address="https://x", status=403, there=None, here=NOON)
    assert diagnosis.clock(answered).verdict is Verdict.WARN
    ahead = diagnosis.clock(replace(answered, there=NOON - timedelta(minutes=5)))
    assert (ahead.verdict, ahead.said) == (Verdict.FAIL, "300 s ahead of the service's")


@pytest.mark.parametrize(
    ("left", "variable", "verdict"),
    [
        (timedelta(hours=1), "V", Verdict.OK),
        (timedelta(minutes=14), "V", Verdict.WARN),
        (timedelta(0), "V", Verdict.FAIL),
        (timedelta(minutes=14), None, Verdict.OK),
    ],
)
def test_a_token_of_the_user_s_must_last(left: timedelta, variable: str | None, verdict: Verdict) -> None:
    """One that was asked for now is short on purpose; one in a variable may be about to expire."""
    token = Token(value="t", expires=NOON + left, variable=variable)
    assert diagnosis.token(token, NOON).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (DockerFacts(client="28.2.2", engine="28.2.2", buildx=True), Verdict.OK),
        (DockerFacts(client="28.2.2", engine="28.2.2"), Verdict.WARN),
        (DockerFacts(client="20.10.24+dfsg1", engine="20.10.24+dfsg1"), Verdict.OK),
        (DockerFacts(client="28.2.2"), Verdict.WARN),
    ],
)
def test_docker_wants_an_engine_and_buildkit(facts: DockerFacts, verdict: Verdict) -> None:
    """Clients before 23 have BuildKit in them, newer ones as a plugin."""
    assert surroundings.docker(facts).verdict is verdict


def test_a_python_without_a_lock_is_a_warning() -> None:
    """The apps' pythons say which have one."""
    assert surroundings.python("3.12.1", {"app": ("3.11", "3.12")}).verdict is Verdict.OK
    other = surroundings.python("3.14.0", {"app": ("3.11", "3.12")})
    assert (other.verdict, "app has no lock" in other.said) == (Verdict.WARN, True)


@pytest.mark.parametrize(
    ("environ", "verdict"),
    [
        ({}, Verdict.OK),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "127.0.0.1"}, Verdict.OK),
        ({"HTTPS_PROXY": "http://proxy:3128"}, Verdict.WARN),
        ({"https_proxy": "http://proxy:3128", "no_proxy": "*"}, Verdict.OK),
    ],
)
def test_a_local_index_is_not_behind_a_proxy(environ: dict[str, str], verdict: Verdict) -> None:
    """NO_PROXY names it where there is a proxy, in either spelling."""
    assert surroundings.proxies(environ, "127.0.0.1").verdict is verdict


def test_the_aws_sdk_does_as_the_warnings_about_proxies_say(
    aws_user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads HTTP_PROXY and no ALL_PROXY, and speaks no SOCKS: the server is reached the first two times only."""
    for name in ("HTTP_PROXY", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with Web(lambda asked: Answer(200, b'{"domain": {}}')) as web:
        monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
        Connection(index_at(web.url)).call("describe_domain")
        monkeypatch.setenv("HTTP_PROXY", web.url)
        Connection(index_at("http://index.example.com")).call("describe_domain")
        monkeypatch.setenv("HTTP_PROXY", web.url.replace("http:", "socks5:"))
        with pytest.raises(IndexAccessError, match="the proxy cannot be reached"):
            Connection(index_at("http://index.example.com")).call("describe_domain")
        assert [asked.target.split("/v1")[0] for asked in web.asked] == ["", "http://index.example.com"]


@pytest.mark.parametrize(
    ("address", "needed"),
    [
        ("https://codeartifact.eu-west-1.amazonaws.com", "; a private network needs the VPC endpoint "),
        (
            "https://acme-111122223333.d.codeartifact.eu-west-1.amazonaws.com/pypi/",
            "; a private network needs ",
        ),
        ("https://vpce-1.codeartifact.api.eu-west-1.vpce.amazonaws.com", ""),
        ("http://127.0.0.1:4321/", ""),
    ],
)
def test_an_address_of_aws_that_is_not_reached_may_want_a_vpc_endpoint(address: str, needed: str) -> None:
    """It is named with its region; one that is a VPC endpoint's already, or is no address of AWS, wants none."""
    hint = private_network(address, "eu-west-1", "codeartifact.api")
    assert hint.startswith(needed)
    assert hint.endswith("com.amazonaws.eu-west-1.codeartifact.api") == bool(needed)


def test_a_proxy_s_password_is_not_shown() -> None:
    """Only its host is."""
    said = surroundings.proxies({"HTTPS_PROXY": "http://ada:s3cret@proxy.example:3128"}, None).said
    assert said == "HTTPS_PROXY proxy.example"


def test_files_that_come_from_another_host_are_followed_there(aws_user: Path) -> None:
    """The host is named where it answers, and named too where it does not."""
    page = b'{"files": [{"filename": "alpha.whl", "url": "alpha.whl"}]}'
    with Web(lambda asked: Answer(200, b"bytes")) as store:
        location = {"Location": f"{store.url}/bucket/alpha.whl"}
        simple = "/simple/alpha/"
        with Web(
            lambda asked: Answer(200, page) if asked.target == simple else Answer(302, b"", location)
        ) as web:
            access = Access(index=index_at(web.url), repository_url=f"{web.url}/", token=Token(value="t"))
            probe = CodeArtifactProbe(Connection(access.index), PipSettings())
            delivery = probe.deliver(access, "alpha")  # type: ignore[arg-type]
            assert delivery is not None
            assert delivery.elsewhere == store.url.removeprefix("http://")
            location["Location"] = "http://127.0.0.1:9/bucket/alpha.whl"
            with pytest.raises(
                IndexAccessError, match=r"cannot be downloaded from 127\.0\.0\.1:9: no connection"
            ):
                probe.deliver(access, "alpha")  # type: ignore[arg-type]
