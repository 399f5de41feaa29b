"""No secret in plain text is submitted, and none is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, RootModel, Secret, SecretBytes, SecretStr, StringConstraints
from tests.carrack.jobs import asked, defined

from carrack.adapters.app_schema import read_schema
from carrack.model.jobs.command_secrets import command_secret_faults, masked_command
from carrack.model.jobs.display import shown
from carrack.model.jobs.ladder import carry
from carrack.model.jobs.secrets import MASK, Secrecy, masked, plain_secrets, secret_faults, secret_keys

KEY = "AKIA" + "ABCDEFGHIJKLMNOP"


@pytest.mark.parametrize(
    ("document", "keys"),
    [
        ({"password": "hunter2"}, ["password"]),
        ({"database": {"api_key": "abc", "host": "h"}}, ["database.api_key"]),
        ({"tokens": [], "token": ["a", "b"]}, ["token.0", "token.1"]),
        ({"note": f"use {KEY}"}, ["note"]),
        ({"url": "https://me:hunter2@example.com/"}, ["url"]),
        ({"dsn": "postgres://u:pw@h/db", "cache": "redis://:pw@h:6379/0"}, ["dsn", "cache"]),
        ({"dsn": "postgres://u@h:5432/db", "image": "docker://alpine:3@sha256:0", "u": "a://h:80?m=a@b"}, []),
        ({"secret": {"name": "x"}}, ["secret.name"]),
        (
            {"tokens": ["a"], "passwords": {"db": "b"}, "api_keys": ["c"]},
            ["tokens.0", "passwords.db", "api_keys.0"],
        ),
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
    never = Secrecy(never=["token"])
    assert list(plain_secrets({"token": "<s>"}, never)) == []
    assert list(plain_secrets({"token": KEY}, never)) == ["token"]


TOKEN = "ghp_" + "a1B2" * 9
COMMANDS = [
    (["--github-token", TOKEN, "postgres://u:hunter2@h/db"], [1, 2], ["github-token", "argument 3"]),
    (["run", TOKEN], [1], ["argument 2"]),
    ([f"--header={TOKEN}"], [0], ["header"]),
    (["--db-password", "hunter2"], [1], ["db-password"]),
    (["--db-password=hunter2", "-v"], [0], ["db-password"]),
    (["--token", "Ref::token", "--token=ssm://prod/token", "--token-file", "/run/token"], [], []),
    (["--verbose", "--max-tokens", "5", "--password", "--day", "monday", "--", "a=b"], [], []),
]


@pytest.mark.parametrize(("command", "places", "keys"), COMMANDS)
def test_secrets_in_a_command_are_known_by_their_form_and_by_their_flag(
    command: list[str], places: list[int], keys: list[str]
) -> None:
    """Each fault names the flag or the place, none the secret; the mask leaves the flag."""
    faults = list(command_secret_faults(command))
    assert [fault.split(" looks like a secret")[0] for fault in faults] == [f"command: {key}" for key in keys]
    told = masked_command(command)
    assert [number for number, one in enumerate(told) if one.endswith(MASK)] == places
    assert [one.partition("=")[0] for one in told if MASK in one and "=" in one] == [
        command[number].partition("=")[0] for number in places if "=" in command[number]
    ]
    assert [one for one in told if MASK not in one] == [
        one for number, one in enumerate(command) if number not in places
    ]
    for text in (TOKEN, "hunter2"):
        assert text not in repr(faults) + repr(told)


def test_a_flag_that_only_looks_like_a_secret_can_be_named() -> None:
    """As a key can."""
    never = Secrecy(never=["token"])
    assert list(command_secret_faults(["--token", "<s>"], never)) == []
    assert masked_command(["--token", "<s>", TOKEN], never) == ["--token", "<s>", MASK]


IN_VALUES = [
    (["job", "--env", "DB_PASSWORD=hunter2"], "DB_PASSWORD", ["job", "--env", f"DB_PASSWORD={MASK}"]),
    (["env", "DB_PASSWORD=hunter2", "job"], "DB_PASSWORD", ["env", f"DB_PASSWORD={MASK}", "job"]),
    (["job", "--set=db_password=hunter2"], "db_password", ["job", f"--set=db_password={MASK}"]),
    (["job", "--token", "hunter2="], "token", ["job", "--token", MASK]),
    (
        ["job", "--param-json", '{"a": 1, "db": [{"password": "hunter2"}]}'],
        "param-json.db.0.password",
        ["job", "--param-json", f'{{"a":1,"db":[{{"password":"{MASK}"}}]}}'],
    ),
    (['--json={"pin": 1234}'], "json.pin", [f'--json={{"pin":"{MASK}"}}']),
    (['CONFIG_JSON={"token": "hunter2"}'], "CONFIG_JSON.token", [f'CONFIG_JSON={{"token":"{MASK}"}}']),
    (["--token", '{"hunter2"'], "token", ["--token", MASK]),
    (["--api-pin", "1234"], "api-pin", ["--api-pin", MASK]),
    (["--storage.api-pin=1234"], "storage.api-pin", [f"--storage.api-pin={MASK}"]),
    (["sh", "-c", "x --password hunter2"], "password", ["sh", "-c", MASK]),
    (["bash", "-euc", "cd /a && DB_PASSWORD='hunter2' x"], "DB_PASSWORD", ["bash", "-euc", MASK]),
    (["-c", "x \\\n--password=hunter2"], "password", ["-c", MASK]),
    (["sh", "-c", "sh -c 'x --password hunter2'"], "password", ["sh", "-c", MASK]),
    (["sh", "-c", "x # don't\ny --api-pin 1234"], "api-pin", ["sh", "-c", MASK]),
    (["sh", "-c", f"echo {TOKEN}"], "c", ["sh", "-c", MASK]),
    (["sh", "-c", f'echo "$A {TOKEN}"'], "c", ["sh", "-c", MASK]),
]


@pytest.mark.parametrize(("command", "key", "told"), IN_VALUES)
def test_secrets_are_found_inside_of_arguments(command: list[str], key: str, told: list[str]) -> None:
    """In variables, objects and scripts; and a flag is its key with other dashes, at any depth."""
    secrecy = Secrecy(known={"api_pin", "pin"})
    (fault,) = command_secret_faults(command, secrecy)
    assert fault.startswith(f"command: {key} looks like a secret")
    assert masked_command(command, secrecy) == told
    assert "hunter2" not in fault


@pytest.mark.parametrize(
    "command",
    [
        ["sh", "-c", 'x --password $PW --password="$PW" --password "$(cat /run/pw)" --token=$(cat a b)'],
        ["sh", "-c", "export TOKEN=`cat /run/a`; x --token `cat /run/a` && PASSWORD=${PW:?} y"],
        ["sh", "-c", "x --read-password | y\nx --read-password\ny > z; x --read-password < z"],
        ["python3", "-u", "-c", "connect(host=h, password=get())"],
        ["job", "--set", "token=ssm://prod/token", '{"token": "ssm://t"}', "--max=tokens=5", "[a-z]", "{}"],
        ["job", "--from", "https://h/?token=abc", "s3://b/password=x/part", "a=" * 5_000, "[" * 5_000],
        ["job", "--api-pin", "1", "API_PIN=2", '{"api_pin": "a", "key": "b"}'],
    ],
)
def test_what_only_resembles_a_secret_in_an_argument_is_left(command: list[str]) -> None:
    """What a shell fills in, code of another language, references, parts of addresses."""
    never = Secrecy(never=["api_pin"])
    assert list(command_secret_faults(command, never)) == []
    assert masked_command(command, never) == command


def test_every_secret_of_a_script_is_told_once() -> None:
    """Each by its name, also where one is known by its form."""
    script = f"x --password hunter2 | y --password hunter3 {TOKEN}; API_KEY=hunter2 z"
    faults = list(command_secret_faults(["sh", "-c", script]))
    assert [fault.split(" looks like")[0] for fault in faults] == [
        f"command: {key}" for key in ("password", "c", "API_KEY")
    ]


@pytest.mark.parametrize("never", ["api-key", "api_key"])
def test_a_key_that_is_no_secret_is_named_with_either_dash(never: str) -> None:
    """A flag and the key that it is for are one."""
    command = ["--api-key", "hunter2", "api_key=hunter2", '{"api-key": "hunter2"}']
    assert len(list(command_secret_faults(command))) == 3
    assert list(command_secret_faults(command, Secrecy(never=[never]))) == []


class Login(BaseModel):
    """Parameters of an app, as it says them."""

    user: str
    dsn: SecretStr


class Parameters(BaseModel):
    """Parameters of an app, as it says them."""

    logins: list[Login]
    fallback: Login | None = None
    pins: list[SecretStr] = []
    seal: SecretBytes | None = None
    secretary: str = "anna"


def test_the_app_s_own_schema_says_what_is_secret() -> None:
    """At any depth, in lists and alternatives; then whatever stands there, a path or a number in quotes too."""
    known = secret_keys(Parameters.model_json_schema())
    assert known == {"dsn", "pins", "seal"}
    document = {
        "logins": [{"user": "u", "dsn": "/1"}, {"user": "u", "dsn": "ssm://d"}],
        "pins": ["1"],
        "seal": "",
    }
    assert list(plain_secrets(document, Secrecy(known=known))) == ["logins.0.dsn", "pins.0"]
    assert list(plain_secrets(document)) == []


class Seal(RootModel[SecretStr]):
    """A type of its own, which the schema refers to."""


class Node(BaseModel):
    """Refers to itself."""

    below: list[Node] = []
    by_host: dict[str, SecretStr] = {}
    pair: tuple[str, SecretStr] | None = None
    by_name: dict[Annotated[str, StringConstraints(pattern="^a")], SecretStr] = {}
    mark: Seal | None = None
    pin: Secret[int] | None = Field(
        default=None, json_schema_extra={"writeOnly": True}
    )  # as batch-params marks it
    host: str = ""


def test_whatever_holds_a_secret_is_followed() -> None:
    """The values of dicts, parts of tuples and types with a name; numbers and switches count as texts do."""
    known = secret_keys(Node.model_json_schema())
    assert known == {"by_host", "pair", "by_name", "mark", "pin"}
    document = {
        "below": [{"pin": 1234, "host": "h"}, {"pin": None}, {"pin": "ssm://pin"}],
        "by_host": {"h": "hunter2"},
        "pair": ["u", True],
        "mark": 0,
    }
    keys = ["below.0.pin", "by_host.h", "pair.0", "pair.1", "mark"]
    assert list(plain_secrets(document, Secrecy(known=known))) == keys
    told = json.dumps(masked(document, Secrecy(known=known)))
    assert "hunter2" not in told
    assert "1234" not in told


@pytest.mark.parametrize("reference", ["#", "#/properties/a", "#/nowhere/x", "other.json", 3])
def test_a_reference_in_a_circle_or_to_nowhere_ends(reference: Any) -> None:
    """Whatever a program printed."""
    assert secret_keys({"properties": {"a": {"$ref": reference}}}) == frozenset()


@pytest.mark.parametrize("schema", [None, [], "x", 1, {"properties": 3}, {"properties": {"a": True}}])
def test_what_is_no_schema_says_nothing(schema: Any) -> None:
    """Whatever a program printed."""
    assert secret_keys(schema) == frozenset()


def program(folder: Path, script: str) -> Path:
    """An environment with this as its program `job`."""
    (folder / "bin").mkdir()
    (folder / "bin" / "job").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "bin" / "job").chmod(0o755)
    return folder


def test_the_app_s_program_is_asked_without_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is given `--schema` and nothing else."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    folder = program(tmp_path, """printf '["%s", "%s"]' "$*" "$AWS_SECRET_ACCESS_KEY" """)
    assert read_schema(folder, "job") == ["--schema", ""]


@pytest.mark.parametrize("script", ["exit 64", "echo usage", "kill -9 $$", "exec /nowhere"])
def test_a_program_that_prints_no_schema(tmp_path: Path, script: str) -> None:
    """Is one of which nothing is known."""
    assert read_schema(program(tmp_path, script), "job") is None
    assert read_schema(tmp_path, "other") is None
    assert read_schema(tmp_path, None) is None


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


@pytest.mark.parametrize("name", ["CONFIG_JSON", "CONFIG_JSON_GZ"])
def test_a_configuration_that_cannot_be_read_is_masked(name: str) -> None:
    """A retry shows what another tool may have submitted."""
    request = {"containerOverrides": {"environment": [{"name": name, "value": "{hunter2"}]}}
    assert shown(request)["containerOverrides"]["environment"] == [{"name": name, "value": MASK}]


def test_a_definition_and_a_retry_are_shown_without_the_secrets_of_command_and_tags() -> None:
    """A retry's command may be another tool's."""
    definition = defined(command=("--token", "hunter2"), tags={"token": "hunter2", "team": "data"})
    request = {"containerOverrides": {"command": ["mysql://u:hunter2@h/"]}, "tags": {"team": TOKEN}}
    for sent in (definition, request):
        told = json.dumps(shown(sent))
        assert "hunter2" not in told
        assert TOKEN not in told
    assert shown(definition)["tags"]["team"] == "data"


def test_what_has_no_secret_is_shown_as_it_is_sent() -> None:
    """To the letter."""
    request = carry(asked(environment={"A": "1"}), {"b": [1.0, "語"]}).request
    assert shown(request) == request
    definition = defined(command=("--day", "Ref::day"), parameters={"day": "today"}, tags={"team": "data"})
    assert shown(definition) == definition
    assert shown(defined()) == defined()
