"""The command line: serve and run."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from tests.codeartifact_local.conftest import wheel

from codeartifact_local.testing import LocalCodeArtifact

COMMAND = [sys.executable, "-m", "codeartifact_local"]


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    environment = os.environ | variables
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, env=environment, timeout=60, check=False
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_prints_what_to_paste_and_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    """Stdout has the exports and nothing else, the log goes to stderr, a signal ends it with exit 0."""
    command = [*COMMAND, "serve", "--port", "0", "--data", str(tmp_path / "data")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(9)]
        variables = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines)
        url = variables["CODEARTIFACT_LOCAL_URL"]
        assert variables["AWS_ENDPOINT_URL_CODEARTIFACT"] == url
        assert url.startswith("http://127.0.0.1:")
        assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "NO_PROXY"} <= variables.keys()
        check = f"{variables['AWS_REGION']}"
        assert check == "us-east-1"
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as connection:
            connection.sendall(b"GET /v1/domain HTTP/1.0\r\nAuthorization: Bearer s3cret-word\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 403")
        process.send_signal(number)
        rest, log = process.communicate(timeout=30)
    assert (process.returncode, rest) == (0, "")
    assert "GET /v1/domain 403" in log
    assert "s3cret" not in log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_server_that_has_not_begun_to_serve(tmp_path: Path, number: signal.Signals) -> None:
    """Also while it opens its data: exit 0, and nothing to read."""
    os.mkfifo(tmp_path / "token.key")  # the server waits for a key from it
    command = [*COMMAND, "serve", "--port", "0", "--data", str(tmp_path)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
        (tmp_path / "token.key").open("wb"),  # opened when the server has opened it
    ):
        process.send_signal(number)
        printed, log = process.communicate(timeout=30)
    assert (process.returncode, printed, log.count("\n")) == (0, "", 1), log


def test_run_gives_the_command_a_clean_aws_environment() -> None:
    """Nothing of the caller's AWS but its CA bundle reaches COMMAND; all else of the environment does."""
    program = "import json, os; print(json.dumps(dict(os.environ)))"
    done = run(
        "run",
        "--",
        sys.executable,
        "-c",
        program,
        AWS_PROFILE="work",
        AWS_SESSION_TOKEN="session",
        AWS_ENDPOINT_URL="https://example.com",
        AWS_CA_BUNDLE="/ca.pem",
        NO_PROXY="intranet.example.com",
        no_proxy="intranet.example.com",
        OTHER="kept",
    )
    variables = json.loads(done.stdout)
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"} & variables.keys()
    assert (variables["AWS_CA_BUNDLE"], variables["OTHER"]) == ("/ca.pem", "kept")
    assert variables["AWS_CONFIG_FILE"] == variables["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"] == "us-east-1"
    assert variables["AWS_EC2_METADATA_DISABLED"] == "true"
    assert variables["AWS_ENDPOINT_URL_CODEARTIFACT"] == variables["CODEARTIFACT_LOCAL_URL"]
    assert variables["NO_PROXY"] == variables["no_proxy"] == "intranet.example.com,127.0.0.1,localhost"


def test_run_exits_as_its_command_does() -> None:
    """The exit code is COMMAND's, 128 and the number for a signal, 127 where there is no such command."""
    assert run("run", "--", sys.executable, "-c", "raise SystemExit(7)").returncode == 7
    program = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert run("run", "--", sys.executable, "-c", program).returncode == 137
    done = run("run", "--", "no-such-command")
    assert (done.returncode, done.stdout) == (127, "")
    assert "cannot run no-such-command" in done.stderr


