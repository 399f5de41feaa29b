"""Faults on demand: what clients meet, and the way to them from other processes."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.codeartifact_local.conftest import DOMAIN, HTTP, Client, FakePublicIndex, wheel

from codeartifact_local.faults import Fault
from codeartifact_local.settings import Settings
from codeartifact_local.testing import LocalCodeArtifact, _session, local_codeartifact


def retrying(local: LocalCodeArtifact, attempts: int) -> Any:
    """Return a boto client in standard retry mode."""
    return _session().create_client(
        "codeartifact",
        endpoint_url=local.url,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(retries={"mode": "standard", "total_max_attempts": attempts}),
    )


def test_boto_waits_and_succeeds_after_throttling(client: Client) -> None:
    """ThrottlingException with retryAfterSeconds, twice; the third attempt of botocore's own retries is answered."""
    client.local.faults.throttle("ListDomains", times=2, retry_after=0)
    api = retrying(client.local, 3)
    answer = api.list_domains()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    api.close()
    client.local.faults.throttle("ListDomains", retry_after=7)
    once = retrying(client.local, 1)
    with pytest.raises(once.exceptions.ThrottlingException) as caught:
        once.list_domains()
    assert caught.value.response["retryAfterSeconds"] == 7
    assert caught.value.response["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "7"
    once.close()


def test_a_fault_befalls_what_it_names_and_as_often(client: Client) -> None:
    """Other operations are not concerned; after its times it is gone."""
    client.local.faults.fail("ListDomains")
    once = retrying(client.local, 1)
    once.list_repositories()
    with pytest.raises(once.exceptions.InternalServerException, match="asked for"):
        once.list_domains()
    assert once.list_domains()["domains"]
    client.local.faults.fail("ListDomains", times=None, status=503)
    for _ in range(3):
        with pytest.raises(ClientError) as caught:
            once.list_domains()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    client.local.faults.clear()
    assert once.list_domains()["domains"]
    once.close()


def test_every_answer_has_the_time_of_the_clock(client: Client) -> None:
    """One Date header, also of what is not found; the clock moved ahead, it moves with it."""
    client.local.clock.advance(3600)
    for path in ("/v1/domain", "/pypi/nothing", "/"):
        dates = HTTP.get(f"{client.local.url}{path}").headers.get_list("Date")
        assert len(dates) == 1
        ahead = parsedate_to_datetime(dates[0]) - datetime.now(UTC)
        assert timedelta(minutes=50) < ahead < timedelta(minutes=70)


def test_a_fault_can_deny(client: Client) -> None:
    """A status of 403 is the operation's own AccessDeniedException, as a policy would have it."""
    client.local.faults.fail("ListDomains", status=403)
    once = retrying(client.local, 1)
    with pytest.raises(once.exceptions.AccessDeniedException, match="asked for"):
        once.list_domains()
    once.close()


@pytest.mark.parametrize(
    ("on", "ask"),
    [
        ("upload", lambda client: client.upload("dev", wheel("pkg", "2.0"))),
        ("index", lambda client: client.get("dev", "simple/pkg/")),
        ("download", lambda client: client.get("dev", "simple/pkg/1.0/pkg-1.0-py3-none-any.whl")),
    ],
)
def test_the_pypi_endpoint_fails_by_what_it_does(client: Client, on: str, ask: Any) -> None:
    """429 with Retry-After, 500, and the next request is answered; a failed upload leaves nothing."""
    client.upload("dev", wheel("pkg", "1.0"))
    client.local.faults.throttle(on, retry_after=3)
    client.local.faults.fail(on)
    throttled = ask(client)
    assert (throttled.status_code, throttled.headers["retry-after"]) == (429, "3")
    assert ask(client).status_code == 500
    assert client.filenames("dev", "pkg") == ["pkg-1.0-py3-none-any.whl"]
    assert ask(client).status_code == 200


def test_an_answer_can_be_cut(client: Client) -> None:
    """The client sees that bytes are missing; the next download is whole."""
    name, content = wheel("pkg", "1.0", body="x" * 100_000)
    client.upload("dev", (name, content))
    client.local.faults.cut("download")
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("dev", f"simple/pkg/1.0/{name}")
    assert client.get("dev", f"simple/pkg/1.0/{name}").content == content


def test_an_answer_can_be_slow(client: Client) -> None:
    """It comes as ever, and not before its time."""
    client.local.faults.slow("ListDomains", seconds=0.3)
    began = time.perf_counter()
    assert client.api.list_domains()["domains"]
    assert time.perf_counter() - began >= 0.3


@pytest.mark.parametrize("fault", [Fault(on="Nothing"), Fault(status=200), Fault(delay=-1), Fault(times=0)])
def test_a_fault_that_cannot_be_is_refused(client: Client, fault: Fault) -> None:
    """The error says what can be."""
    with pytest.raises(ValueError, match=r"fault|there is no"):
        client.local.faults.add(fault)


def test_pip_goes_on_after_a_bad_moment(client: Client, tmp_path: Path) -> None:
    """Pip tries again after a 503 of an index page and installs."""
    client.upload("dev", wheel("pkg", "1.0"))
    client.local.faults.fail("index", status=503)
    command = [sys.executable, "-m", "pip", "--isolated", "install", "--target", str(tmp_path / "site")]
    command += ["--index-url", client.local.index_url(DOMAIN, "dev", client.token), "--no-cache-dir", "pkg"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert list(client.local.faults) == []


SECRET = "the secret of this test"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[LocalCodeArtifact]:
    """Give a server whose admin path is open."""
    settings = Settings(durable=False, admin_secret=SECRET)
    with local_codeartifact(tmp_path, public_index="http://127.0.0.1:9/", settings=settings) as local:
        yield local


def admin(local: LocalCodeArtifact, method: str, path: str, body: object = None) -> httpx.Response:
    """Ask the admin path."""
    headers = {"Authorization": f"Bearer {SECRET}"}
    return HTTP.request(method, f"{local.url}/admin/{path}", headers=headers, json=body)


def test_the_admin_path_is_off_by_default(client: Client) -> None:
    """Without a secret of its own it is a path like any other that is not there."""
    assert admin(client.local, "GET", "faults").status_code == 404
    assert admin(client.local, "POST", "clock", {"advance": 1}).status_code == 404


def test_the_admin_path_needs_its_secret(opened: LocalCodeArtifact) -> None:
    """Nobody, and nobody with another secret, can make faults."""
    for headers in ({}, {"Authorization": "Bearer other"}, {"Authorization": SECRET[:-1]}):
        answer = HTTP.post(f"{opened.url}/admin/faults", headers=headers, json={"on": "*"})
        assert answer.status_code == 401
    assert list(opened.faults) == []
    assert SECRET not in repr(opened.settings)


def test_other_processes_make_faults_and_move_the_clock(opened: LocalCodeArtifact) -> None:
    """Over HTTP, with the names of the Python API; they are listed with what is left of them, and cleared."""
    made = admin(opened, "POST", "faults", {"on": "ListDomains", "status": 429, "retry_after": 5, "times": 2})
    assert made.json()[0]["times"] == 2
    once = retrying(opened, 1)
    with pytest.raises(once.exceptions.ThrottlingException):
        once.list_domains()
    assert admin(opened, "GET", "faults").json()[0]["times"] == 1
    assert admin(opened, "DELETE", "faults").json() == []
    once.create_domain(domain=DOMAIN)
    before = admin(opened, "GET", "clock").json()["now"]
    after = admin(opened, "POST", "clock", {"advance": 86400}).json()["now"]
    assert after > before
    assert once.describe_domain(domain=DOMAIN)["domain"]["createdTime"] < opened.clock.now()
    once.close()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"on": "Nothing"}),
        ("faults", {"color": "red"}),
        ("faults", []),
        ("faults", {"times": "many"}),
        ("clock", {"advance": "much"}),
        ("clock", {"advance": -1}),
        ("clock", {}),
    ],
)
def test_what_the_admin_path_cannot_read_is_refused(
    opened: LocalCodeArtifact, path: str, body: object
) -> None:
    """400 with a sentence; nothing has changed."""
    answer = admin(opened, "POST", path, body)
    assert (answer.status_code, bool(answer.json()["message"])) == (400, True)
    assert list(opened.faults) == []


