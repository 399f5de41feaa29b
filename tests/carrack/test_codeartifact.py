"""What an index holds is read as it is; the way in is opened without the token showing anywhere."""

from __future__ import annotations

import base64
import json
import logging
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore.stub import Stubber
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version
from tests.carrack.local import index_at, upload
from tests.carrack.web import Answer, Web
from tests.carrack.wheels import make_wheel

from carrack.adapters.aws import Connection
from carrack.adapters.aws_errors import MissingError
from carrack.adapters.codeartifact import CodeArtifactReader
from carrack.adapters.gate import CodeArtifactGate, expiry
from carrack.adapters.hashing import describe
from carrack.adapters.pip_settings import PipSettings
from carrack.adapters.probe import probe
from carrack.adapters.session import open_session
from carrack.errors import IndexAccessError, UsageError
from carrack.model.access import Access, Token
from codeartifact_local.testing import LocalCodeArtifact

pytestmark = pytest.mark.usefixtures("aws_user")
ALPHA = canonicalize_name("alpha-one")
BETA = canonicalize_name("beta")
ONE, TWO = Version("1.0"), Version("2.0")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of alpha-one 1.0."""
    return make_wheel(tmp_path_factory.mktemp("alpha"), "alpha-one", "1.0")


@pytest.fixture(scope="module")
def filled(shared_server: LocalCodeArtifact, wheel: Path) -> LocalCodeArtifact:
    """The shared server with alpha-one 1.0 and 2.0 on `prod`, and beta on `staging` only."""
    upload(shared_server, make_wheel(wheel.parent, "alpha-one", "2.0"))
    upload(shared_server, wheel)
    upload(shared_server, make_wheel(wheel.parent, "beta", "1.0"), "staging")
    return shared_server


@pytest.fixture
def reader(filled: LocalCodeArtifact) -> CodeArtifactReader:
    """A reader of `prod`."""
    return CodeArtifactReader(Connection(index_at(filled.url)))


def test_the_state_has_all_versions_and_the_files_of_the_wanted_one(
    reader: CodeArtifactReader, wheel: Path
) -> None:
    """Versions come in order; a file has the index's name, sha256 and size."""
    package = reader.state({ALPHA: ONE, BETA: ONE})[ALPHA]
    assert package.versions == (ONE, TWO)
    assert package.current is not None
    assert (package.current.version, package.current.status) == (ONE, "Published")
    assert package.current.revision
    assert package.current.files == (describe(wheel),)


def test_a_package_takes_two_requests_and_one_where_the_version_is_not_there(
    filled: LocalCodeArtifact,
) -> None:
    """What versions there are, and what files the wanted one has."""
    connection, sent = Connection(index_at(filled.url)), list[str]()
    connection.client.meta.events.register("before-send", lambda request, **_: sent.append(request.url))
    CodeArtifactReader(connection).state({ALPHA: ONE, BETA: ONE})
    asked = [(url.split("?")[0].rpartition("/v1/")[2], f"package={ALPHA}&" in url) for url in sent]
    assert sorted(asked) == [
        ("package/version/assets", True),
        ("package/versions", False),
        ("package/versions", True),
    ]


def test_a_package_that_the_repository_does_not_hold_is_no_error(reader: CodeArtifactReader) -> None:
    """It has no versions: neither where nobody knows it, nor where only another repository of the domain does."""
    state = reader.state({BETA: ONE, canonicalize_name("gamma"): ONE})
    assert [package.versions for package in state.packages.values()] == [(), ()]


def test_a_version_that_is_not_there_is_none(reader: CodeArtifactReader) -> None:
    """`version` answers None for it, and the version itself otherwise."""
    assert reader.version(ALPHA, Version("3.0")) is None
    assert reader.version(BETA, ONE) is None
    assert reader.version(ALPHA, TWO) is not None


