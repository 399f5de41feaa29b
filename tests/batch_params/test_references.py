"""References to secrets, against moto's SSM and Secrets Manager: late, together, once, and never shown."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple

import boto3
import pytest
from pydantic import BaseModel, ConfigDict, Field, Secret, SecretBytes, SecretStr, field_validator
from pydantic.dataclasses import dataclass as pydantic_dataclass
from tests.batch_params.busy_aws import Answer, BusyAws, busy_aws, throttled
from tests.carrack.aws_server import aws_server

from batch_params import ConfigError, read_config
from batch_params.aws.patience import patiently
from batch_params.aws.service import process_aws

PLANTED = "hunter2-correct-horse"


class Login(BaseModel):
    """A nested model whose default is a reference."""

    user: str = "job"
    password: SecretStr = SecretStr("ssm://prod/password")


class Parameters(BaseModel):
    """Secrets of several types and in several places."""

    token: SecretStr | None = None
    key: SecretBytes | None = None
    pin: Secret[int] | None = None
    many: list[SecretStr] = []
    by_host: dict[str, SecretStr] = {}
    table: Secret[dict[str, int] | None] = Secret(None)
    size: int = 1
    note: str = ""


class WithDefaults(BaseModel):
    """References that no document holds."""

    token: SecretStr = SecretStr("secretsmanager://db#password")
    key: SecretBytes = SecretBytes(b"ssm://plain")
    login: Login = Login()
    known: SecretStr = SecretStr("no reference")


class Store(BaseModel):
    """What lists and dictionaries hold, whose default is a reference."""

    token: SecretStr = SecretStr("ssm://prod/password")
    name: str = ""


class Own:
    """A type that pydantic does not know."""


class Fixed(NamedTuple):
    """A tuple that pydantic makes of an array, and whose copies nobody knows how to make."""

    store: Store = Store()


UNTYPED: Any = Secret
REFERENCE = SecretStr("ssm://prod/password")
UNTYPED_DICT: Any = {"token": REFERENCE}


@dataclass
class Plain:
    """No model: nobody knows how to put something into it."""

    token: SecretStr = REFERENCE


class InParts(BaseModel):
    """References in defaults that are not a field's whole value."""

    many: list[Store] = []
    by: dict[str, Store] = {}
    pair: tuple[Store, Store] = (Store(name="one"), Store(name="two"))
    secrets: list[SecretStr] = [SecretStr("ssm://plain"), SecretStr("literal")]
    by_host: dict[str, SecretBytes] = {"db": SecretBytes(b"secretsmanager://db#password")}
    some: set[SecretStr] = {SecretStr("ssm://plain")}
    pin: Annotated[Secret[int], Field(validation_alias="PIN")] = UNTYPED("ssm://prod/pin")
    port: Secret[int] | None = UNTYPED("secretsmanager://db#port")
    table: Secret[dict[str, str]] = Secret({"a": "ssm://plain", "b": "c"})


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    """Give the environment of a server that knows some parameters and secrets."""
    with aws_server() as environ:
        settings = {
            "endpoint_url": environ["AWS_ENDPOINT_URL"],
            "aws_access_key_id": "AKIATEST",
            "aws_secret_access_key": "secret",
            "region_name": "eu-central-1",
        }
        ssm = boto3.client("ssm", **settings)
        values = {"/prod/token": PLANTED, "/prod/password": PLANTED, "plain": "text", "/prod/pin": "4711"}
        values["twice"] = '{"a": 1, "a": 2}'
        values |= {f"/many/{number}": f"value {number}" for number in range(12)}
        for name, value in values.items():
            ssm.put_parameter(Name=name, Value=value, Type="SecureString")
        ssm.put_parameter(Name="/prod/token", Value="newer", Type="SecureString", Overwrite=True)
        manager = boto3.client("secretsmanager", **settings)
        manager.create_secret(Name="db", SecretString=json.dumps({"password": PLANTED, "port": 5432}))
        manager.create_secret(Name="whole", SecretString=PLANTED)
        manager.create_secret(Name="binary", SecretBinary=b"\x00")
        yield environ


