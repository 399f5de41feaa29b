"""Which share of an array job's work a process has."""

import pytest

from batch_params import ConfigError
from batch_params.shard import Shard, shard


def environ(child: str = "", shards: str | None = None, count: str | None = None) -> dict[str, str]:
    """The variables of child `i/n`, if any, and of a map, if any."""
    index, _, size = child.partition("/")
    given = {
        "AWS_BATCH_JOB_ARRAY_INDEX": index or None,
        "AWS_BATCH_JOB_ARRAY_SIZE": size or None,
        "CARRACK_SHARD_MAP": shards,
        "CARRACK_SHARD_COUNT": count,
    }
    return {name: value for name, value in given.items() if value is not None}


@pytest.mark.parametrize(
    ("variables", "index", "count"),
    [
        (environ(), 0, 1),
        (environ("0/2"), 0, 2),
        (environ("9999/10000"), 9999, 10000),
        (environ("1/3", "[4, 7, 9]", "10"), 7, 10),
        (environ("1/3", "4,7,9", "10"), 7, 10),
        (environ("2/4", "0,7-9", "10"), 8, 10),
        (environ("", "[7]", "10"), 7, 10),
        (environ("", "7", "10"), 7, 10),
    ],
)
def test_a_child_knows_its_shard(variables: dict[str, str], index: int, count: int) -> None:
    """By its index; by the map where failed children run again; and a single one of these is no array."""
    assert shard(variables) == Shard(index=index, count=count)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (environ("2/2"), "AWS_BATCH_JOB_ARRAY_INDEX: is 2, and there are 2 children"),
        (environ("1"), "AWS_BATCH_JOB_ARRAY_INDEX: comes with AWS_BATCH_JOB_ARRAY_SIZE, and neither"),
        (environ("x/2"), "AWS_BATCH_JOB_ARRAY_INDEX: must be a whole number from 0 to 10000"),
        (environ("0/0"), "AWS_BATCH_JOB_ARRAY_SIZE: must be a whole number from 1 to 10000"),
        (environ("0/2", "[1, 2]"), "CARRACK_SHARD_MAP: comes with CARRACK_SHARD_COUNT, and neither"),
        (environ("", None, "10"), "CARRACK_SHARD_MAP: comes with CARRACK_SHARD_COUNT, and neither"),
        (environ("0/2", "[1]", "10"), "CARRACK_SHARD_MAP: names 1 shards for 2 children"),
        (environ("", "1-2", "10"), "CARRACK_SHARD_MAP: names 2 shards for 1 children"),
        (environ("0/2", "[1, 1]", "10"), "CARRACK_SHARD_MAP: names a shard twice"),
        (environ("0/2", "[1, 10]", "10"), "CARRACK_SHARD_MAP: names shard 10, and CARRACK_SHARD_COUNT is 10"),
        (environ("0/2", "[1, true]", "10"), "CARRACK_SHARD_MAP: must be a JSON list of whole numbers"),
        (environ("0/2", "5-", "10"), "CARRACK_SHARD_MAP: must be a JSON list of whole numbers"),
        (environ("0/2", "", "10"), "CARRACK_SHARD_MAP: must be a JSON list of whole numbers"),
        (environ("0/2", "9-3,1-2", "10"), "CARRACK_SHARD_MAP: must be a JSON list of whole numbers"),
    ],
)
def test_variables_that_contradict_themselves_are_refused(variables: dict[str, str], said: str) -> None:
    """A child that guessed would do another's work, or nobody's: one sentence, exit code 78."""
    with pytest.raises(ConfigError) as raised:
        shard(variables)
    assert raised.value.exit_code == 78
    assert str(raised.value).startswith(said)