def test_a_repository_that_is_not_there_is_an_error(filled: LocalCodeArtifact) -> None:
    """It is not taken for an empty one; the error names the verb that makes it."""
    with pytest.raises(MissingError) as caught:
        CodeArtifactReader(Connection(index_at(filled.url, repository="nowhere"))).state({ALPHA: ONE})
    assert caught.value.hint == "carrack index create --to test"


def listing(*versions: str, token: str | None = None) -> dict[str, Any]:
    """One page of ListPackageVersions."""
    page: dict[str, Any] = {
        "versions": [{"version": v, "revision": f"r-{v}", "status": "Published"} for v in versions]
    }
    return {**page, "nextToken": token} if token else page


def asset(name: str, sha256: str = "AB" * 32) -> dict[str, Any]:
    """One asset of ListPackageVersionAssets."""
    return {"name": name, "size": 1, "hashes": {"SHA-256": sha256}}


@pytest.fixture
def stubbed() -> Iterator[tuple[CodeArtifactReader, Stubber]]:
    """A reader whose answers the test writes."""
    connection = Connection(index_at("http://127.0.0.1:9"))
    with Stubber(connection.client) as stub:
        yield CodeArtifactReader(connection), stub
        stub.assert_no_pending_responses()


def test_every_page_is_read_and_what_is_no_version_is_left_out(
    stubbed: tuple[CodeArtifactReader, Stubber],
) -> None:
    """All pages count, of the largest size; `not-a-version` does not; the index's own spelling is used to ask on."""
    reader, stub = stubbed
    where: dict[str, Any] = {"domain": "carrack", "domainOwner": "000000000000", "repository": "prod"}
    where |= {"format": "pypi", "package": ALPHA, "maxResults": 1000}
    stub.add_response("list_package_versions", listing("2.0", "not-a-version", token="next"), where)
    stub.add_response("list_package_versions", listing("1.0.0"), {**where, "nextToken": "next"})
    files = [asset("alpha_one-1.0.0.tar.gz"), asset("alpha_one-1.0.0-py3-none-any.whl"), asset("x.asc")]
    page: dict[str, Any] = {"assets": files[:1], "nextToken": "more"}
    stub.add_response("list_package_version_assets", page, {**where, "packageVersion": "1.0.0"})
    last = {**where, "packageVersion": "1.0.0", "nextToken": "more"}
    stub.add_response("list_package_version_assets", {"assets": files[1:]}, last)
    package = reader.state({ALPHA: ONE})[ALPHA]
    assert package.versions == (ONE, TWO)
    assert package.current is not None
    assert {file.is_wheel for file in package.current.files} == {True, False}
    assert [f.name for f in package.current.files] == [files[1]["name"], files[0]["name"]]
    assert package.current.files[0].sha256 == "ab" * 32


def test_of_two_spellings_of_a_version_the_normal_one_counts(
    stubbed: tuple[CodeArtifactReader, Stubber],
) -> None:
    """`1.0` and `v1.0` are one version; its files are those of `1.0`, whatever the order."""
    reader, stub = stubbed
    stub.add_response("list_package_versions", listing("1.0", "v1.0"))
    stub.add_response("list_package_version_assets", {"assets": []})
    found = reader.version(ALPHA, ONE)
    assert found is not None
    assert found.revision == "r-1.0"


def test_a_version_that_vanishes_while_it_is_read_is_not_there(
    stubbed: tuple[CodeArtifactReader, Stubber],
) -> None:
    """Deleted between the two questions, it is None and no error."""
    reader, stub = stubbed
    stub.add_response("list_package_versions", listing("1.0"))
    fields = {"message": "gone", "resourceType": "package-version"}
    stub.add_client_error(
        "list_package_version_assets", "ResourceNotFoundException", "gone", 404, modeled_fields=fields
    )
    assert reader.version(ALPHA, ONE) is None