@pytest.fixture
def aws(server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[BusyAws]:
    """Give the door in front of the server, to which this process's boto3 goes; nothing is remembered or waited for."""
    with busy_aws(server["AWS_ENDPOINT_URL"]) as door:
        for name, value in (server | {"AWS_ENDPOINT_URL": door.address}).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setitem(patiently.__kwdefaults__ or {}, "sleep", lambda seconds: None)
        process_aws.cache_clear()
        yield door
        process_aws.cache_clear()


def load(config: Mapping[str, Any], *argv: str) -> Parameters:
    """Load the parameters from CONFIG_JSON."""
    return read_config(Parameters, argv, {"CONFIG_JSON": json.dumps(config)})


def refusal(config: Mapping[str, Any]) -> ConfigError:
    """Give the error of a configuration; no secret is in it."""
    with pytest.raises(ConfigError) as caught:
        load(config)
    assert PLANTED not in str(caught.value)
    return caught.value


def test_a_reference_gives_what_it_leads_to(aws: BusyAws) -> None:
    """SSM by name, path and version, Secrets Manager whole or by key; lists, dictionaries and typed secrets."""
    found = load(
        {
            "token": "ssm:///prod/token:1",
            "key": "ssm://plain",
            "pin": "ssm://prod/pin",
            "many": ["secretsmanager://whole", "literal", "ssm:///prod/token"],
            "by_host": {"db": "secretsmanager://db#password"},
        }
    )
    assert found.token is not None
    assert found.key is not None
    assert found.pin is not None
    assert (found.token.get_secret_value(), found.key.get_secret_value()) == (PLANTED, b"text")
    assert found.pin.get_secret_value() == 4711
    assert [each.get_secret_value() for each in found.many] == [PLANTED, "literal", "newer"]
    assert found.by_host["db"].get_secret_value() == PLANTED
    assert PLANTED not in repr(found)


def test_a_secret_that_is_a_number_in_its_object_is_one(aws: BusyAws) -> None:
    """A value that `#key` picks keeps its JSON type."""
    found = load({"pin": "secretsmanager://db#port"})
    assert found.pin is not None
    assert found.pin.get_secret_value() == 5432


def test_a_text_that_is_no_secret_of_the_model_is_left_alone(aws: BusyAws) -> None:
    """Only secrets are references; nothing is asked for another key, whose value could be printed."""
    assert load({"note": "ssm:///prod/token"}).note == "ssm:///prod/token"
    assert aws.asked == []


def test_references_are_read_together_and_once(aws: BusyAws) -> None:
    """Twelve parameters are two requests (ten at most go into one), a second load is none."""
    config = {"many": [f"ssm:///many/{number % 12}" for number in range(15)]}
    assert [each.get_secret_value() for each in load(config).many][:2] == ["value 0", "value 1"]
    assert aws.asked == ["GetParameters", "GetParameters"]
    load(config)
    assert len(aws.asked) == 2


def test_keys_of_one_secret_are_one_request(aws: BusyAws) -> None:
    """The secret is read once, whatever is picked from it; several secrets are read together."""
    load({"token": "secretsmanager://db#password", "pin": "secretsmanager://db#port"})
    assert aws.asked == ["GetSecretValue"]
    load({"many": ["secretsmanager://whole", "secretsmanager://db"], "token": "secretsmanager://db#password"})
    assert aws.asked == ["GetSecretValue", "GetSecretValue"]


def test_several_secrets_are_read_in_a_batch(aws: BusyAws) -> None:
    """Two secrets are one BatchGetSecretValue."""
    load({"many": ["secretsmanager://whole", "secretsmanager://db"]})
    assert aws.asked == ["BatchGetSecretValue"]


def test_nothing_is_asked_before_all_else_is_right(aws: BusyAws) -> None:
    """A wrong value elsewhere ends the job without a request; what the reference's own type makes of it is no fault."""
    error = refusal({"pin": "ssm://prod/pin", "size": "3", "szie": 1})
    assert error.exit_code == 78
    assert [problem.key for problem in error.problems] == [("size",), ("szie",)]
    assert aws.asked == []


def test_a_reference_given_twice_is_refused_before_it_is_read(aws: BusyAws) -> None:
    """What is wrong with the text itself does not wait for AWS."""
    with pytest.raises(ConfigError, match="duplicate key"):
        read_config(Parameters, [], {"CONFIG_JSON": '{"token": "ssm://a", "token": "ssm://b"}'})
    assert aws.asked == []


def test_absent_secrets_are_named_all_at_once(aws: BusyAws) -> None:
    """Each problem has the place of its reference, the reference, and why; the code is 78."""
    error = refusal(
        {
            "token": "ssm:///prod/tokne",
            "many": ["secretsmanager://none", "ssm:///prod/token", "secretsmanager://whole#x", "ssm://"],
            "by_host": {"a": "secretsmanager://db#x", "b": "secretsmanager://binary"},
        }
    )
    assert error.exit_code == 78
    assert [str(problem).split(": ", 1)[1] for problem in error.problems] == [
        "token: ssm:///prod/tokne: does not exist (ParameterNotFound)",
        "many[0]: secretsmanager://none: does not exist (ResourceNotFoundException)",
        "many[2]: secretsmanager://whole#x: holds no JSON object, so nothing can be picked by #key",
        "many[3]: ssm://: names nothing",
        "by_host.a: secretsmanager://db#x: holds a JSON object without this #key",
        "by_host.b: secretsmanager://binary: is binary; only texts are read",
    ]
    assert str(error.problems[0]).startswith("CONFIG_JSON:1:11: ")


def test_a_reference_is_told_of_as_it_was_written(aws: BusyAws) -> None:
    """Two ways to write one name are one question, and each problem has its own."""
    error = refusal({"token": "ssm://prod/tokne", "key": "ssm:///prod/tokne"})
    assert [problem.message.partition(": ")[0] for problem in error.problems] == [
        "ssm://prod/tokne",
        "ssm:///prod/tokne",
    ]
    assert aws.asked == ["GetParameter"]


def test_a_wrong_secret_is_not_shown(aws: BusyAws) -> None:
    """What a reference leads to is held to its type, and told of at the reference's place without its value."""
    error = refusal({"pin": "ssm:///prod/password"})
    assert str(error) == "CONFIG_JSON:1:9: pin: must be a valid integer, not a string"


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("secretsmanager://whole", "leads to a text with a fault: invalid JSON: expecting value"),
        ("secretsmanager://db#password", "leads to a text with a fault: invalid JSON: expecting value"),
        ("ssm://twice", "leads to a text with a fault: duplicate key; the first is on line 1"),
    ],
)
def test_a_secret_that_is_not_the_json_it_should_be_is_told_of(
    aws: BusyAws, reference: str, said: str
) -> None:
    """It is not taken for null, where the type allows that, and no part of it is shown."""
    error = refusal({"table": reference})
    assert str(error) == f"CONFIG_JSON:1:11: table: {reference}: {said}"
    assert error.exit_code == 78


