"""How a configuration travels: what the submitting side writes, the job reads; what was damaged is refused."""

import base64
import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from tests.batch_params.unhurried import UNHURRIED
from tests.carrack.aws_server import aws_server

from batch_params import ConfigError, read_config
from batch_params.transport import (
    MAX_BYTES,
    S3Address,
    TransportError,
    compact,
    inline,
    pointing,
    stored,
    unzipped,
    zipped,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
DOCUMENTS = st.dictionaries(st.text(), JSON)
SHA256 = "0" * 64


class Anything(BaseModel, extra="allow"):
    """A model that takes every object."""


class Parameters(BaseModel):
    """One key."""

    size: int = 1


def refused(environ: dict[str, str], *argv: str) -> str:
    """Give what a user sees; the code is 78."""
    with pytest.raises(ConfigError) as caught:
        read_config(Parameters, argv, environ)
    assert caught.value.exit_code == 78
    return str(caught.value)


@UNHURRIED
@given(DOCUMENTS)
def test_what_is_written_is_read(document: dict[str, Any]) -> None:
    """Both forms of a variable give the same object back."""
    for environ in (inline(document), zipped(document)):
        assert read_config(Anything, [], environ).model_extra == document


def test_json_is_as_short_as_it_can_be() -> None:
    """No white space, and other scripts as themselves: AWS counts characters."""
    assert inline({"a": [1, "日本"]}) == {"CONFIG_JSON": '{"a":[1,"日本"]}'}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_json_is_not_written(value: float) -> None:
    """NaN is refused before the job is submitted."""
    with pytest.raises(ValueError, match="JSON"):
        compact({"a": value})


def test_the_compressed_form_is_the_same_each_time() -> None:
    """No time and no system is in it, so that equal jobs are equal requests."""
    packed = base64.b64decode(zipped({"a": 1})["CONFIG_JSON_GZ"])
    assert packed[4:8] == b"\0\0\0\0"
    assert packed[9] == 255
    assert gzip.decompress(packed) == b'{"a":1}'


def test_other_gzips_are_read() -> None:
    """What `gzip | base64` of a shell makes, with a name and a time in it, is the same."""
    buffer = io.BytesIO()
    with gzip.GzipFile("job.json", "wb", fileobj=buffer) as file:
        file.write(b'{"size": 2}')
    environ = {"CONFIG_JSON_GZ": base64.b64encode(buffer.getvalue()).decode()}
    assert read_config(Parameters, [], environ).size == 2


def test_problems_are_placed_in_what_was_unpacked() -> None:
    """Line and column are those of the JSON text."""
    assert refused(zipped({"size": "x"})).startswith("CONFIG_JSON_GZ:1:9: size: must be")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is not one whole gzip member"),
        ("%", "is not base64"),
        ("é", "is not base64"),
        (base64.b64encode(b"{}").decode(), "is not gzip"),
        (base64.b64encode(gzip.compress(b"{}", mtime=0)[:-1]).decode(), "is not one whole gzip member"),
        (base64.b64encode(gzip.compress(b"{}", mtime=0) + b"x").decode(), "is not one whole gzip member"),
        (
            base64.b64encode(gzip.compress(b"{}", mtime=0)[:-6] + b"abcdef").decode(),
            "is not gzip, or was damaged",
        ),
    ],
)
def test_a_damaged_variable_is_refused(text: str, why: str) -> None:
    """Whatever is wrong with it is said, and nothing is guessed."""
    assert refused({"CONFIG_JSON_GZ": text}).startswith(f"CONFIG_JSON_GZ: {why}")


def test_a_bomb_is_refused() -> None:
    """What unpacks to more than 16 MiB is not unpacked further; exactly that much still is."""
    bomb = base64.b64encode(gzip.compress(b" " * (MAX_BYTES + 1))).decode()
    assert len(bomb) < 32_768
    assert refused({"CONFIG_JSON_GZ": bomb}) == "CONFIG_JSON_GZ: unpacks to more than 16 MiB"
    assert len(unzipped(base64.b64encode(gzip.compress(b" " * MAX_BYTES)).decode())) == MAX_BYTES


def test_both_forms_at_once_are_refused() -> None:
    """Neither wins silently."""
    assert refused(inline({}) | zipped({})) == (
        "CONFIG_JSON: is set, and so is CONFIG_JSON_GZ; set one of them"
    )