def test_the_assets_of_a_version_take_one_request(filled: LocalCodeArtifact, wheel: Path) -> None:
    """What a release just put there is asked for by its name and version alone."""
    connection, sent = Connection(index_at(filled.url)), list[str]()
    connection.client.meta.events.register("before-send", lambda request, **_: sent.append(request.url))
    assert CodeArtifactReader(connection).assets(ALPHA, ONE) == (describe(wheel),)
    assert [url.split("?")[0].rpartition("/v1/")[2] for url in sent] == ["package/version/assets"]


def test_the_assets_of_a_version_that_is_spelt_otherwise_are_found(
    stubbed: tuple[CodeArtifactReader, Stubber],
) -> None:
    """Where the index has no `1.0`, its list of versions says that it has a `v1.0`."""
    reader, stub = stubbed
    fields = {"message": "gone", "resourceType": "package-version"}
    stub.add_client_error(
        "list_package_version_assets", "ResourceNotFoundException", "gone", 404, modeled_fields=fields
    )
    stub.add_response("list_package_versions", listing("v1.0"))
    asset = {"name": "a-1.0.tar.gz", "size": 1, "hashes": {"SHA-256": "ab" * 32}}
    stub.add_response("list_package_version_assets", {"assets": [asset]})
    assert [file.name for file in reader.assets(ALPHA, ONE)] == ["a-1.0.tar.gz"]


def test_a_version_that_is_not_there_has_no_assets(reader: CodeArtifactReader) -> None:
    """Neither has one of a package that is not there."""
    assert reader.assets(ALPHA, Version("3.0")) == ()
    assert reader.assets(BETA, ONE) == ()


def test_an_asset_without_a_sha256_is_an_error(stubbed: tuple[CodeArtifactReader, Stubber]) -> None:
    """Nothing can be proved by it."""
    reader, stub = stubbed
    stub.add_response("list_package_versions", listing("1.0"))
    stub.add_response(
        "list_package_version_assets", {"assets": [{"name": "a-1.0.tar.gz", "size": 1, "hashes": {}}]}
    )
    with pytest.raises(IndexAccessError, match=r"no SHA-256 for a-1\.0\.tar\.gz"):
        reader.version(ALPHA, ONE)


def test_an_asset_is_fetched_whole(reader: CodeArtifactReader, wheel: Path, tmp_path: Path) -> None:
    """Its bytes are those that were uploaded, and nothing else lies beside it."""
    to = tmp_path / "out" / "file.whl"
    to.parent.mkdir()
    reader.fetch(ALPHA, ONE, describe(wheel), to)
    assert to.read_bytes() == wheel.read_bytes()
    assert list(to.parent.iterdir()) == [to]


@pytest.mark.parametrize(
    ("name", "version", "message"),
    [(ALPHA, ONE, "arrived with sha256"), (ALPHA, Version("9"), "is not there"), (BETA, ONE, "is not there")],
)
def test_what_is_not_as_expected_is_not_kept(
    reader: CodeArtifactReader,
    wheel: Path,
    tmp_path: Path,
    name: NormalizedName,
    version: Version,
    message: str,
) -> None:
    """Other bytes than the hash says, or no bytes at all: what stood at the place stays, and nothing beside it."""
    to = tmp_path / "out" / "file.whl"
    to.parent.mkdir()
    to.write_text("before")
    file = replace(describe(wheel), sha256="0" * 64)
    with pytest.raises(IndexAccessError, match=message):
        reader.fetch(name, version, file, to)
    assert (to.read_text(), list(to.parent.iterdir())) == ("before", [to])


# --- the gate ---


def test_the_gate_gives_the_endpoint_and_a_token_that_opens_it(filled: LocalCodeArtifact) -> None:
    """Address as the service gives it, with its slash; the probe is let in with the token."""
    access = CodeArtifactGate(Connection(index_at(filled.url))).open()
    assert access.repository_url == filled.upload_url("carrack", "prod")
    assert access.token.expires is not None
    assert timedelta(seconds=800) < access.token.expires - datetime.now(UTC) <= timedelta(seconds=900)
    probe(access, "thing")


