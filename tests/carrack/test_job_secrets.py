"""No secret in plain text is submitted, and none is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.carrack.jobs import asked

from carrack.model.jobs.display import shown
from carrack.model.jobs.ladder import carry
from carrack.model.jobs.secrets import MASK, masked, plain_secrets, secret_faults

KEY = "AKIA" + "ABCDEFGHIJKLMNOP"


@pytest.mark.parametrize(
    ("document", "keys"),
    [
        ({"password": "hunter2"}, ["password"]),
        ({"database": {"api_key": "abc", "host": "h"}}, ["database.api_key"]),
        ({"tokens": [], "token": ["a", "b"]}, ["token.0", "token.1"]),
        ({"note": f"use {KEY}"}, ["note"]),
        ({"url": "https://me:hunter2@example.com/"}, ["url"]),
        ({"secret": {"name": "x"}}, ["secret.name"]),
        ({"password": "ssm://prod/db", "api_key": "secretsmanager://prod#key"}, []),
        ({"password": None, "token": "", "max_tokens": "5", "sort_key": "id", "token_file": "/run/t"}, []),
    ],
)
def test_secrets_are_known_by_name_and_by_form(document: dict[str, Any], keys: list[str]) -> None:
    """References are what they are for; paths, numbers and other keys are none."""
    assert list(plain_secrets(document)) == keys
    assert json.dumps(masked(document)).count(MASK) == len(keys)
    assert len(list(secret_faults("--param-json", document))) == len(keys)


def test_a_fault_names_the_key_and_not_the_secret() -> None:
    """And what to say instead."""
    (fault,) = secret_faults("--param-json", {"password": "hunter2"})
    assert "password looks like a secret" in fault
    assert "ssm://NAME" in fault
    assert "hunter2" not in fault


def test_a_key_that_only_looks_like_a_secret_can_be_named() -> None:
    """`token` is a word in some trades; a value in a secret's form stays one."""
    assert list(plain_secrets({"token": "<s>"}, ["token"])) == []
    assert list(plain_secrets({"token": KEY}, ["token"])) == ["token"]


@pytest.mark.parametrize("padding", [0, 20_000])
def test_what_is_shown_has_no_secret_in_it(padding: int) -> None:
    """In the configuration, compressed too, in variables and in parameters; all else is exactly what is sent."""
    document = {"password": "hunter2", "host": "語", "padding": "x" * padding}
    job = asked(environment={"NPM_TOKEN": "hunter2", "MODE": "full"}, parameters={"secret": "hunter2"})
    request = carry(job, document).request
    told = json.dumps(shown(request), ensure_ascii=False)
    assert "hunter2" not in told
    values = {one["name"]: one["value"] for one in shown(request)["containerOverrides"]["environment"]}
    assert (values["NPM_TOKEN"], values["MODE"]) == (MASK, "full")
    assert padding or json.loads(values["CONFIG_JSON"]) == {**document, "password": MASK}


def test_what_has_no_secret_is_shown_as_it_is_sent() -> None:
    """To the letter."""
    request = carry(asked(environment={"A": "1"}), {"b": [1.0, "語"]}).request
    assert shown(request) == request