@UNHURRIED
@given(DOCUMENTS, st.sampled_from(["", "jobs/"]))
def test_the_address_of_a_stored_object_pins_it(document: dict[str, Any], prefix: str) -> None:
    """The key is the hash, the address says it again, and other bytes are refused there."""
    address, data = stored(document, bucket="b", prefix=prefix)
    sha256 = hashlib.sha256(data).hexdigest()
    assert str(address) == f"s3://b/{prefix}{sha256}.json#sha256={sha256}"
    assert S3Address.parse(str(address)) == address
    assert json.loads(address.checked(data)) == document
    with pytest.raises(TransportError, match="another SHA-256"):
        address.checked(data + b" ")


def test_an_unpinned_address_is_not_written() -> None:
    """A job would refuse it."""
    with pytest.raises(ValueError, match="no #sha256="):
        pointing(S3Address(bucket="b", key="k"))


@pytest.mark.parametrize(
    "text", ["s3://", "s3://b", "s3://b/", "s3:///k", "s3://b/k#sha256=1", "s3://b/k#", "x"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """Both the bucket and the key are needed, and a whole hash where there is one."""
    with pytest.raises(TransportError):
        S3Address.parse(text)


@pytest.fixture(scope="module")
def aws() -> Iterator[Any]:
    """Give S3's and SSM's client factory of a server that this process's boto3 finds."""
    with aws_server() as environ, pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        boto3.client("s3").create_bucket(
            Bucket="jobs", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        yield boto3.client
        patch.setattr(boto3, "DEFAULT_SESSION", None)


def put(aws: Any, key: str, data: bytes) -> None:
    """Store an object."""
    aws("s3").put_object(Bucket="jobs", Key=key, Body=data)


def test_a_stored_object_is_read(aws: Any) -> None:
    """The variable leads to S3, and problems are placed in the object there."""
    address, data = stored({"size": 2}, bucket="jobs", prefix="nightly/")
    put(aws, address.key, data)
    assert read_config(Parameters, [], pointing(address)).size == 2
    address, data = stored({"size": "x"}, bucket="jobs")
    put(aws, address.key, data)
    assert refused(pointing(address)).startswith(f"s3://jobs/{address.key}:1:9: size: must be")


def test_a_changed_object_is_refused(aws: Any) -> None:
    """What was submitted runs, or nothing does."""
    address, data = stored({"size": 2}, bucket="jobs")
    put(aws, address.key, data.replace(b"2", b"3"))
    assert refused(pointing(address)) == (
        "CONFIG_JSON: has another SHA-256 than the address says: it was changed since"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("s3://jobs/unpinned.json", "s3://jobs/unpinned.json has no #sha256="),
        ("s3://jobs", "is not s3://bucket/key"),
        (f"s3://jobs/none#sha256={SHA256}", f"s3://jobs/none#sha256={SHA256}: does not exist (NoSuchKey)"),
        (f"s3://none/none#sha256={SHA256}", f"s3://none/none#sha256={SHA256}: does not exist (NoSuchBucket)"),
    ],
)
def test_a_variable_that_leads_nowhere_is_refused(aws: Any, text: str, why: str) -> None:
    """An address without its hash is not even asked for; what is absent is named."""
    assert refused({"CONFIG_JSON": text}).startswith(f"CONFIG_JSON: {why}")


def test_the_flag_reads_objects_and_parameters(aws: Any) -> None:
    """A person may leave the hash out; one that is written is checked. SSM holds JSON as well."""
    data = b'{"size": 4}'
    put(aws, "own.json", data)
    pinned = f"s3://jobs/own.json#sha256={hashlib.sha256(data).hexdigest()}"
    assert read_config(Parameters, ["--param-json", "s3://jobs/own.json"], {}).size == 4
    assert read_config(Parameters, ["--param-json", pinned], {}).size == 4
    wrong = f"s3://jobs/own.json#sha256={SHA256}"
    assert "another SHA-256" in refused({}, "--param-json", wrong)
    aws("ssm").put_parameter(Name="/jobs/nightly", Value='{"size": "x"}', Type="String")
    assert refused({}, "--param-json", "ssm:///jobs/nightly") == (
        "ssm:///jobs/nightly:1:10: size: must be a valid integer, not a string"
    )
    assert refused({}, "--param-json", "ssm://none").startswith("ssm://none: does not exist")
    assert refused({}, "--param-json", "ssm://") == "ssm://: is not ssm://name"
    assert refused({}, "--param-json", "s3://jobs").startswith("s3://jobs: is not s3://bucket/key")


def test_an_object_larger_than_any_configuration_is_refused(aws: Any) -> None:
    """It is not read to its end."""
    put(aws, "large.json", b" " * (MAX_BYTES + 1))
    message = refused({}, "--param-json", "s3://jobs/large.json")
    assert message == "s3://jobs/large.json: is larger than 16 MiB"