def test_a_token_is_used_again_until_it_runs_out() -> None:
    """With an hour left no other is asked for; with a minute left one is."""
    connection = Connection(index_at(None, repository_endpoint="https://index.example.com/pypi/prod/"))
    with Stubber(connection.client) as stub:
        for value, minutes in (("first", 1), ("second", 60)):
            expires = datetime.now(UTC) + timedelta(minutes=minutes)
            stub.add_response("get_authorization_token", {"authorizationToken": value, "expiration": expires})
        gate = CodeArtifactGate(connection)
        assert [gate.open().token.value for _ in range(3)] == ["first", "second", "second"]


def test_a_refused_token_is_not_given_again() -> None:
    """Told of the refusal by two threads it asks once; one that the user made is never replaced."""
    connection = Connection(index_at(None, repository_endpoint="https://index.example.com/pypi/prod/"))
    with Stubber(connection.client) as stub:
        for value in ("first", "second"):
            expires = datetime.now(UTC) + timedelta(minutes=60)
            stub.add_response("get_authorization_token", {"authorizationToken": value, "expiration": expires})
        gate = CodeArtifactGate(connection)
        refused = gate.open().token
        assert [gate.renew(refused), gate.open().token.value] == [True, "second"]
        assert [gate.renew(refused), gate.open().token.value] == [True, "second"]
    assert not CodeArtifactGate(connection, token="mine").renew(refused)


@pytest.mark.parametrize("seconds", [0, 900, 43_200])
def test_the_duration_goes_to_the_service(seconds: int) -> None:
    """As it is, zero too, which the AWS CLI drops."""
    connection = Connection(index_at(None, repository_endpoint="https://index.example.com/pypi/prod/"))
    with Stubber(connection.client) as stub:
        answer = {"authorizationToken": "t", "expiration": datetime.now(UTC)}
        wanted = {"domain": "carrack", "domainOwner": "000000000000", "durationSeconds": seconds}
        stub.add_response("get_authorization_token", answer, wanted)
        CodeArtifactGate(connection, duration=seconds).open()
        stub.assert_no_pending_responses()


@pytest.mark.parametrize("seconds", [-1, 1, 899, 43_201])
def test_a_duration_that_the_service_does_not_give_is_refused_before_asking(seconds: int) -> None:
    """900 to 43200 seconds, or 0."""
    with pytest.raises(UsageError, match=f"{seconds} is neither"):
        CodeArtifactGate(Connection(index_at(None)), duration=seconds)


def test_a_token_that_was_handed_in_is_used_and_nothing_is_asked_of_aws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the address in the workspace too, not even credentials are needed."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    index = index_at(None, repository_endpoint="https://index.example.com/pypi/prod")
    access = CodeArtifactGate(Connection(index), token="mine").open()
    assert access == Access(
        index=index,
        repository_url="https://index.example.com/pypi/prod/",
        token=Token(value="mine", variable="CODEARTIFACT_AUTH_TOKEN"),
    )


@pytest.mark.parametrize("given", ['{"authorizationToken":"eyJSECRET"}', "eyJ SECRET", "eyJSECRET\u00e9"])
def test_what_is_no_token_goes_no_further(given: str) -> None:
    """The whole JSON of the AWS CLI, the most usual mistake, is told with the option that was forgotten."""
    index = index_at(None, repository_endpoint="https://index.example.com/pypi/prod/")
    with pytest.raises(IndexAccessError, match="CODEARTIFACT_AUTH_TOKEN holds is not a token") as caught:
        CodeArtifactGate(Connection(index), token=given).open()
    assert "--query authorizationToken" in caught.value.hint
    assert "SECRET" not in caught.value.hint + str(caught.value)


def test_a_line_end_behind_a_token_is_dropped() -> None:
    """As secret stores and files like to add one."""
    index = index_at(None, repository_endpoint="https://index.example.com/pypi/prod/")
    assert CodeArtifactGate(Connection(index), token="eyJ.x\n").open().token.value == "eyJ.x"