def test_run_forwards_signals_to_its_command() -> None:
    """SIGTERM reaches COMMAND, whose own way to end is what counts."""
    program = (
        "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\n"
        "print('ready', flush=True)\nsignal.pause()"
    )
    command = [*COMMAND, "run", "--", sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 5


def test_run_keeps_data_only_where_it_is_told_to(tmp_path: Path) -> None:
    """With --data the next run finds what this one made; without it every run begins empty."""
    make = "import botocore.session as s; c = s.get_session().create_client('codeartifact'); {}"
    create, show = (
        make.format("c.create_domain(domain='kept')"),
        make.format("print(len(c.list_domains()['domains']))"),
    )
    kept = ("run", "--data", str(tmp_path / "data"), "--", sys.executable, "-c")
    assert run(*kept, create).returncode == 0
    assert run(*kept, show).stdout == "1\n"
    assert run("run", "--", sys.executable, "-c", show).stdout == "0\n"


def test_faults_are_one_sentence(tmp_path: Path, local: LocalCodeArtifact) -> None:
    """A host for all, a taken port, a folder in use and an odd account: one clear error, no traceback."""
    port = local.url.rpartition(":")[2]
    cases = [
        (("serve", "--host", "0.0.0.0"), 2, "--tls-certificate"),  # noqa: S104
        (("serve", "--account", "12"), 2, "12 digits"),
        (
            ("serve", "--port", port, "--data", str(tmp_path / "other")),
            1,
            f"cannot listen on 127.0.0.1 port {port}",
        ),
        (("serve", "--port", "0", "--data", str(tmp_path / "data")), 1, "another codeartifact-local"),
        (("run", "--data", str(tmp_path / "data"), "--", "true"), 1, "another codeartifact-local"),
        (("serve", "--public-index", "ftp://x"), 2, "not an address of http or https"),
        (
            ("serve", "--port", "0", "--data", str(tmp_path / "file" / "x")),
            1,
            "cannot be used: Not a directory",
        ),
        (("serve", "--port", "0", "--data", str(tmp_path / "key")), 1, "token.key is damaged; remove it"),
        (("serve", "--port", "0", "--data", str(tmp_path / "locked")), 1, "unable to open database file"),
    ]
    (tmp_path / "file").touch()
    (tmp_path / "locked" / "lock").mkdir(parents=True)
    (tmp_path / "key").mkdir()
    (tmp_path / "key" / "token.key").write_bytes(b"short")
    for arguments, code, sentence in cases:
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr


def test_run_makes_a_repository_whatever_proxy_is_set() -> None:
    """No proxy is on the way to this machine."""
    done = run("run", "--create", "acme/dev", "--", "true", HTTP_PROXY="http://127.0.0.1:9", NO_PROXY="")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("stdout", ["/dev/full", "closed"])
def test_a_server_whose_lines_nobody_reads_serves_all_the_same(tmp_path: Path, stdout: str) -> None:
    """As after `serve | head -1`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    redirect = ">&-" if stdout == "closed" else f">{stdout}"
    script = f'exec "$0" -m codeartifact_local serve --port {port} --data "$1" {redirect}'
    command = ["sh", "-c", script, sys.executable, str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            transport = httpx.HTTPTransport(retries=8)  # with growing pauses: for half a minute
            with httpx.Client(transport=transport, trust_env=False) as http:
                assert http.get(f"http://127.0.0.1:{port}/").status_code == 200
        finally:
            process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, "Traceback" in errors) == (0, False), errors


def test_run_makes_a_repository_and_tells_the_clients(tmp_path: Path) -> None:
    """With --create, pip and twine use it without a word more; run again on the same data, it is still there."""
    name, content = wheel("pkg", "1.0")
    (tmp_path / name).write_bytes(content)
    python = sys.executable
    script = f"{python} -m twine upload --disable-progress-bar {tmp_path / name} >&2 && "
    script += (
        f"{python} -m pip install --no-cache-dir --target {tmp_path / 'site'} pkg >&2 && echo $UV_PUBLISH_URL"
    )
    command = ("run", "--data", str(tmp_path / "data"), "--create", "acme/dev", "--")
    index = ("--public-index", "http://127.0.0.1:9/")
    done = run(*command[:-1], *index, "--", "sh", "-c", script, PIP_CONFIG_FILE=os.devnull)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("/pypi/d/acme-000000000000/dev/")
    assert (tmp_path / "site" / "pkg.py").exists()
    again = run(*command[:-1], *index, "--", "sh", "-c", "echo $PIP_INDEX_URL")
    assert (again.returncode, again.stdout.startswith("http://aws:eyJ")) == (0, True), again.stderr


@pytest.mark.parametrize("place", ["acme", "A/dev", "acme/"])
def test_a_place_that_cannot_be_is_said(place: str) -> None:
    """A domain without a repository, and names that the service does not allow."""
    done = run("run", "--create", place, "--", "true")
    assert (done.returncode, f"--create {place}" in done.stderr, "Traceback" in done.stderr) == (
        2,
        True,
        False,
    )
