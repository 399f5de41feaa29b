"""A job reads the configuration that was submitted, in whichever form it travels."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.carrack.jobs import asked

from batch_params.strict_json import parse
from batch_params.transport import S3Address, unzipped
from carrack.adapters.parameter_file import read_parameters
from carrack.errors import JobError
from carrack.model.jobs.ladder import Carried, carry
from carrack.model.jobs.limits import OVERRIDE_CHARACTERS, OVERRIDE_GOAL, override_length, request_faults

OVERFLOW = "s3://acme-jobs/parameters/"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def variables(carried: Carried) -> dict[str, str]:
    """The variables that the request sets."""
    overrides = carried.request.get("containerOverrides", {})
    return {one["name"]: one["value"] for one in overrides.get("environment", ())}


def arrived(carried: Carried) -> Any:
    """What the job reads, by batch_params' own readers."""
    found = variables(carried)
    (name,) = found
    if name == "CONFIG_JSON_GZ":
        text = unzipped(found[name]).decode()
    elif carried.stored:
        address = S3Address.parse(found[name])
        assert (address.bucket, address.key) == (carried.stored.bucket, carried.stored.key)
        text = address.checked(carried.stored.data).decode()
    else:
        text = found[name]
    parsed = parse(text)
    assert parsed.faults == ()
    return parsed.value


@settings(max_examples=30)
@given(st.dictionaries(st.text(), JSON), st.integers(0, 3000))
def test_the_job_reads_what_was_submitted(document: Mapping[str, Any], padding: int) -> None:
    """In every form, whatever is in it, and from the file on: nothing is lost, rounded or escaped twice."""
    document = {**document, "padding": [f"{n * n:x}" for n in range(padding)]}
    written = json.dumps(document, indent=2).encode()
    carried = carry(asked(), read_parameters("job.json", written), OVERFLOW)
    assert arrived(carried) == document
    assert request_faults(carried.request, asked().definition) == ()


def repeated(count: int) -> dict[str, Any]:
    """A configuration of `count` alike records, which gzip makes small."""
    return {"records": [{"name": "airport", "kind": "string"} for _ in range(count)]}


def noise(count: int) -> dict[str, Any]:
    """A configuration that gzip makes little smaller."""
    letters, state, found = string.ascii_letters + string.digits, 1, []
    for _ in range(count):
        state = state * 6364136223846793005 % 2**64
        found.append(letters[(state >> 40) % 62])
    return {"noise": "".join(found)}


@pytest.mark.parametrize(
    ("document", "name", "stored"),
    [
        ({}, "CONFIG_JSON", False),
        (repeated(50), "CONFIG_JSON", False),
        (repeated(500), "CONFIG_JSON_GZ", False),
        (noise(12_000), "CONFIG_JSON", True),
    ],
)
def test_the_first_form_that_leaves_room(document: dict[str, Any], name: str, stored: bool) -> None:
    """JSON while it can be read, then gzip, then S3; each leaves room for what Batch adds."""
    carried = carry(asked(), document, OVERFLOW)
    assert list(variables(carried)) == [name]
    assert (carried.stored is not None) == stored
    assert override_length(carried.request, asked().definition) <= OVERRIDE_GOAL
    assert arrived(carried) == document


def test_the_address_is_pinned_by_the_content() -> None:
    """So that the same parameters are the same file, and others never take its place."""
    one, again, other = (carry(asked(), noise(n), OVERFLOW).stored for n in (12_000, 12_000, 12_001))
    assert one == again
    assert one is not None
    assert other is not None
    assert one.key.startswith("parameters/")
    assert one.key != other.key


def test_without_an_overflow_there_is_a_note_and_then_a_fault() -> None:
    """Between the goal and the limit it goes, and says so; over the limit it does not."""
    near, over = carry(asked(), noise(7500)), carry(asked(), noise(12_000))
    assert OVERRIDE_GOAL < override_length(near.request, asked().definition) <= OVERRIDE_CHARACTERS
    assert "not documented" in near.note
    assert request_faults(near.request, asked().definition) == ()
    assert over.note == ""
    (fault,) = request_faults(over.request, asked().definition)
    assert "`overflow`" in fault


def test_variables_count_too() -> None:
    """Another variable that is long makes the configuration travel compressed."""
    carried = carry(asked(environment={"LIST": "x" * 6000}), repeated(40))
    assert set(variables(carried)) == {"LIST", "CONFIG_JSON_GZ"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "job.json: is empty"),
        (b'{"a": 1,}', "job.json:1:9: invalid JSON: trailing comma"),
        (b'{"a": 1,\n "a": 2}', "job.json:2:2: a: duplicate key; the first is on line 1"),
        (b'{"a": NaN}', "job.json:1:7: a: NaN and infinite numbers are not JSON"),
        (b'{"a": 1e999}', "job.json:1:7: a: NaN and infinite numbers are not JSON"),
        (b'{"a": 1e-99999999999999999999}', "job.json:1:7: a: has an exponent that no number holds"),
        (b"[1]", "job.json:1:1: must be a JSON object"),
        (b"\xff\xfe{\x00", "job.json: is UTF-16, not UTF-8"),
        (b'{"a": 0.10000000000000000001}', "job.json:1:7: a: has more digits"),
    ],
)
def test_parameters_that_the_job_would_refuse(data: bytes, said: str) -> None:
    """Are refused before it is submitted, by the same reader, with line and column."""
    with pytest.raises(JobError) as caught:
        read_parameters("job.json", data)
    assert said in caught.value.faults[0]


def test_a_mark_of_byte_order_is_no_fault() -> None:
    """Editors write it, and the job reads it."""
    assert read_parameters("job.json", b'\xef\xbb\xbf{"a": 0.10}') == {"a": 0.1}
