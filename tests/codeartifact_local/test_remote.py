"""Other machines: only with TLS, or behind a proxy that has it, and only with a key."""

import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError, SSLError
from tests.codeartifact_local.conftest import DOMAIN, wheel
from tests.docker.tls import self_signed

from codeartifact_local.protocol.signature import Key
from codeartifact_local.settings import Settings
from codeartifact_local.testing import _session

KEY = Key(access_key_id="AKIAEXAMPLE", secret_access_key="a/secret+key")
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "CODEARTIFACT_LOCAL_ACCESS_KEY_ID": KEY.access_key_id,
    "CODEARTIFACT_LOCAL_SECRET_ACCESS_KEY": KEY.secret_access_key,
}
ANYWHERE = "0.0.0.0"  # noqa: S104  # what is tested


def serve(*arguments: str) -> list[str]:
    """Return a command that serves on a free port."""
    return [sys.executable, "-m", "codeartifact_local", "serve", "--port", "0", *arguments]


@contextmanager
def serving(data: Path, *arguments: str) -> Iterator[str]:
    """Serve on every address, and give the one on loopback."""
    command = serve(
        "--host", ANYWHERE, "--data", str(data), "--public-index", "http://127.0.0.1:9/", *arguments
    )
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=ENVIRONMENT, text=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            line = process.stdout.readline().strip()
            yield line.partition("=")[2]
        finally:
            process.send_signal(signal.SIGTERM)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Give a certificate of 127.0.0.1, and its key."""
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize(
    ("arguments", "variables", "sentence"),
    [
        ((), {}, "--behind-proxy"),
        (("--behind-proxy", "127.0.0.1"), {"CODEARTIFACT_LOCAL_ACCESS_KEY_ID": ""}, "belong together"),
        (
            ("--behind-proxy", "127.0.0.1"),
            {"CODEARTIFACT_LOCAL_ACCESS_KEY_ID": "", "CODEARTIFACT_LOCAL_SECRET_ACCESS_KEY": ""},
            "any AWS key would open this server",
        ),
        (("--behind-proxy", "127.0.0.1"), {"CODEARTIFACT_LOCAL_ADMIN_SECRET": "x"}, "this machine alone"),
    ],
)
def test_what_strangers_could_use_does_not_start(
    tmp_path: Path, arguments: tuple[str, ...], variables: dict[str, str], sentence: str
) -> None:
    """Without TLS or a proxy, without a key, or with the way to faults open: exit 2, and what to add."""
    command = serve("--host", ANYWHERE, "--data", str(tmp_path), *arguments)
    environment = ENVIRONMENT | variables
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, sentence in done.stderr, done.stdout) == (2, True, ""), done.stderr


def test_a_trusted_network_needs_neither_key_nor_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is said to be one: any signature opens the server, under any name; the console stays closed."""
    monkeypatch.setattr(f"{__name__}.ENVIRONMENT", {"PATH": os.environ["PATH"]})
    with serving(tmp_path, "--trusted-network") as url, httpx.Client(trust_env=False) as http:
        headers = {"authorization": "AWS4-HMAC-SHA256 Credential=x", "host": "codeartifact:4873"}
        assert http.post(f"{url}/v1/domains", headers=headers).json() == {"domains": []}
        assert http.get(url).status_code == 403


def test_the_way_to_faults_may_be_open_on_a_trusted_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To those who have its secret, as anywhere."""
    secret = "opens-the-way-to-faults"
    monkeypatch.setattr(
        f"{__name__}.ENVIRONMENT", {"PATH": os.environ["PATH"], "CODEARTIFACT_LOCAL_ADMIN_SECRET": secret}
    )
    with serving(tmp_path, "--trusted-network") as url, httpx.Client(trust_env=False) as http:
        asked = {word: {"authorization": f"Bearer {word}"} for word in (secret, "another")}
        found = {
            word: http.post(f"{url}/admin/clock", headers=headers, json={"advance": 1}).status_code
            for word, headers in asked.items()
        }
    assert (found[secret] < 300, found["another"]) == (True, 401), found


@pytest.mark.parametrize("arguments", [("--trusted-network",), ("--behind-proxy", "127.0.0.1")])
def test_the_printed_lines_have_the_address_that_clients_use(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """A port that is published as another, or a proxy's name: where it is said, it is in every line."""
    with serving(tmp_path, *arguments, "--url", "https://packages.example.com/") as url:
        assert url == "https://packages.example.com"


def test_a_certificate_that_is_none_is_said(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    """The error names both files; half of the pair is a mistake of usage."""
    chain, key = certificate
    command = serve("--data", str(tmp_path), "--tls-certificate", str(key), "--tls-key", str(chain))
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "TLS cannot be had" in done.stderr, "Traceback" in done.stderr) == (
        1,
        True,
        False,
    )
    command = serve("--data", str(tmp_path), "--tls-certificate", str(chain))
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "belong together" in done.stderr) == (2, True)


