"""`carrack token` prints a token and nothing else, or puts it into one file; it shows nowhere otherwise."""

from __future__ import annotations

import netrc
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from tests.carrack.local import Shell, shell

from carrack.adapters.gate import expiry
from codeartifact_local.testing import LocalCodeArtifact


@pytest.fixture
def carrack(shared_server: LocalCodeArtifact, tmp_path: Path) -> Shell:
    """The command line, its index ready."""
    return shell(tmp_path, shared_server)


def opens(server: LocalCodeArtifact, token: str) -> bool:
    """Whether `token` opens `staging`, a repository of the same domain."""
    url = server.upload_url("carrack", "staging")
    return requests.get(f"{url}simple/x/", auth=("aws", token), timeout=30).status_code == 404


def test_stdout_is_the_token_and_nothing_else(carrack: Shell, shared_server: LocalCodeArtifact) -> None:
    """The index stands on stderr, with the time until which the token is good; an hour where nothing is said."""
    done = carrack("token", "--to", "prod")
    assert done.returncode == 0, done.stderr
    token = done.stdout.removesuffix("\n")
    assert len(token.split()) == 1
    assert opens(shared_server, token)
    assert token not in done.stderr
    first, last = done.stderr.splitlines()
    assert first.startswith(
        "index prod: account 000000000000, region us-east-1, domain carrack, repository prod"
    )
    expires = expiry(token)
    assert expires is not None
    assert last.strip() == f"note good until {expires:%Y-%m-%d %H:%M:%S} UTC"
    assert timedelta(minutes=55) < expires - datetime.now(UTC) <= timedelta(hours=1)


def test_a_token_is_always_a_new_one(carrack: Shell) -> None:
    """CODEARTIFACT_AUTH_TOKEN does not come back: this is the verb that renews it."""
    done = carrack("token", CODEARTIFACT_AUTH_TOKEN="planted-SECRET")
    assert done.returncode == 0
    assert "SECRET" not in done.stdout + done.stderr


def test_a_token_lasts_as_long_as_was_asked_for(carrack: Shell) -> None:
    """The seconds go to the service; what it does not give is refused with exit 64."""
    expires = expiry(carrack("token", "--duration", "7200").stdout)
    assert expires is not None
    assert timedelta(seconds=7000) < expires - datetime.now(UTC) < timedelta(seconds=7201)
    refused = carrack("token", "--duration", "60")
    assert (refused.returncode, refused.stdout) == (64, "")
    assert "900 to 43200 seconds" in refused.stderr


def test_a_netrc_file_gets_the_token_and_stdout_does_not(
    carrack: Shell, shared_server: LocalCodeArtifact, tmp_path: Path
) -> None:
    """Mode 0600, other hosts kept, and the token in neither stream."""
    file = tmp_path / "my.netrc"
    file.write_text("machine example.com login x password y\n")
    file.chmod(0o640)
    done = carrack("token", "--netrc", str(file))
    assert (done.returncode, done.stdout) == (0, "")
    hosts = netrc.netrc(file).hosts
    assert hosts["example.com"] == ("x", "", "y")
    login, _, token = hosts["127.0.0.1"]
    assert login == "aws"
    assert opens(shared_server, token)
    assert token not in done.stderr
    assert "others could read" in done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_dash_prints_the_entry_itself(carrack: Shell, tmp_path: Path) -> None:
    """For a build secret that never is a file."""
    (file := tmp_path / "printed").write_text(carrack("token", "--netrc", "-").stdout)
    assert netrc.netrc(file).hosts["127.0.0.1"][0] == "aws"


def test_pip_installs_with_the_netrc_file_alone(
    carrack: Shell, shared_server: LocalCodeArtifact, tmp_path: Path
) -> None:
    """The entry is one that the tools find: requests, which pip speaks with, is let in by NETRC alone."""
    file = tmp_path / "netrc"
    carrack("token", "--netrc", str(file))
    url = carrack("index", "url").stdout.strip()
    before = os.environ.get("NETRC")
    os.environ["NETRC"] = str(file)
    try:
        assert requests.get(f"{url}x/", timeout=30).status_code == 404
    finally:
        os.environ.pop("NETRC") if before is None else os.environ.update(NETRC=before)
    assert requests.get(f"{url}x/", timeout=30).status_code == 401


def test_the_index_s_address_is_printed_without_a_token(
    carrack: Shell, shared_server: LocalCodeArtifact
) -> None:
    """`index url` is what --index-url takes; it asks for no token."""
    done = carrack("index", "url", "--to", "staging")
    assert done.stdout == f"{shared_server.upload_url('carrack', 'staging')}simple/\n"


def test_without_an_index_or_with_a_wrong_one_the_names_are_told(carrack: Shell) -> None:
    """Exit 64, and which there are."""
    done = carrack("token", "--to", "live")
    assert (done.returncode, done.stdout) == (64, "")
    assert "prod, staging" in done.stderr
