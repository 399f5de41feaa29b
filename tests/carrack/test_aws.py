"""The index is the one that was named, whatever the environment says; and every refusal is one sentence."""

from __future__ import annotations

import getpass
import gzip
import hashlib
import json
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from threading import Barrier
from typing import Any

import boto3
import botocore.session
import pytest
from botocore import exceptions as aws
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.stub import Stubber
from tests.carrack.local import index_at
from tests.carrack.web import Answer, Asked, Web

from carrack.adapters.aws import Connection
from carrack.adapters.aws_errors import MissingError, access_error
from carrack.adapters.aws_session import make_client, open_nobodys_session, open_session
from carrack.errors import IndexAccessError
from codeartifact_local.testing import LocalCodeArtifact

pytestmark = pytest.mark.usefixtures("aws_user")
REAL = index_at(None, owner="111122223333", region="eu-west-1")
DOMAIN = json.dumps({"domain": {"name": "carrack", "owner": "111122223333"}}).encode()


class Wire:
    """What would go to AWS, caught just before it is sent and answered with `body`."""

    def __init__(self, body: bytes = DOMAIN) -> None:
        self.sent: list[Any] = []
        self.body = body

    def __call__(self, request: Any, **_: Any) -> AWSResponse:
        """Answer one request."""
        self.sent.append(request)
        return AWSResponse(request.url, 200, HTTPHeaders(), _Raw(self.body))

    @property
    def origin(self) -> str:
        """Scheme and host of the last request."""
        return "/".join(self.sent[-1].url.split("/")[:3])

    @property
    def credential(self) -> str:
        """`KEY/DATE/REGION/SERVICE/…` of the last request's signature."""
        authorization = self.sent[-1].headers["Authorization"]
        return str(authorization.decode() if isinstance(authorization, bytes) else authorization).partition(
            "Credential="
        )[2]


class _Raw:
    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self) -> Iterator[bytes]:
        yield self.body


def catch(events: Any, service: str, wire: Wire) -> None:
    """Let `wire` answer for `service`."""
    events.register(f"before-send.{service}", wire)


def tapped(connection: Connection, body: bytes = DOMAIN) -> Wire:
    """Catch what `connection` sends."""
    wire = Wire(body)
    catch(connection.client.meta.events, "codeartifact", wire)
    return wire


AMBIENT = {
    "AWS_ENDPOINT_URL": "http://elsewhere.example.com",
    "AWS_ENDPOINT_URL_CODEARTIFACT": "http://elsewhere.example.com",
    "AWS_REGION": "ap-south-1",
    "AWS_DEFAULT_REGION": "ap-south-1",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_CONFIG_FILE": "[default]\nregion = ap-south-1\nendpoint_url = http://elsewhere.example.com\n"
    "use_dualstack_endpoint = true\nservices = s\n[services s]\ncodeartifact =\n"
    "  endpoint_url = http://elsewhere.example.com\n",
}


def set_ambient(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    """Put one of AMBIENT into the environment; the file's content into a file."""
    value = AMBIENT[name]
    if name == "AWS_CONFIG_FILE":
        (tmp_path / "config").write_text(value)
        value = str(tmp_path / "config")
    monkeypatch.setenv(name, value)


@pytest.mark.parametrize("name", AMBIENT)
@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        (None, "https://codeartifact.eu-west-1.amazonaws.com"),
        ("http://127.0.0.1:9", "http://127.0.0.1:9"),
    ],
)
def test_no_ambient_setting_switches_the_index(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, endpoint: str | None, origin: str
) -> None:
    """Region, endpoint and owner are the index's, on the wire and in the signature, whatever is set around it."""
    set_ambient(monkeypatch, tmp_path, name)
    wire = tapped(connection := Connection(index_at(endpoint, owner="111122223333", region="eu-west-1")))
    connection.call("describe_domain")
    assert wire.origin == origin
    assert wire.credential.split("/")[2:4] == ["eu-west-1", "codeartifact"]
    assert "domain=carrack" in wire.sent[-1].url
    assert "domain-owner=111122223333" in wire.sent[-1].url