def test_a_validator_that_quotes_a_resolved_secret_is_silenced(aws: BusyAws) -> None:
    """The model's own check sees the secret, not the reference; its words are withheld."""

    class Checked(BaseModel):
        token: SecretStr
        name: str = Field(default="")

        @field_validator("token")
        @classmethod
        def _long(cls, token: SecretStr) -> SecretStr:
            if not token.get_secret_value().startswith("hunter2"):
                raise ZeroDivisionError("saw the reference")
            raise ValueError(token.get_secret_value())

    with pytest.raises(ConfigError) as caught:
        read_config(Checked, [], {"CONFIG_JSON": '{"token": "ssm:///prod/password"}'})
    assert "withheld" in str(caught.value)
    assert PLANTED not in str(caught.value)


def test_defaults_may_be_references(aws: BusyAws) -> None:
    """A secret's default is read too, in nested models as well; what counts as given does not change."""
    found = read_config(WithDefaults, [], {"CONFIG_JSON": '{"known": "x"}'})
    assert found.token.get_secret_value() == PLANTED
    assert found.key.get_secret_value() == b"text"
    assert found.login.password.get_secret_value() == PLANTED
    assert found.model_fields_set == {"known"}
    assert WithDefaults().token.get_secret_value() == "secretsmanager://db#password"


def test_an_absent_default_is_called_that(aws: BusyAws) -> None:
    """The problem names the default and its key."""

    class Wrong(BaseModel):
        token: SecretStr = SecretStr("ssm://none")

    with pytest.raises(ConfigError) as caught:
        read_config(Wrong, [], {"CONFIG_JSON": "{}"})
    assert str(caught.value) == "default: token: ssm://none: does not exist (ParameterNotFound)"


def test_references_in_parts_of_defaults_are_replaced(aws: BusyAws) -> None:
    """In lists, tuples, sets and dictionaries, and in models in them; what is given is left as it was given."""
    config = {"many": [{}, {"token": "given"}], "by": {"a": {"name": "x"}}}
    found = read_config(InParts, [], {"CONFIG_JSON": json.dumps(config)})
    assert [each.token.get_secret_value() for each in found.many] == [PLANTED, "given"]
    assert (found.by["a"].token.get_secret_value(), found.by["a"].name) == (PLANTED, "x")
    assert [(each.token.get_secret_value(), each.name) for each in found.pair] == [
        (PLANTED, "one"),
        (PLANTED, "two"),
    ]
    assert found.secrets == [SecretStr("text"), SecretStr("literal")]
    assert found.by_host == {"db": SecretBytes(PLANTED.encode())}
    assert found.some == {SecretStr("text")}
    assert found.table.get_secret_value() == {"a": "text", "b": "c"}
    assert (found.model_fields_set, found.by["a"].model_fields_set) == ({"many", "by"}, {"name"})
    assert InParts().pair[0].token.get_secret_value() == "ssm://prod/password"


