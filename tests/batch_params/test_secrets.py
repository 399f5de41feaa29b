"""A secret's value appears in no message, whatever is wrong with it or with what stands around it."""

import json
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    Field,
    Secret,
    SecretBytes,
    SecretStr,
    model_validator,
)
from pydantic_core import PydanticCustomError
from tests.batch_params.unhurried import UNHURRIED

from batch_params import ConfigError, read_config
from batch_params.document import Source, read_document

Refused = Callable[[type[BaseModel], str], list[str]]
PLANTED = "hunter2-correct-horse"


def _loose_tongue(value: Any) -> Any:
    raise ValueError(f"{value!r} is too weak")


def _custom_tongue(value: Any) -> Any:
    raise PydanticCustomError("weak", "{value} is too weak", {"value": value})


class Account(BaseModel):
    """Secrets of several types, under several names."""

    token: SecretStr = SecretStr("")
    key: SecretBytes = SecretBytes(b"")
    pin: Secret[int] = Secret(0)
    pins: list[Secret[int]] = []
    old: SecretStr | None = None
    renamed: SecretStr = Field(default=SecretStr(""), validation_alias=AliasChoices("first", "second"))
    by_host: dict[str, SecretStr] = {}
    by_secret: dict[SecretStr, int] = {}
    checked: Annotated[
        Secret[str], AfterValidator(lambda secret: _loose_tongue(secret.get_secret_value()))
    ] = Secret("")


class Job(BaseModel):
    """A model that holds secrets deeper down."""

    name: str = ""
    account: Account = Account()
    accounts: list[Account] = []


@pytest.mark.parametrize(
    ("member", "problem"),
    [
        ('"token": ["hunter2"]', "account.token: must be a valid string, not an array"),
        ('"token": {"hunter2": 1}', "account.token: must be a valid string, not an object"),
        ('"token": {"hunter2": 1, "hunter2": 2}', "account.token: duplicate key; the first is on line 1"),
        ('"token": 12345', "account.token: must be a valid string, not an integer"),
        ('"key": ["hunter2"]', "account.key: must be a valid bytes, not an array"),
        ('"pin": "hunter2"', "account.pin: must be a valid integer, not a string"),
        ('"pins": [1, "hunter2"]', "account.pins[1]: must be a valid integer, not a string"),
        ('"old": ["hunter2"]', "account.old: must be a valid string, not an array"),
        ('"second": ["hunter2"]', "account.second: must be a valid string, not an array"),
        ('"by_host": {"db": ["hunter2"]}', "account.by_host.db: must be a valid string, not an array"),
        ('"by_secret": {"hunter2": "x"}', "account.by_secret: must be a valid integer, not a string"),
        ('"tokne": "hunter2"', "account.tokne: unknown key; did you mean 'token'?"),
        (
            '"checked": "hunter2"',
            "account.checked: is refused by the model; the reason is withheld because it could show a secret",
        ),
    ],
)
def test_a_secret_of_the_wrong_kind_is_not_shown(refused: Refused, member: str, problem: str) -> None:
    """The key and the kind are named; the value, and keys inside it, are not."""
    lines = refused(Job, f'{{"account": {{{member}}}}}')
    assert problem in [line.partition(": ")[2] for line in lines]
    assert "hunter2" not in "\n".join(lines)
    assert "12345" not in "\n".join(lines)


class Blabbing(BaseModel):
    """A model whose own check repeats all of its input."""

    limit: int = 0
    token: Any = None
    secret: SecretStr = SecretStr("")

    @model_validator(mode="before")
    @classmethod
    def _blab(cls, data: Any) -> Any:
        raise ValueError(f"cannot use {data}")


@pytest.mark.parametrize(
    "text",
    [
        '{"secret": "hunter2"}',
        '{"secret": ["hunter2", 3]}',
        '{"secret": {"hunter2": null}}',
        r'{"secret": "hunter2\n\"\\"}',
        '{"secret": 4711}',
        '{"serect": "hunter2"}',
    ],
)
def test_a_models_message_that_quotes_a_secret_is_withheld(refused: Refused, text: str) -> None:
    """Where a root validator repeats a secret of its raw input, misspelt key or not, it is replaced."""
    (line,) = refused(Blabbing, text)
    assert line.endswith("the reason is withheld because it could show a secret")


def test_a_models_message_without_a_secret_is_kept(refused: Refused) -> None:
    """Withholding is for secrets only: what a validator says about other values reaches the user."""
    assert refused(Blabbing, '{"limit": 3}') == ["CONFIG_JSON:1:1: cannot use {'limit': 3}"]


def test_a_part_of_a_secret_is_as_secret(refused: Refused) -> None:
    """A message that quotes a long secret only in part, as pydantic shortens it, is withheld too."""

    class Shortening(BaseModel):
        secret: SecretStr

        @model_validator(mode="before")
        @classmethod
        def _shorten(cls, data: dict[str, str]) -> Any:
            raise ValueError(f"starts with {data['secret'][:12].upper()}")

    (line,) = refused(Shortening, f'{{"secret": "{PLANTED}"}}')
    assert line.endswith("could show a secret")


def test_what_a_secrets_own_check_says_is_withheld_whole(refused: Refused) -> None:
    """A validator on the secret itself may show it in any disguise, so its words are never passed on."""

    class Reversing(BaseModel):
        pin: Annotated[Secret[int], AfterValidator(lambda pin: _loose_tongue(f"{pin.get_secret_value():x}"))]

    assert refused(Reversing, '{"pin": 48879}') == [
        "CONFIG_JSON:1:9: pin: is refused by the model; the reason is withheld because it could show a secret"
    ]


def test_an_error_type_of_the_models_own_may_quote_as_well(refused: Refused) -> None:
    """Errors that a model makes without ValueError are held to the same rule."""

    class Custom(BaseModel):
        name: Annotated[str, AfterValidator(_custom_tongue)]
        secret: SecretStr

    assert refused(Custom, '{"name": "nobody", "secret": "hunter2"}') == [
        "CONFIG_JSON:1:10: name: nobody is too weak"
    ]
    (line,) = refused(Custom, '{"name": "my hunter2", "secret": "hunter2"}')
    assert "hunter2" not in line


def test_neither_source_nor_document_shows_its_content() -> None:
    """The values that travel inside have reprs without text, should one end up in a log."""
    source = Source(name="CONFIG_JSON", data=b'{"secret": "hunter2"}')
    assert "hunter2" not in repr(source)
    assert "hunter2" not in repr(read_document(source))


SHAPES = st.recursive(
    st.just(PLANTED) | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just(PLANTED), inner),
    max_leaves=5,
)
FIELDS = st.sampled_from(
    ["token", "key", "pin", "pins", "old", "first", "second", "checked", "serect", "by_secret"]
)


@UNHURRIED
@given(st.dictionaries(FIELDS, SHAPES, min_size=1), st.booleans(), st.booleans())
def test_a_planted_secret_never_appears(fields: dict[str, Any], doubled: bool, broken: bool) -> None:
    """However secrets are mistyped, nested, doubled, misspelt or cut off, no message holds them."""
    text = json.dumps({"account": fields, "accounts": [fields, 3], "nmae": 1})
    text = text.replace('"nmae"', '"accounts": 3, "nmae"') if doubled else text
    text = text[: -len(text) // 3] if broken else text
    with pytest.raises(ConfigError) as refusal:
        read_config(Job, [], {"CONFIG_JSON": text})
    assert PLANTED not in str(refusal.value)