def test_run_gives_its_command_the_secret(tmp_path: Path) -> None:
    """With --admin the command can make faults: the secret is in its environment, and nowhere else."""
    script = (
        "import json, os, urllib.request as r\n"
        "url = os.environ['CODEARTIFACT_LOCAL_URL'] + '/admin/faults'\n"
        "secret = os.environ['CODEARTIFACT_LOCAL_ADMIN_SECRET']\n"
        "ask = r.Request(url, json.dumps({'on': 'upload'}).encode(), {'Authorization': 'Bearer ' + secret})\n"
        "print(json.load(r.urlopen(ask))[0]['on'], len(secret) > 20)\n"
    )
    command = [
        sys.executable,
        "-m",
        "codeartifact_local",
        "run",
        "--admin",
        "--",
        sys.executable,
        "-c",
        script,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "upload True\n"), done.stderr


def test_an_upload_shows_after_its_time(tmp_path: Path) -> None:
    """Until then neither index pages nor lists have the version; it can be downloaded and described."""
    settings = Settings(durable=False, visible_after_seconds=60)
    with local_codeartifact(tmp_path, public_index="http://127.0.0.1:9/", settings=settings) as local:
        local.create(DOMAIN, "dev")
        client = Client(local, local.token(DOMAIN))
        name, content = wheel("pkg", "1.0")
        client.upload("dev", (name, content))
        assert client.get("dev", "simple/pkg/").json()["files"] == []
        assert client.versions("dev", "pkg") == []
        assert client.get("dev", f"simple/pkg/1.0/{name}").content == content
        version = {"domain": DOMAIN, "repository": "dev", "format": "pypi", "package": "pkg"}
        assert client.api.describe_package_version(**version, packageVersion="1.0")
        local.clock.advance(61)
        assert client.filenames("dev", "pkg") == [name]
        assert len(client.versions("dev", "pkg")) == 1


def test_an_ingested_version_is_listed_after_its_time(tmp_path: Path, public_index: FakePublicIndex) -> None:
    """The index page has it at once, ListPackageVersions and ListPackages later, as AWS says of its service."""
    name, _ = wheel("pub", "1.0")
    public_index.add(*wheel("pub", "1.0"))
    settings = Settings(durable=False, listed_after_seconds=180)
    with local_codeartifact(tmp_path, public_index=public_index.url, settings=settings) as local:
        local.create(DOMAIN, "dev")
        client = Client(local, local.token(DOMAIN))
        client.get("dev", f"simple/pub/1.0/{name}")
        assert client.filenames("dev", "pub") == [name]
        assert (client.versions("dev", "pub"), client.packages("dev")) == ([], [])
        local.clock.advance(181)
        assert (len(client.versions("dev", "pub")), client.packages("dev")) == (1, ["pub"])