def test_a_default_reference_gives_what_its_field_s_type_makes_of_it(aws: BusyAws) -> None:
    """As one that is given does: a number is one."""
    found = read_config(InParts, [], {"CONFIG_JSON": "{}"})
    assert found.pin.get_secret_value() == 4711
    assert found.port is not None
    assert found.port.get_secret_value() == 5432


def test_what_a_default_leads_to_is_held_to_its_type(aws: BusyAws) -> None:
    """All that is wrong is told at once, without the secret."""

    class Wrong(BaseModel):
        pin: Secret[int] = UNTYPED("ssm://prod/password")
        short: SecretStr = Field(SecretStr("ssm://prod/password"), max_length=3)
        table: Secret[dict[str, int]] = UNTYPED("ssm://twice")
        several: list[SecretStr] = [SecretStr("fine"), SecretStr("secretsmanager://db#port")]

    with pytest.raises(ConfigError) as caught:
        read_config(Wrong, [], {"CONFIG_JSON": "{}"})
    assert str(caught.value).splitlines() == [
        "default: pin: must be a valid integer",
        "default: short: is refused by the model; the reason is withheld because it could show a secret",
        "default: table: ssm://twice: leads to a text with a fault: duplicate key; the first is on line 1",
        "default: several[1]: must be a valid string",
    ]
    assert caught.value.exit_code == 78


def test_a_default_reference_that_cannot_be_replaced_is_refused(aws: BusyAws) -> None:
    """In a dataclass, by a type that no JSON gives, beside a model: no job gets the reference as its secret."""

    class Wrong(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)

        plain: Plain = Plain()
        plains: list[Plain] = []
        own: Own | SecretStr = SecretStr("ssm://prod/token")
        mixed: list[Store | SecretStr] = [Store(token=SecretStr("x")), SecretStr("ssm://prod/token")]
        fixed: Fixed = Fixed()

    with pytest.raises(ConfigError) as caught:
        read_config(Wrong, [], {"CONFIG_JSON": '{"plains": [{}]}'})
    assert [str(problem).rpartition(" stands in a default ")[0] for problem in caught.value.problems] == [
        "default: plain.token: ssm://prod/password:",
        "default: plains[0].token: ssm://prod/password:",
        "default: own: ssm://prod/token:",
        "default: mixed[1]: ssm://prod/token:",
        "default: fixed[0].token: ssm://prod/password:",
    ]
    assert caught.value.exit_code == 78


@dataclass
class Made:
    """A dataclass whose default is made anew each time."""

    user: str = ""
    tok: SecretStr = field(default_factory=lambda: SecretStr("ssm://prod/password"))


@pydantic_dataclass
class Checked:
    """A dataclass that pydantic made."""

    user: str = ""
    tok: SecretStr = Field(default_factory=lambda: SecretStr("ssm://prod/password"))


class Named(NamedTuple):
    """A tuple with a default."""

    user: str
    tok: SecretStr = REFERENCE


class Holders(BaseModel):
    """What a document gives in part, and what is a default as a whole."""

    made: Made | None = None
    checked: Checked | None = None
    named: Named | None = None
    listed: list[Named] = []
    whole: Named = Named("x")


def test_a_default_in_what_a_document_gave_is_refused_too(aws: BusyAws) -> None:
    """In dataclasses and named tuples, which do not say what was given to them."""
    given = {"made": {"user": "x"}, "checked": {"user": "x"}, "named": ["x"], "listed": [["x"]]}
    with pytest.raises(ConfigError) as caught:
        read_config(Holders, [], {"CONFIG_JSON": json.dumps(given)})
    assert [str(problem).rpartition(" stands in a default ")[0] for problem in caught.value.problems] == [
        "default: made.tok: ssm://prod/password:",
        "default: checked.tok: ssm://prod/password:",
        "default: named[1]: ssm://prod/password:",
        "default: listed[0][1]: ssm://prod/password:",
    ]