# Without AWS_REGION, which the CLI reads and boto3 does not yet; sorted, so that each worker sees one order.
@pytest.mark.parametrize("name", sorted(AMBIENT.keys() - {"AWS_REGION"}))
def test_each_of_those_settings_does_switch_a_plain_client(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """The control: boto3 left alone goes elsewhere with every one of them."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    set_ambient(monkeypatch, tmp_path, name)
    client = boto3.Session().client("codeartifact")
    wire = Wire()
    catch(client.meta.events, "codeartifact", wire)
    client.describe_domain(domain="carrack")
    assert wire.origin != "https://codeartifact.eu-west-1.amazonaws.com"


def test_an_index_whose_variable_is_not_set_is_no_other_index() -> None:
    """With its address missing, nothing is asked of AWS itself; the error names the variable."""
    with pytest.raises(IndexAccessError, match="CODEARTIFACT_LOCAL_URL, which holds no http address"):
        Connection(index_at(None, unset_variable="CODEARTIFACT_LOCAL_URL")).call("describe_domain")


def write_config(home: Path, text: str) -> None:
    """Write `~/.aws/config`."""
    (home / ".aws").mkdir(exist_ok=True)
    (home / ".aws" / "config").write_text(text)


PROFILES = "[profile {}]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = s\nregion = ap-south-1\n"


def test_credentials_come_from_the_environment_unless_the_index_has_a_profile(
    aws_user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys in the environment, then AWS_PROFILE without keys, then the index's profile before both."""
    write_config(
        aws_user, PROFILES.format("ours") + PROFILES.format("theirs").replace("AKIAPROFILE", "AKIAOTHER")
    )
    keys = []
    for variables, profile in (
        ({}, None),
        ({"AWS_PROFILE": "theirs"}, "ours"),
        ({"AWS_PROFILE": "theirs"}, None),
    ):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        if variables and not profile:
            monkeypatch.delenv("AWS_ACCESS_KEY_ID")
            monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        fields = {} if profile is None else {"profile": profile}
        wire = tapped(connection := Connection(index_at(None, **fields)))
        connection.call("describe_domain")
        keys.append(wire.credential.split("/")[0])
    assert keys == ["AKIAENVIRONMENT", "AKIAPROFILE", "AKIAOTHER"]


# --- roles, MFA and the AWS CLI's cache ---

ROLE = (
    PROFILES.format("base")
    + "[profile role]\nrole_arn = arn:aws:iam::111122223333:role/release\nsource_profile = base\n"
)
MFA = "mfa_serial = arn:aws:iam::111122223333:mfa/ada\n"


def sts(asked: Asked) -> Answer:
    """Answer AssumeRole as STS does."""
    return Answer(
        200,
        b'<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
        b"<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey>"
        b"<SessionToken>role-session</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>"
        b"<AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/release/s</Arn>"
        b"<AssumedRoleId>AROA:s</AssumedRoleId></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>",
    )


def test_one_mfa_code_serves_every_verb_and_the_aws_cli(
    aws_user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The role's session is kept where the AWS CLI keeps its own: neither carrack nor `aws` asks a second time."""
    write_config(aws_user, ROLE + MFA)
    prompts: list[str] = []

    def type_the_code(prompt: str) -> str:
        prompts.append(prompt)
        return "123456"

    monkeypatch.setattr(getpass, "getpass", type_the_code)
    with Web(sts) as web:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", web.url)
        for may_prompt in (True, False):
            wire = tapped(connection := Connection(index_at(None, profile="role"), may_prompt=may_prompt))
            connection.call("describe_domain")
            assert wire.credential.startswith("ASIAROLE/")
        assert len(prompts) == 1
        with Web(lambda _: Answer(200, DOMAIN)) as service:
            subprocess.run(
                [Path(sys.executable).with_name("aws"), "codeartifact", "describe-domain",
                 "--domain", "carrack", "--region", "eu-west-1", "--profile", "role"],
                env={**os.environ, "AWS_ENDPOINT_URL_CODEARTIFACT": service.url},
                capture_output=True, check=True, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        assert "Credential=ASIAROLE/" in service.asked[0].headers["Authorization"]
        assert len(web.asked) == 1


def test_an_mfa_code_is_not_asked_for_where_nobody_can_type_it(
    aws_user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a terminal, or in CI, the error says that a code is needed and how to get on."""
    write_config(aws_user, ROLE + MFA)
    monkeypatch.setattr(getpass, "getpass", lambda text: pytest.fail("asked for a code"))
    with pytest.raises(IndexAccessError, match="needs an MFA code, and nobody is here") as caught:
        Connection(index_at(None, profile="role")).call("describe_domain")
    assert "aws sts get-caller-identity" in caught.value.hint


def test_a_home_that_cannot_be_written_costs_the_cache_only(
    aws_user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a file where the cache's folder should be, a role's credentials still work."""
    write_config(aws_user, ROLE)
    (aws_user / ".aws" / "cli").write_text("a file, not a folder")
    with Web(sts) as web:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", web.url)
        wire = tapped(connection := Connection(index_at(None, profile="role")))
        connection.call("describe_domain")
    assert wire.credential.startswith("ASIAROLE/")


SSO = (
    "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.example.com/start\n"
    "[profile dev]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Dev\n"
    "[profile release]\nrole_arn = arn:aws:iam::111122223333:role/release\nsource_profile = dev\n"
)


@pytest.mark.parametrize(("profile", "login"), [("dev", "dev"), ("release", "dev")])
def test_a_missing_sso_login_names_the_command_that_signs_in(
    aws_user: Path, profile: str, login: str
) -> None:
    """The command has the profile that holds the SSO login, at the end of the chain of roles."""
    write_config(aws_user, SSO)
    with pytest.raises(IndexAccessError, match="SSO login is missing or has expired") as caught:
        Connection(index_at(None, profile=profile)).call("describe_domain")
    assert caught.value.hint == f"aws sso login --profile {login}"


def test_an_expired_sso_login_from_aws_profile_names_that_profile(
    aws_user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the index has no profile, the one in AWS_PROFILE is named."""
    write_config(aws_user, SSO)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_PROFILE", "dev")
    cache = aws_user / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    expired = {"accessToken": "t", "expiresAt": "2020-01-01T00:00:00Z", "region": "eu-west-1"}
    (cache / f"{hashlib.sha1(b'corp').hexdigest()}.json").write_text(json.dumps(expired))  # noqa: S324
    with pytest.raises(IndexAccessError) as caught:
        Connection(index_at(None)).call("describe_domain")
    assert caught.value.hint == "aws sso login --profile dev"


# --- what the client says ---


def refused(connection: Connection) -> IndexAccessError:
    """The error of one call."""
    with pytest.raises(IndexAccessError) as caught:
        connection.call("describe_domain")
    return caught.value


def test_no_credentials_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Says so, and how to get some."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    error = refused(Connection(REAL))
    assert str(error) == "index test: no AWS credentials were found"
    assert "aws configure sso" in error.hint


def test_half_of_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Says which half is missing."""
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "missing: AWS_SECRET_ACCESS_KEY" in refused(Connection(REAL)).message


@pytest.mark.parametrize("named_in", ["pyproject.toml", "AWS_PROFILE"])
def test_an_unknown_profile(monkeypatch: pytest.MonkeyPatch, named_in: str) -> None:
    """Says which, and where it is named."""
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    fields = {"profile": "nobody"} if named_in == "pyproject.toml" else {}
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    error = refused(Connection(index_at(None, **fields)))
    assert "no AWS profile 'nobody'" in error.message
    assert named_in in error.message


def test_a_region_that_is_none() -> None:
    """Says that the region is wrong and where it stands."""
    error = refused(Connection(index_at(None, region="not a region")))
    assert error.message == "'not a region' is not an AWS region"
    assert "pyproject.toml" in error.hint


def test_a_configuration_file_that_is_none(aws_user: Path) -> None:
    """Names the file."""
    write_config(aws_user, "[profile\n")
    assert str(aws_user / ".aws" / "config") in refused(Connection(REAL)).message


def test_a_local_index_that_is_not_running() -> None:
    """Names the address at which nothing answers."""
    error = refused(Connection(index_at("http://127.0.0.1:9")))
    assert error.message == "nothing answers at http://127.0.0.1:9"


def tls_error(cause: Exception) -> aws.SSLError:
    """As botocore raises it."""
    error = aws.SSLError(endpoint_url="https://a.example.com", error=cause)
    error.__context__ = cause
    return error


CLIENT_SIDE: list[tuple[Exception, str, str]] = [
    (aws.UnauthorizedSSOTokenError(), "SSO login is missing or has expired", "aws sso login --profile P"),
    (aws.TokenRetrievalError(provider="sso", error_msg="expired"), "SSO login", "aws sso login --profile P"),
    (aws.LoginRefreshRequired(), "AWS login is missing or has expired", "aws login --profile P"),
    (aws.RefreshWithMFAUnsupportedError(), "needs an MFA code", "same command again"),
    (
        aws.CredentialRetrievalError(provider="custom-process", error_msg="exit 3\nmore"),
        "exit 3",
        "~/.aws/config",
    ),
    (aws.EndpointConnectionError(endpoint_url="https://a.example.com/x?y"), "a.example.com cannot", "region"),
    (
        aws.ConnectTimeoutError(endpoint_url="https://a.example.com/x"),
        "a.example.com cannot be",
        "HTTPS_PROXY",
    ),
    (aws.ReadTimeoutError(endpoint_url="https://a.example.com/x"), "a.example.com cannot", "HTTPS_PROXY"),
    (
        aws.ConnectionClosedError(endpoint_url="https://a.example.com/x"),
        "a.example.com cannot",
        "HTTPS_PROXY",
    ),
    (
        aws.ProxyConnectionError(proxy_url="http://u:p@proxy.example.com"),
        "proxy cannot be reached",
        "HTTPS_PROXY",
    ),
    (tls_error(ssl.SSLCertVerificationError("self-signed")), "not trusted", "AWS_CA_BUNDLE"),
    (tls_error(ssl.SSLEOFError("EOF occurred")), "a.example.com cannot", "HTTPS_PROXY"),
    (aws.IncompleteReadError(actual_bytes=1, expected_bytes=2), "broke off", "same command again"),
    (aws.BotoCoreError(), "the AWS client failed: An unspecified error occurred", ""),
]


@pytest.mark.parametrize(("error", "sentence", "hint"), CLIENT_SIDE, ids=lambda value: type(value).__name__)
def test_every_fault_of_the_client_is_one_sentence_with_the_next_command(
    error: Exception, sentence: str, hint: str
) -> None:
    """No exception of botocore gets out as it is, and no password of a proxy with it."""
    told = access_error(REAL, error, lambda verb: f"aws {verb} --profile P")
    assert sentence in told.message
    assert "\n" not in told.message
    assert "u:p" not in told.message
    assert hint in told.hint


def test_an_answer_that_breaks_off_is_asked_for_again(server: LocalCodeArtifact) -> None:
    """Botocore takes half an answer for an empty one; here it is none."""
    server.create("carrack", "prod")
    server.faults.cut("ListRepositoriesInDomain", times=2)
    found = Connection(index_at(server.url)).pages("list_repositories_in_domain", "repositories")
    assert {one["name"] for one in found} == {"prod", "pypi-store"}


def test_answers_that_go_on_to_break_off_are_one_sentence(server: LocalCodeArtifact) -> None:
    """As other faults of the network are; never an empty index."""
    server.create("carrack", "prod")
    server.faults.cut("DescribeDomain", times=None)
    error = refused(Connection(index_at(server.url)))
    assert error.message == "the service's answer broke off in its middle"
    assert error.hint == "run the same command again"


# --- what the service says ---


@cache
def stubbed() -> Connection:
    """A connection that sends nothing; one for all, since a client takes a quarter of a second to make."""
    return Connection(REAL)


CLOCK = "Signature expired: 20261124T000000Z is now earlier than 20261124T010000Z"
REFUSALS = [
    (
        "AccessDeniedException",
        "User: arn:x is not authorized",
        403,
        "may not do that: User: arn:x",
        "permission",
    ),
    ("ExpiredTokenException", "The security token is expired", 403, "credentials have expired", "sign in"),
    (
        "UnrecognizedClientException",
        "The token is invalid",
        403,
        "does not know these credentials",
        "sign in",
    ),
    ("InvalidSignatureException", "does not match", 403, "refuses these credentials", "sign in"),
    ("InvalidSignatureException", CLOCK, 403, "clock is wrong", "set this machine's clock"),
    ("RequestTimeTooSkewed", "too large", 403, "clock is wrong", "set this machine's clock"),
    ("OptInRequired", "", 403, "has not enabled region eu-west-1", "pyproject.toml"),
    ("ThrottlingException", "Rate exceeded", 429, "asked too often: Rate exceeded", "in a minute"),
    ("InternalServerException", "oops", 500, "the service failed: oops", "in a minute"),
    ("ServiceQuotaExceededException", "10 domains", 402, "quota of the account is used up", "Service Quotas"),
    (
        "ValidationException",
        "bad name",
        400,
        "DescribeDomain was refused with ValidationException: bad name",
        "",
    ),
]


@pytest.mark.parametrize(("code", "text", "status", "sentence", "hint"), REFUSALS)
def test_every_refusal_of_the_service_is_one_sentence_with_the_next_command(
    code: str, text: str, status: int, sentence: str, hint: str
) -> None:
    """Whatever its code; AWS's own words are in it where they say more."""
    connection = stubbed()
    with Stubber(connection.client) as stub:
        stub.add_client_error("describe_domain", code, text, status)
        error = refused(connection)
    assert sentence in error.message
    assert hint in error.hint
    assert error.address == "index test"


@pytest.mark.parametrize(
    ("kind", "text", "known", "hint"),
    [
        ("domain", "Domain not found.", "domain", "carrack index create --to test"),
        ("repository", "Repository not found.", "repository", "carrack index create --to test"),
        ("", "Repository not found.", "repository", "carrack index create --to test"),
        ("package", "Package not found in repository.", "package", ""),
    ],
)
def test_what_is_not_there_is_told_apart(kind: str, text: str, known: str, hint: str) -> None:
    """A missing domain or repository names the verb that makes it; its kind is known even if AWS leaves it out."""
    connection = stubbed()
    with Stubber(connection.client) as stub:
        fields = {"message": text, **({"resourceType": kind} if kind else {})}
        stub.add_client_error(
            "describe_domain", "ResourceNotFoundException", text, 404, modeled_fields=fields
        )
        with pytest.raises(MissingError) as caught:
            connection.call("describe_domain")
    assert (caught.value.kind, caught.value.hint) == (known, hint)


# --- domains of other accounts ---

CALLER = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    "<Account>{}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)


def creating(account: str) -> tuple[Connection, Wire, Wire]:
    """A connection to REAL with credentials of `account`, and what goes to STS and to CodeArtifact."""
    connection = Connection(REAL)
    callers, wire = Wire(CALLER.format(account).encode()), tapped(connection)
    catch(connection._session.events, "sts", callers)
    return connection, callers, wire


def test_a_domain_is_not_created_in_another_account() -> None:
    """CreateDomain takes no owner, so STS is asked first whose credentials these are."""
    connection, _, wire = creating("999999999999")
    with pytest.raises(IndexAccessError, match="these credentials are of 999999999999") as caught:
        connection.create_domain()
    assert wire.sent == []
    assert "111122223333" in caught.value.hint


def test_a_domain_is_created_in_the_account_of_its_owner() -> None:
    """With the owner's credentials it is; STS is asked in the index's region."""
    connection, callers, wire = creating("111122223333")
    connection.create_domain()
    assert callers.origin == "https://sts.eu-west-1.amazonaws.com"
    assert len(wire.sent) == 1


def test_a_domain_in_another_account_is_told_where_there_is_no_sts(server: LocalCodeArtifact) -> None:
    """An endpoint of another kind is believed about the owner; the error says what was created."""
    connection = Connection(index_at(server.url, owner="111122223333"))
    with pytest.raises(IndexAccessError, match="these credentials are of 000000000000") as caught:
        connection.create_domain()
    assert caught.value.done == "domain carrack is created in that account"


def test_threads_share_one_client() -> None:
    """However many ask first at once: credentials are looked up, and a code is asked for, one time."""
    connection, together = Connection(REAL), Barrier(8)

    def client(_: int) -> int:
        together.wait()
        return id(connection.client)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(client, range(8)))) == 1


# --- proxies and certificates ---


def test_a_proxy_of_the_environment_is_used_and_no_proxy_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY gets the request for a host outside, and NO_PROXY takes a host out of it."""
    for name in ("NO_PROXY", "no_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    with Web(lambda _: Answer(200, DOMAIN)) as proxy, Web(lambda _: Answer(200, DOMAIN)) as direct:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        Connection(index_at("http://index.example.com")).call("describe_domain")
        assert [asked.target.split("?")[0] for asked in proxy.asked] == ["http://index.example.com/v1/domain"]
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        Connection(index_at(direct.url)).call("describe_domain")
        assert (len(proxy.asked), len(direct.asked)) == (1, 1)


@pytest.fixture
def encrypted(certificate: Path) -> Iterator[Web]:
    """A CodeArtifact behind that certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with Web(lambda _: Answer(200, DOMAIN), tls=context) as web:
        yield web


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_certificates_of_the_environment_are_trusted(
    monkeypatch: pytest.MonkeyPatch, encrypted: Web, certificate: Path, variable: str
) -> None:
    """Either variable makes boto3 trust the organisation's own; without one the error names the variable."""
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    error = refused(Connection(index_at(encrypted.url)))
    assert "certificate is not trusted" in error.message
    assert "AWS_CA_BUNDLE" in error.hint
    monkeypatch.setenv(variable, str(certificate / "cert.pem"))
    Connection(index_at(encrypted.url)).call("describe_domain")


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models that the user has beside botocore's: a later CodeArtifact, and a folder that is no service."""
    (where,) = Path(botocore.__file__).parent.glob("data/codeartifact/*")
    later = tmp_path / "models" / "codeartifact" / "2099-01-01"
    shutil.copytree(where, later)
    model = json.loads(gzip.decompress((later / "service-2.json.gz").read_bytes()))
    model["metadata"]["apiVersion"] = "2099-01-01"
    (later / "service-2.json").write_text(json.dumps(model))
    (later / "service-2.json.gz").unlink()
    (tmp_path / "models" / "nothing").mkdir()
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path / "models"))
    return later


def test_services_are_described_where_botocore_finds_them(newer: Path) -> None:
    """Also in the user's own folders, the latest of them; the control is a session of botocore's own."""
    index = index_at("http://127.0.0.1:1")
    plain = botocore.session.Session().get_service_model("codeartifact")
    assert plain.api_version == newer.name
    for session in (open_nobodys_session(index), open_session(index, may_prompt=False)):
        client = make_client(session, "codeartifact", index.endpoint)
        assert client.meta.service_model.api_version == newer.name
        assert client.meta.region_name == index.region
    for unknown in ("nothing", "nowhere"):
        with pytest.raises(aws.DataNotFoundError):
            make_client(open_nobodys_session(index), unknown)