def test_boto_and_pip_come_over_tls(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    """With the certificate trusted and the key right they work; without either they do not."""
    chain, key = certificate
    arguments = {"region_name": "us-east-1", "aws_access_key_id": KEY.access_key_id}
    with serving(tmp_path, "--tls-certificate", str(chain), "--tls-key", str(key)) as url:
        assert url.startswith("https://")

        def client(**changes: object) -> Any:
            known = {**arguments, "aws_secret_access_key": KEY.secret_access_key, "verify": str(chain)}
            return _session().create_client("codeartifact", endpoint_url=url, **(known | changes))

        api = client()
        api.create_domain(domain=DOMAIN)
        api.create_repository(domain=DOMAIN, repository="dev")
        token = api.get_authorization_token(domain=DOMAIN)["authorizationToken"]
        found = api.get_repository_endpoint(domain=DOMAIN, repository="dev", format="pypi")
        endpoint = found["repositoryEndpoint"]
        assert endpoint.startswith("https://127.0.0.1:")
        upload(endpoint, token, chain)
        index = endpoint.replace("https://", f"https://aws:{token}@") + "simple/"
        pip = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--no-cache-dir",
            "--retries",
            "0",
            "--index-url",
            index,
        ]
        trusting = {"PATH": os.environ["PATH"], "PIP_CERT": str(chain), "PIP_CONFIG_FILE": os.devnull}
        done = subprocess.run(
            [*pip, "--target", str(tmp_path / "site"), "pkg"],
            env=trusting,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        distrusted = client(verify=None)
        with pytest.raises(SSLError):
            distrusted.list_domains()
        stranger = client(aws_secret_access_key="other")
        with pytest.raises(ClientError, match="InvalidSignatureException"):
            stranger.list_domains()
        for each in (api, distrusted, stranger):
            each.close()


@pytest.mark.parametrize(
    ("password", "status"), [({}, 403), ({"CODEARTIFACT_LOCAL_CONSOLE_PASSWORD": "let me in"}, 401)]
)
def test_other_machines_need_a_password_for_the_console(
    tmp_path: Path,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    password: dict[str, str],
    status: int,
) -> None:
    """Without one it is closed; with it, the cookie is for TLS and for this host alone."""
    monkeypatch.setattr(f"{__name__}.ENVIRONMENT", ENVIRONMENT | password)
    chain, key = certificate
    with (
        serving(tmp_path, "--tls-certificate", str(chain), "--tls-key", str(key)) as url,
        httpx.Client(verify=ssl.create_default_context(cafile=chain), trust_env=False, base_url=url) as http,
    ):
        assert http.get("/").status_code == status
        answer = http.post("/console/-/login", data={"password": "let me in"})
        assert ("set-cookie" in answer.headers) is bool(password)
        if password:
            assert answer.headers["set-cookie"].startswith("__Host-codeartifact-local=")
            assert http.get("/").status_code == 200


def upload(endpoint: str, token: str, chain: Path) -> None:
    """Upload a wheel over TLS."""
    form = {":action": "file_upload", "protocol_version": "1", "name": "pkg", "version": "1.0"}
    with httpx.Client(verify=ssl.create_default_context(cafile=chain), trust_env=False) as http:
        answer = http.post(endpoint, auth=("aws", token), data=form, files={"content": wheel("pkg", "1.0")})
    assert answer.status_code == 200


@pytest.mark.parametrize(("trusted", "scheme"), [("127.0.0.1", "https"), ("192.0.2.1", "http")])
def test_a_proxys_word_counts_where_it_is_named(tmp_path: Path, trusted: str, scheme: str) -> None:
    """Addresses that are handed out have the proxy's scheme and host; of anybody else the scheme is not believed."""
    with serving(tmp_path, "--behind-proxy", trusted) as url:
        api = _session().create_client(
            "codeartifact",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id=KEY.access_key_id,
            aws_secret_access_key=KEY.secret_access_key,
        )
        api.meta.events.register(
            "before-sign", lambda request, **_: request.headers.add_header("X-Forwarded-Proto", "https")
        )
        api.create_domain(domain=DOMAIN)
        api.create_repository(domain=DOMAIN, repository="dev")
        found = api.get_repository_endpoint(domain=DOMAIN, repository="dev", format="pypi")
        assert found["repositoryEndpoint"].partition(":")[0] == scheme
        api.close()


def test_a_server_on_loopback_believes_no_forwarded_headers() -> None:
    """Nothing of a key or a proxy is needed there, and nobody can lie about the scheme."""
    from codeartifact_local.testing import local_codeartifact

    with local_codeartifact(settings=Settings(durable=False)) as local:
        api = local.client()
        api.create_domain(domain=DOMAIN)
        api.create_repository(domain=DOMAIN, repository="dev")
        api.meta.events.register(
            "before-sign", lambda request, **_: request.headers.add_header("X-Forwarded-Proto", "https")
        )
        assert local.upload_url(DOMAIN, "dev").startswith("http://127.0.0.1:")