def test_references_given_in_dataclasses_and_named_tuples_are_replaced(aws: BusyAws) -> None:
    """And those of a named tuple that is a default itself."""
    parts = {"user": "x", "tok": "ssm://prod/password"}
    given = {"made": parts, "checked": parts, "named": [*parts.values()], "listed": [[*parts.values()]]}
    found = read_config(Holders, [], {"CONFIG_JSON": json.dumps(given)})
    holders = (found.made, found.checked, found.named, *found.listed, found.whole)
    assert [each.tok.get_secret_value() for each in holders if each] == [PLANTED] * 5


class Untyped(BaseModel):
    """Secrets where the type asks for none, which pydantic reads as bare text."""

    anything: Any = SecretStr("ssm://prod/password")
    something: object = SecretBytes(b"ssm://prod/password")
    number: Any | None = SecretStr("ssm://prod/pin")
    by_name: dict[str, Any] = {"k": SecretStr("ssm://prod/pin"), "plain": "4711"}
    inside: Any = {"many": [SecretStr("ssm://prod/password"), 1], "own": Secret("ssm://prod/pin")}
    pair: tuple[Any, int] = (SecretStr("ssm://prod/password"), 1)
    queue: deque[Any] = deque([SecretStr("ssm://prod/password")])


def test_a_secret_stays_one_where_the_type_asks_for_none(aws: BusyAws) -> None:
    """Whatever looks like a number stays the text that it is, and nothing is shown."""
    found = read_config(Untyped, [], {"CONFIG_JSON": "{}"})
    assert found == Untyped(
        anything=SecretStr(PLANTED),
        something=SecretBytes(PLANTED.encode()),
        number=SecretStr("4711"),
        by_name={"k": SecretStr("4711"), "plain": "4711"},
        inside={"many": [SecretStr(PLANTED), 1], "own": Secret("4711")},
        pair=(SecretStr(PLANTED), 1),
        queue=deque([SecretStr(PLANTED)]),
    )
    assert PLANTED not in repr(found)
    assert repr(Untyped().inside).count("*") == 20


def test_a_secret_that_would_stay_bare_is_refused(aws: BusyAws) -> None:
    """In a set, which has no places; in a model that a dictionary becomes; where its own type does not hold it."""

    class Open(BaseModel):
        token: str

    class Wrong(BaseModel):
        some: set[Any] = {SecretStr("ssm://prod/password")}
        opened: Open = UNTYPED_DICT
        number: Any = SecretStr("secretsmanager://db#port")

    with pytest.raises(ConfigError) as caught:
        read_config(Wrong, [], {"CONFIG_JSON": "{}"})
    assert [problem.key for problem in caught.value.problems] == [
        ("some", 0),
        ("opened", "token"),
        ("number",),
    ]
    assert PLANTED not in str(caught.value)


def test_keys_that_are_no_texts_are_followed_as_json_has_them(aws: BusyAws) -> None:
    """A dictionary of numbers is one again."""

    class Numbered(BaseModel):
        by: dict[int, SecretStr] = {1: SecretStr("ssm://prod/pin"), 2: SecretStr("literal")}
        stores: dict[int, Store] = {1: Store()}

    found = read_config(Numbered, [], {"CONFIG_JSON": "{}"})
    assert found.by == {1: SecretStr("4711"), 2: SecretStr("literal")}
    assert found.stores[1].token.get_secret_value() == PLANTED


def test_throttling_is_waited_out(aws: BusyAws) -> None:
    """A service that turns three requests away is asked a fourth time."""
    aws.throttle(3)
    found = load({"token": "ssm:///prod/token:1"})
    assert found.token is not None
    assert found.token.get_secret_value() == PLANTED
    assert aws.asked == ["GetParameter"] * 4


def test_throttling_without_end_is_exit_code_75(aws: BusyAws) -> None:
    """The requests are bounded, and the code asks for a retry of the job; nothing more is asked of a busy service."""
    aws.turn = throttled
    error = refusal({"many": [f"ssm:///many/{number}" for number in range(12)]})
    assert error.exit_code == 75
    assert aws.asked == ["GetParameters"] * 20
    assert "ssm:///many/0: AWS is too busy (ThrottlingException), after all retries" in str(error)


def test_a_fault_of_the_service_is_asked_again_a_few_times(aws: BusyAws) -> None:
    """A 500 is repeated four times at most, and is 75 too."""
    aws.turn = lambda operation, body: (500, {"__type": "InternalServerError", "message": "no"})
    assert refusal({"token": "ssm:///prod/token"}).exit_code == 75
    assert len(aws.asked) == 4


