"""Authorization tokens, and what the PyPI endpoint does with wrong ones."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.codeartifact_local.conftest import DOMAIN, HTTP, Client, wheel

from codeartifact_local.tokens import DamagedKeyError, TokenRefusedError, Tokens, load_tokens

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def basic(user: str, password: str) -> dict[str, str]:
    """Return a Basic header."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_tokens_look_like_the_services_and_carry_their_expiry(client: Client) -> None:
    """The first segment is a JSON header that begins with ver, and whose exp is the answered expiration."""
    answer = client.api.get_authorization_token(domain=DOMAIN, durationSeconds=900)
    token, expiration = answer["authorizationToken"], answer["expiration"]
    assert token.startswith("eyJ2ZX")
    header = token.split(".")[0]
    assert json.loads(base64.urlsafe_b64decode(header + "=="))["exp"] == expiration.timestamp()
    assert timedelta(seconds=890) < expiration - datetime.now(UTC) <= timedelta(seconds=900)


@pytest.mark.parametrize("seconds", [1, 899, 43201])
def test_durations_outside_the_range_are_refused(client: Client, seconds: int) -> None:
    """A duration is 0, or from 900 to 43200 seconds."""
    with pytest.raises(client.api.exceptions.ValidationException):
        client.api.get_authorization_token(domain=DOMAIN, durationSeconds=seconds)


@pytest.mark.parametrize("wanted", [{}, {"durationSeconds": 0}])
def test_a_token_lasts_twelve_hours_unless_said_otherwise(client: Client, wanted: dict[str, int]) -> None:
    """Without a duration, or with 0, a token lasts twelve hours."""
    left = client.api.get_authorization_token(domain=DOMAIN, **wanted)["expiration"] - datetime.now(UTC)
    assert timedelta(hours=11, minutes=59) < left <= timedelta(hours=12)


def test_a_token_opens_index_download_and_upload_as_basic_and_as_bearer(client: Client) -> None:
    """Basic with user aws and Bearer both work, wherever a token is needed."""
    bearer = {"Authorization": f"Bearer {client.token}"}
    assert client.upload("dev", wheel("pkg", "1.0")).status_code == 200
    for headers in (bearer, basic("aws", client.token)):
        for path in ("simple/pkg/", "simple/pkg/1.0/pkg-1.0-py3-none-any.whl"):
            assert HTTP.get(client.url("dev", path), headers=headers).status_code == 200


def test_refusals_say_why(client: Client) -> None:
    """Missing, foreign, malformed and misaddressed tokens get 401, a challenge, and one sentence each."""
    client.api.create_domain(domain="other")
    other = client.api.get_authorization_token(domain="other")["authorizationToken"]
    head, claims, signature = client.token.split(".")
    forged = f"{head}.{claims}.{signature[:-2]}AA"
    cases = [
        ({}, "no token was sent"),
        (basic("aws", other), "not a token of domain acme"),
        (basic("aws", forged), "not a token of domain acme"),
        (basic("aws", json.dumps({"authorizationToken": client.token})), "not a token of domain acme"),
        (basic("__token__", client.token), "the user name must be aws"),
        ({"Authorization": "Basic ???"}, "malformed"),
        ({"Authorization": "Bearer é".encode()}, "not a token of domain acme"),
    ]
    for headers, why in cases:
        for method in ("GET", "POST"):
            url = client.url("dev", "simple/pkg/" if method == "GET" else "")
            answer = HTTP.request(method, url, headers=headers)  # type: ignore[arg-type]
            assert (answer.status_code, why in answer.text) == (401, True), answer.text
            assert answer.headers["www-authenticate"].startswith("Basic")
            assert client.token not in answer.text


def test_an_expired_token_is_called_that_with_the_time(client: Client) -> None:
    """After its time a token gets 401, and the answer says when it expired."""
    client.local.clock.advance(12 * 3600 - 60)
    assert client.get("dev", "simple/pkg/").status_code == 404
    client.local.clock.advance(61)
    answer = client.get("dev", "simple/pkg/")
    assert answer.status_code == 401
    assert "the token expired at 20" in answer.text
    assert client.upload("dev", wheel("pkg", "1.0")).status_code == 401


def test_time_does_not_go_back(client: Client) -> None:
    """The clock is only moved ahead, since a token that expired stays expired."""
    with pytest.raises(ValueError, match="only moved ahead"):
        client.local.clock.advance(-1)


def test_only_the_holder_of_the_key_issues_tokens() -> None:
    """A token signed with another key opens nothing; the key is in no repr."""
    token = Tokens(b"k" * 32).issue(domain="dd", owner="0" * 12, issued=NOW, expires=NOW + timedelta(hours=1))
    Tokens(b"k" * 32).check(token, domain="dd", owner="0" * 12, now=NOW)
    with pytest.raises(TokenRefusedError):
        Tokens(b"l" * 32).check(token, domain="dd", owner="0" * 12, now=NOW)
    assert "k" * 32 not in repr(Tokens(b"k" * 32))


@pytest.mark.parametrize("content", [b"", b"k" * 31])
def test_a_damaged_key_signs_nothing(tmp_path: Path, content: bytes) -> None:
    """Anybody could forge what an empty one signs; and a new key leaves nothing beside itself."""
    (tmp_path / "token.key").write_bytes(content)
    with pytest.raises(DamagedKeyError, match="remove it"):
        load_tokens(tmp_path / "token.key")
    (tmp_path / "token.key").unlink()
    load_tokens(tmp_path / "token.key")
    assert [file.name for file in tmp_path.iterdir()] == ["token.key"]


def test_the_key_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    """The key file has mode 0600, and a restarted server takes the tokens of the one before."""
    first, second = load_tokens(tmp_path / "token.key"), load_tokens(tmp_path / "token.key")
    assert (tmp_path / "token.key").stat().st_mode & 0o777 == 0o600
    assert first.key == second.key
