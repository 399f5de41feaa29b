"""The user's own secrets of a build are looked for in what was built, as the token is."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path, PurePosixPath
from urllib.parse import quote

import pytest
from tests.carrack.test_token_scan import saved

from carrack.adapters.build_secret_texts import texts
from carrack.adapters.token_scan import TokenScan
from carrack.model.build_secrets import absolute_secret, absolute_ssh, parse_build_secret, searched

KEY = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW"


@pytest.mark.parametrize(
    ("spec", "file", "variable"),
    [
        ("id=git,src=key", "key", None),
        ("id=git,source=key", "key", None),
        ("type=file,id=git", "git", None),
        ("id=GIT", None, "GIT"),
        ("id=git,env=GIT_TOKEN", None, "GIT_TOKEN"),
        ("type=env,id=git,src=GIT_TOKEN", None, "GIT_TOKEN"),
        ('id=git,"src=a,b"', "a,b", None),
    ],
)
def test_a_specification_says_where_the_secret_is(spec: str, file: str | None, variable: str | None) -> None:
    """A file or a variable, in the words of `docker build --secret`."""
    found = parse_build_secret(spec)
    assert (found.file, found.variable) == (file, variable)


@pytest.mark.parametrize(
    ("spec", "seen"),
    [
        ("id=git,src=key", "id=git,src=/here/key"),
        ("id=git,source=../key", "id=git,src=/here/../key"),
        ("type=file,id=git", "type=file,id=git,src=/here/git"),
        ('id=git,"src=a,b"', 'id=git,"src=/here/a,b"'),
        *((same, same) for same in ("id=git,src=/key", "id=GIT", "id=git,env=T", "type=env,id=git,src=T")),
    ],
)
def test_a_file_is_as_seen_from_where_the_verb_was_started(spec: str, seen: str) -> None:
    """The engine's client runs in another folder, and what is searched for is read from the same file."""
    assert absolute_secret(spec, PurePosixPath("/here")) == seen
    before, after = parse_build_secret(spec), parse_build_secret(seen)
    assert (after.id, after.variable) == (before.id, before.variable)


@pytest.mark.parametrize(
    ("spec", "seen"),
    [
        ("default", "default"),
        ("default=agent.sock", "default=/here/agent.sock"),
        ("git=one,/two", "git=/here/one,/two"),
    ],
)
def test_keys_and_sockets_are_as_seen_from_there_too(spec: str, seen: str) -> None:
    """As `docker build --ssh` has them."""
    assert absolute_ssh(spec, PurePosixPath("/here")) == seen


def test_of_a_file_the_secret_parts_are_looked_for() -> None:
    """The lines of a key and a netrc's password; a host's name and a marker are in many images, and are no secrets."""
    key = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{KEY}\n-----END OPENSSH PRIVATE KEY-----\n"
    assert set(searched(key)) == {key.strip(), KEY}
    netrc = "machine git.example.com login somebody password 0123456789abcdef0123\n"
    assert set(searched(netrc)) == {netrc.strip(), "0123456789abcdef0123"}
    assert searched("0123456789abcdef0123\n") == ("0123456789abcdef0123",)
    assert searched("short") == ()


def test_an_image_is_searched_for_them_as_for_the_token(tmp_path: Path) -> None:
    """From a file and from a variable; one that is not there is the engine's to refuse."""
    (tmp_path / "key").write_text(f"-----BEGIN KEY-----\n{KEY}\n-----END KEY-----\n")
    environ = {"GIT_TOKEN": "0123456789abcdef0123"}
    scan = TokenScan(
        texts((f"id=git,src={tmp_path / 'key'}", "id=GIT_TOKEN", "id=none,src=nowhere"), environ)
    )
    leaking = {"root/.ssh/id": f"{KEY}\n".encode(), "etc/git": b"x 0123456789abcdef0123", "etc/hosts": b"git"}
    assert {leak.member for leak in scan(saved(leaking))} == {"root/.ssh/id", "etc/git"}


def test_a_secret_that_is_no_text_is_looked_for_too(tmp_path: Path) -> None:
    """A key in DER, byte by byte; what looks like an end of a line in it stays."""
    key = bytes(range(0x80, 0xC0)) + b"\r\n\r" + bytes(range(0xC0, 0x100))
    (tmp_path / "client.der").write_bytes(key)
    scan = TokenScan(texts((f"id=key,src={tmp_path / 'client.der'}",), {}))
    leaking = {"plain": b"x" + key + b"x", "base64": b64encode(key), "quoted": quote(key, safe="").encode()}
    assert {leak.member for leak in scan(saved({**leaking, "etc/hosts": b"git"}))} == set(leaking)