def test_a_token_does_not_travel_unencrypted() -> None:
    """A plain http endpoint is refused, unless the whole index is one on http, as a local one is."""
    plain = "http://index.example.com/pypi/prod/"
    with pytest.raises(IndexAccessError, match="not encrypted"):
        CodeArtifactGate(Connection(index_at(None, repository_endpoint=plain)), token="t").open()
    local = index_at("http://127.0.0.1:9", repository_endpoint=plain)
    assert CodeArtifactGate(Connection(local), token="t").open().repository_url == plain


def shaped(header: object) -> str:
    """A token whose first segment is `header`."""
    return base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=") + ".rest"


@pytest.mark.parametrize(
    ("token", "expires"),
    [
        (shaped({"ver": 1, "exp": 1_795_000_000}), datetime.fromtimestamp(1_795_000_000, UTC)),
        (shaped({"ver": 1}), None),
        (shaped({"exp": "soon"}), None),
        (shaped({"exp": 1e300}), None),
        (shaped(["exp"]), None),
        ("nonsense", None),
        ("é.é", None),
        ("", None),
    ],
)
def test_a_token_s_expiry_is_read_where_it_says_one(token: str, expires: datetime | None) -> None:
    """`exp` of the first segment, and None for anything else."""
    assert expiry(token) == expires


# --- the probe ---


def access_to(url: str, expires: datetime | None = None, variable: str | None = None) -> Access:
    """The way into an index at `url`, with a token that is easy to find."""
    token = Token(value="planted-SECRET-token", expires=expires, variable=variable)
    return Access(index=index_at(url), repository_url=f"{url}/pypi/prod/", token=token)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    ("expires", "words"),
    [
        (datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), "it expired at 2020-01-02 03:04:05 UTC"),
        (datetime(2999, 1, 1, tzinfo=UTC), "it is good until 2999-01-01 00:00:00 UTC by its own account"),
        (None, "it has expired, or is another domain's"),
    ],
)
def test_a_refused_token_is_told_with_when_and_whence(
    status: int, expires: datetime | None, words: str
) -> None:
    """Status, time where it is known, and the variable that held it."""
    with Web(lambda _: Answer(status)) as web, pytest.raises(IndexAccessError) as caught:
        probe(access_to(web.url, expires=expires, variable="CI_TOKEN"), "thing")
    assert f"the token in CI_TOKEN was refused with {status}: {words}" in caught.value.message
    assert 'export CI_TOKEN="$(carrack token --to test)"' in caught.value.hint


@pytest.mark.parametrize("status", [200, 404])
def test_any_project_s_page_or_none_shows_that_the_token_is_good(status: int) -> None:
    """One request, with the token in its header and not in its address."""
    with Web(lambda _: Answer(status)) as web:
        probe(access_to(web.url), "thing")
    (asked,) = web.asked
    assert asked.target == "/pypi/prod/simple/thing/"
    assert asked.headers["Authorization"] == "Basic " + base64.b64encode(b"aws:planted-SECRET-token").decode()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_passes_by_itself_is_asked_again(status: int) -> None:
    """The first try of many that a release needs must not end it."""
    answers = iter([Answer(status), Answer(status, headers={"Retry-After": "0"}), Answer(200, b"{")])
    with Web(lambda _: next(answers)) as web:
        probe(access_to(web.url), "thing")
    assert len(web.asked) == 3


def test_a_page_that_breaks_off_has_said_enough() -> None:
    """The token was taken: that is all that was asked."""
    with Web(lambda _: Answer(200, b"half", {"Content-Length": "8"})) as web:
        probe(access_to(web.url), "thing")


def test_what_goes_on_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """After four more tries."""
    monkeypatch.setattr("urllib3.util.retry.time.sleep", lambda _: None)
    with Web(lambda _: Answer(503)) as web:
        with pytest.raises(IndexAccessError, match="answers 503"):
            probe(access_to(web.url), "thing")
        assert len(web.asked) == 5


