"""Variables with a prefix of the job's own: opt-in, nested by two underscores, none of them ignored."""

import json

import pytest
from pydantic import BaseModel, Field, SecretStr

from batch_params import ConfigError, read_config
from batch_params.exported import exported
from batch_params.shape import Shape
from batch_params.shard import Shard, shard


class Storage(BaseModel):
    """A nested model."""

    bucket_name: str = ""
    cache: bool = True


class Parameters(BaseModel):
    """Keys of several types."""

    batch_size: int = 1
    maxRows: int = 1  # noqa: N815
    renamed: int = Field(default=1, alias="rowLimit")
    tags: list[str] = []
    storage: Storage = Storage()
    token: SecretStr | None = None


def load(environ: dict[str, str]) -> Parameters:
    """Load with the prefix."""
    return read_config(Parameters, [], environ, env_prefix="APP_")


def refused(environ: dict[str, str]) -> list[str]:
    """Give what a user sees; the code is 78."""
    with pytest.raises(ConfigError) as caught:
        load(environ)
    assert caught.value.exit_code == 78
    return str(caught.value).splitlines()


def test_variables_are_read_as_their_keys_ask() -> None:
    """Names are upper case with a word's parts joined by one underscore and keys by two; texts are read as of flags."""
    found = load(
        {
            "APP_BATCH_SIZE": "3",
            "APP_MAX_ROWS": "4",
            "APP_ROW_LIMIT": "5",
            "APP_TAGS": '["a"]',
            "APP_STORAGE__BUCKET_NAME": "b",
            "APP_STORAGE__CACHE": "off",
            "APP_TOKEN": "hunter2",
        }
    )
    storage = Storage(bucket_name="b", cache=False)
    assert (found.batch_size, found.maxRows, found.renamed, found.tags, found.storage) == (
        3,
        4,
        5,
        ["a"],
        storage,
    )
    assert found.token is not None
    assert found.token.get_secret_value() == "hunter2"


def test_without_a_prefix_no_variable_is_looked_at() -> None:
    """A job that does not ask for them has no such source."""
    with pytest.raises(ConfigError, match="none are given"):
        read_config(Parameters, [], {"APP_BATCH_SIZE": "3", "BATCH_SIZE": "3"})


def test_an_unknown_variable_is_refused() -> None:
    """A mistyped name is not ignored; case counts; all are named."""
    assert refused({"APP_BATCHSIZE": "1", "APP_batch_size": "1", "APP_QQQ": "1", "OTHER": "1"}) == [
        "APP_BATCHSIZE: unknown variable; did you mean APP_BATCH_SIZE?",
        "APP_QQQ: unknown variable; --help lists the keys",
        "APP_batch_size: unknown variable; did you mean APP_BATCH_SIZE?",
    ]


class Alike(BaseModel):
    """Two keys that spell the same in words."""

    inputPath: str = ""  # noqa: N815
    input_path: str = ""


def test_of_two_keys_that_spell_alike_the_first_has_flag_and_variable() -> None:
    """The other is given in JSON; `--schema` names neither for it."""
    environ = {"APP_INPUT_PATH": "variable", "CONFIG_JSON": '{"input_path": "json"}'}
    assert read_config(Alike, [], environ, env_prefix="APP_") == Alike(
        inputPath="variable", input_path="json"
    )
    by_flag = read_config(Alike, ["--input-path", "flag"], environ, env_prefix="APP_")
    assert by_flag == Alike(inputPath="flag", input_path="json")
    schema = json.loads(exported(Shape.of(Alike), "APP_"))
    assert schema["x-sources"] == {"inputPath": {"flag": "--input-path", "env": "APP_INPUT_PATH"}}


def test_a_wrong_value_names_the_variable() -> None:
    """The variable, the key and what is expected; JSON has its line and column."""
    assert refused({"APP_BATCH_SIZE": "3.5", "APP_STORAGE__CACHE": "perhaps", "APP_TAGS": '["a", 1]'}) == [
        "APP_TAGS:1:7: tags[1]: must be a valid string, not an integer",
        "APP_STORAGE__CACHE: storage.cache: must be a valid boolean",
        "APP_BATCH_SIZE: batch_size: must be a valid integer, not a number with a fraction or an exponent",
    ]


def test_a_key_given_whole_and_in_part_is_refused() -> None:
    """Two variables for one key do not win over one another."""
    assert refused({"APP_STORAGE": "{}", "APP_STORAGE__CACHE": "true"}) == [
        "APP_STORAGE__CACHE: storage.cache: is a part of what APP_STORAGE gives already"
    ]


def test_config_json_is_no_prefixed_variable() -> None:
    """A prefix that CONFIG_JSON happens to begin with does not make it unknown."""
    found = read_config(Parameters, [], {"CONFIG_JSON": '{"batch_size": 2}'}, env_prefix="CONFIG_")
    assert found.batch_size == 2


def test_the_share_of_an_array_is_no_prefixed_variable() -> None:
    """Failed children that run again are told theirs in variables that begin with CARRACK_."""
    environ = {"CARRACK_SHARD_MAP": "3", "CARRACK_SHARD_COUNT": "5", "CARRACK_BATCH_SIZE": "2"}
    assert read_config(Parameters, [], environ, env_prefix="CARRACK_").batch_size == 2
    assert shard(environ) == Shard(index=3, count=5)


@pytest.mark.parametrize("prefix", ["", "APP", "app_", "AWS_", "AWS_BATCH_", "_", "A__B_", "1_"])
def test_an_impossible_prefix_is_a_bug_of_the_job(prefix: str) -> None:
    """AWS Batch refuses variables of ours that begin as its own; an empty prefix would claim every variable."""
    with pytest.raises(ValueError, match="is no prefix such as 'APP_'"):
        read_config(Parameters, [], {}, env_prefix=prefix)