def test_a_lasting_mistake_beside_throttling_is_78(aws: BusyAws) -> None:
    """A retry would not help: the gravest problem gives the code."""

    def turn(operation: str, body: Mapping[str, Any]) -> Answer | None:
        return throttled(operation, body) if operation.startswith("GetParameter") else None

    aws.turn = turn
    error = refusal({"token": "ssm:///prod/token", "by_host": {"a": "secretsmanager://none"}})
    assert (error.exit_code, len(error.problems)) == (78, 2)


def test_what_the_role_may_not_read_is_77_and_hides_no_other(aws: BusyAws) -> None:
    """A denied batch is asked one by one, so that the one that is denied is named, with AWS's own reason."""

    def turn(operation: str, body: Mapping[str, Any]) -> Answer | None:
        is_denied = "/prod/password" in (body.get("Names") or [body.get("Name")])
        return (
            (400, {"__type": "AccessDeniedException", "message": "job-role may not"}) if is_denied else None
        )

    aws.turn = turn
    error = refusal({"many": ["ssm:///prod/password", "ssm:///prod/token"]})
    assert error.exit_code == 77
    (problem,) = error.problems
    assert str(problem) == (
        "CONFIG_JSON:1:11: many[0]: ssm:///prod/password: the job's role may not read it "
        "(AccessDeniedException: job-role may not)"
    )


def test_a_role_that_may_read_single_secrets_only_is_served(aws: BusyAws) -> None:
    """BatchGetSecretValue needs a permission of its own; without it the secrets are read one by one."""

    def turn(operation: str, body: Mapping[str, Any]) -> Answer | None:
        is_batch = operation == "BatchGetSecretValue"
        return (400, {"__type": "AccessDeniedException", "message": "no"}) if is_batch else None

    aws.turn = turn
    found = load({"many": ["secretsmanager://whole", "secretsmanager://db"]})
    assert found.many[0].get_secret_value() == PLANTED
    assert aws.asked == ["BatchGetSecretValue", "GetSecretValue", "GetSecretValue"]


def test_no_resolve_leaves_references(aws: BusyAws) -> None:
    """A laptop without rights loads the same parameters; a default stays a reference too."""
    found = load({"token": "ssm:///prod/token"}, "--no-resolve")
    assert found.token is not None
    assert found.token.get_secret_value() == "ssm:///prod/token"
    assert aws.asked == []


def test_an_unreachable_service_is_exit_code_75(aws: BusyAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network fault is told as one."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    error = refusal({"token": "ssm:///prod/token"})
    assert error.exit_code == 75
    assert "AWS cannot be reached (EndpointConnectionError)" in str(error)


def test_missing_credentials_and_region_are_told(aws: BusyAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials is 77, no region 78: neither helps a retry."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    error = refusal({"token": "ssm:///prod/token"})
    assert (error.exit_code, "no credentials are found" in str(error)) == (77, True)
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    error = refusal({"token": "ssm:///prod/token"})
    assert (error.exit_code, "no region is known" in str(error)) == (78, True)


def test_a_missing_boto3_is_told(aws: BusyAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra that brings it is named."""
    monkeypatch.setitem(sys.modules, "boto3", None)
    error = refusal({"token": "ssm:///prod/token"})
    assert error.exit_code == 78
    assert str(error).endswith("ssm:///prod/token: boto3 is needed to read it: install batch-params[aws]")


PROGRAM = """
import sys
from pydantic import BaseModel, SecretStr
from batch_params import load_config

class Parameters(BaseModel):
    token: SecretStr

print(load_config(Parameters).token.get_secret_value() == "hunter2-correct-horse")
print("boto3" in sys.modules)
"""


def test_a_job_reads_its_secret_in_a_process_of_its_own(server: dict[str, str]) -> None:
    """The whole way: a reference by a flag, boto3 from the environment, real waiting; explaining asks nobody."""
    with busy_aws(server["AWS_ENDPOINT_URL"]) as door:
        door.throttle(1)
        environ = server | {"AWS_ENDPOINT_URL": door.address}
        argv = [sys.executable, "-c", PROGRAM, "--token", "ssm:///prod/password"]
        done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "True\nTrue\n", "")
        assert door.asked == ["GetParameter", "GetParameter"]
        done = subprocess.run([*argv, "--explain"], env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0
        assert '"ssm:///prod/password"  --token' in done.stdout
        assert len(door.asked) == 2