@pytest.mark.parametrize("status", [302, 407, 501])
def test_an_answer_that_no_index_gives_is_not_taken_for_good(status: int) -> None:
    """It is named, and a redirect is not followed with the token."""
    with Web(lambda _: Answer(status, headers={"Location": "/elsewhere"})) as web:
        with pytest.raises(IndexAccessError, match=f"answers {status}"):
            probe(access_to(web.url), "thing")
        assert len(web.asked) == 1


def test_an_index_that_cannot_be_reached_is_told() -> None:
    """With its address and what to check."""
    with pytest.raises(IndexAccessError, match="/pypi/prod/simple/ cannot be reached") as caught:
        probe(access_to("http://127.0.0.1:9"), "thing")
    assert "HTTPS_PROXY" in caught.value.hint


def test_certificates_that_are_not_there_are_told_with_their_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whether the environment or pip's configuration names them; requests alone would raise a plain OSError."""
    missing = str(tmp_path / "missing.pem")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    access = access_to("https://127.0.0.1:9")
    with pytest.raises(IndexAccessError, match=f"cannot be reached: .*{missing}"):
        probe(access, "thing", PipSettings(cert=missing))
    with pytest.raises(IndexAccessError, match="cannot be reached: no connection"):
        probe(access, "thing")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", missing)
    with pytest.raises(IndexAccessError, match=f"cannot be reached: .*{missing}") as caught:
        probe(access, "thing")
    assert "REQUESTS_CA_BUNDLE" in caught.value.hint


def test_the_user_s_netrc_does_not_replace_the_token(aws_user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests would take a netrc entry where none is given; ours is given."""
    (aws_user / ".netrc").write_text("machine 127.0.0.1 login other password wrong\n")
    (aws_user / ".netrc").chmod(0o600)
    with Web() as web:
        probe(access_to(web.url), "thing")
    assert (
        web.asked[0].headers["Authorization"].endswith(base64.b64encode(b"aws:planted-SECRET-token").decode())
    )


def echo(asked: Any) -> Answer:
    """An index that repeats what it was sent."""
    return Answer(401, b"you said planted-SECRET-token", {"Content-Type": "text/plain"})


def test_a_token_shows_nowhere(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """Not in a repr, an error with its whole traceback, a log at DEBUG or an output, even if an index repeats it."""
    caplog.set_level(logging.DEBUG)
    connection = Connection(index_at(None, repository_endpoint="https://index.example.com/pypi/prod/"))
    gate = CodeArtifactGate(connection, token="planted-SECRET-token")
    shown = [repr(connection), repr(gate), repr(gate.open()), repr(vars(gate)["_access"])]
    with Web(echo) as web:
        for url in (web.url, "http://127.0.0.1:9"):
            with pytest.raises(IndexAccessError) as caught:
                probe(access_to(url, variable="CODEARTIFACT_AUTH_TOKEN"), "thing")
            shown += [repr(caught.value), caught.value.hint, *traceback.format_exception(caught.value)]
    output = capfd.readouterr()
    assert caplog.records
    assert "SECRET" not in "".join([*shown, caplog.text, output.out, output.err])


@pytest.mark.usefixtures("no_proxy_in_the_environment")
def test_the_proxy_of_pip_s_configuration_is_the_probe_s_and_the_uploads_too() -> None:
    """A host that only pip's `proxy` leads to is asked through it; without that setting nothing comes there."""
    access = access_to("http://index.example.com")
    with Web(lambda _: Answer(200)) as proxy:
        for settings in (PipSettings(proxy=proxy.url), None):
            with suppress(IndexAccessError):
                probe(access, "thing", settings)
            with suppress(requests.RequestException):
                open_session(access, settings).post(access.repository_url, timeout=5)
    assert [asked.target for asked in proxy.asked] == [f"{access.simple_url}thing/", access.repository_url]


@pytest.fixture
def no_proxy_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever proxy this machine needs, these tests do not."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
