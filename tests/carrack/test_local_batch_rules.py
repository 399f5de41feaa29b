"""The rules of jobs on this machine that need no process: retries, placeholders, what is told, pages of logs."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carrack.adapters.local_batch.logs import PAGE_BYTES, LogTimes, page, stream_name, stream_parts
from carrack.model.jobs.ending import NOT_STARTED, Ending, is_retried
from carrack.model.jobs.local_job import (
    child_of,
    faults,
    new_job,
    requirements,
    variables,
)

DEFINITION: dict[str, Any] = {
    "jobDefinitionName": "pipeline",
    "revision": 3,
    "parameters": {"day": "monday", "place": "here"},
    "retryStrategy": {"attempts": 2},
    "tags": {"team": "one"},
    "containerProperties": {
        "image": "an-image",
        "command": ["app", "--day", "Ref::day"],
        "environment": [{"name": "A", "value": "definition"}, {"name": "B", "value": "definition"}],
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}],
    },
}
REQUEST: dict[str, Any] = {"jobName": "nightly", "jobQueue": "arn:aws:batch:::job-queue/low"}
FAILED = Ending(exit_code=1)


def job(**request: Any) -> dict[str, Any]:
    """A job of DEFINITION, as it is told when it was submitted."""
    return new_job(DEFINITION, {**REQUEST, **request}, "id", 7)


def strategy(*rules: dict[str, str], attempts: int = 10) -> dict[str, Any]:
    """A RetryStrategy."""
    return {"attempts": attempts, "evaluateOnExit": list(rules)}


def rule(action: str, **conditions: str) -> dict[str, str]:
    """A rule of a RetryStrategy."""
    return {"action": action, **conditions}


@pytest.mark.parametrize(
    ("told", "attempt", "ending", "retried"),
    [
        ({}, 1, FAILED, False),
        ({"attempts": 3}, 2, FAILED, True),
        ({"attempts": 3}, 3, FAILED, False),
        ({"attempts": 3}, 1, Ending(exit_code=0), False),
        ({"attempts": 3}, 1, Ending(exit_code=0, stopped=True), False),
        ({"attempts": 3}, 1, Ending(exit_code=143, stopped=True), False),
        (strategy(rule("EXIT", onExitCode="2")), 1, FAILED, True),
        (strategy(rule("EXIT", onExitCode="1*")), 1, Ending(exit_code=137), False),
        (strategy(rule("EXIT", onExitCode="1")), 1, Ending(exit_code=137), True),
        (strategy(rule("RETRY", onExitCode="1"), rule("EXIT", onReason="*")), 1, FAILED, True),
        (strategy(rule("EXIT", onReason="*"), rule("RETRY", onExitCode="1")), 1, FAILED, False),
        (strategy(rule("exit", onReason="*")), 1, FAILED, False),
        (strategy(rule("EXIT", onReason="*", onExitCode="2")), 1, FAILED, True),
        (strategy(rule("EXIT", onReason="Out*memory")), 1, Ending(exit_code=1, reason="Out of memory"), True),
        (
            strategy(rule("EXIT", onReason="OutOf*")),
            1,
            Ending(exit_code=137, reason="OutOfMemoryError"),
            False,
        ),
        (
            strategy(rule("EXIT", onReason="outof*")),
            1,
            Ending(exit_code=137, reason="OutOfMemoryError"),
            True,
        ),
        (
            strategy(rule("EXIT", onStatusReason="Task failed to start")),
            1,
            Ending(status_reason=NOT_STARTED),
            False,
        ),
        (strategy(rule("EXIT", onExitCode="*")), 1, Ending(status_reason=NOT_STARTED, reason="x"), False),
    ],
)
def test_the_first_rule_that_matches_decides(
    told: dict[str, Any], attempt: int, ending: Ending, retried: bool
) -> None:
    """In their order; an asterisk only at the end; no match is another attempt; what was stopped gets none."""
    assert is_retried(told, attempt, ending) is retried


def told_by_hand(told: dict[str, Any], attempt: int, code: int, reason: str) -> bool:
    """The same rule, in the documentation's order and with other means."""
    left = range(attempt, told["attempts"])
    for one in told["evaluateOnExit"]:
        wanted = [(one.get("onExitCode"), str(code)), (one.get("onReason"), reason)]
        said = [(pattern, text) for pattern, text in wanted if pattern is not None]
        starred = [text[: len(pattern) - 1] == pattern[:-1] for pattern, text in said if pattern[-1:] == "*"]
        plain = [text == pattern for pattern, text in said if pattern[-1:] != "*"]
        if not {False} & {*starred, *plain}:
            return one["action"] == "RETRY" and len(left) > 0
    return len(left) > 0


CODES = st.integers(min_value=1, max_value=255)
RULES = st.builds(
    lambda action, code, reason: {
        "action": action,
        **({"onExitCode": code} if code is not None else {}),
        **({"onReason": reason} if reason is not None else {}),
    },
    st.sampled_from(["RETRY", "EXIT"]),
    st.none() | st.from_regex(r"[1-9]{0,3}\*?", fullmatch=True),
    st.none() | st.from_regex(r"[ab:]{0,3}\*?", fullmatch=True),
)


@given(st.lists(RULES, max_size=5), st.integers(1, 10), st.integers(1, 10), CODES, st.text("ab:", max_size=4))
def test_rules_are_what_the_documentation_says(
    rules: list[dict[str, str]], attempts: int, attempt: int, code: int, reason: str
) -> None:
    """Against a second telling of the same paragraph."""
    told = strategy(*rules, attempts=attempts)
    ending = Ending(exit_code=code, reason=reason)
    assert is_retried(told, attempt, ending) is told_by_hand(told, attempt, code, reason)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["--day=Ref::day"], "must be a whole argument"),
        (["Ref::dayRef::day"], "must be a whole argument"),
        (["Ref::night"], "Ref::night has no default, and nothing was given"),
        (["Ref::empty"], "empty is empty"),
        (["Ref::day", ""], "an empty argument"),
    ],
)
def test_a_placeholder_that_would_stay_is_a_fault(command: list[str], said: str) -> None:
    """What AWS Batch would pass on as it is, or refuse, is told before anything runs."""
    parameters = {"empty": ""} if "Ref::empty" in command else {}
    found = list(faults(job(containerOverrides={"command": command}, parameters=parameters), {}))
    assert said in found[0]


def test_a_request_overrides_its_definition() -> None:
    """Parameters, variables and resources one by one; a command, a retry strategy and a timeout as a whole."""
    told = job(
        parameters={"day": "friday"},
        retryStrategy={"attempts": 5},
        tags={"who": "me"},
        containerOverrides={
            "command": ["other"],
            "environment": [{"name": "B", "value": "request"}, {"name": "C", "value": "request"}],
            "resourceRequirements": [{"type": "MEMORY", "value": "128"}],
        },
    )
    assert told["parameters"] == {"day": "friday", "place": "here"}
    assert (told["retryStrategy"], told["tags"]) == ({"attempts": 5}, {"team": "one", "who": "me"})
    assert told["container"]["command"] == ["other"]
    assert requirements(told["container"]) == {"VCPU": "1", "MEMORY": "128"}
    environment = {one["name"]: one["value"] for one in told["container"]["environment"]}
    assert environment == {"A": "definition", "B": "request", "C": "request"}
    assert (told["status"], told["createdAt"], told["jobDefinition"]) == ("SUBMITTED", 7, "pipeline:3")


def test_resources_are_also_said_the_older_way() -> None:
    """`vcpus` and `memory` count where no requirement of the type is there."""
    newer = [{"type": "MEMORY", "value": "9"}]
    assert requirements({"vcpus": 2, "memory": 8}) == {"VCPU": "2", "MEMORY": "8"}
    assert requirements({"memory": 8, "resourceRequirements": newer}) == {"MEMORY": "9"}


def test_batchs_own_variables_cannot_be_overridden() -> None:
    """Only an array's children have an index and a size; attempts begin at 1."""
    told = job(containerOverrides={"environment": [{"name": "AWS_BATCH_JOB_ID", "value": "mine"}]})
    own = {
        "AWS_BATCH_CE_NAME": "here",
        "AWS_BATCH_JOB_ATTEMPT": "1",
        "AWS_BATCH_JOB_ID": "id",
        "AWS_BATCH_JQ_NAME": "low",
    }
    assert variables(told, 1, None, "here") == {"A": "definition", "B": "definition", **own}
    child = child_of(job(arrayProperties={"size": 3}), 2, None)
    array = {"AWS_BATCH_JOB_ARRAY_INDEX": "2", "AWS_BATCH_JOB_ARRAY_SIZE": "3", "AWS_BATCH_JOB_ID": "id:2"}
    assert variables(child, 1, 3, "here").items() >= array.items()


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"arrayProperties": {"size": 1}}, "arrayProperties.size: 1 is not between 2 and 10,000"),
        ({"arrayProperties": {"size": 10_001}}, "arrayProperties.size: 10001 is not between"),
        ({"dependsOn": [{"jobId": "array"}] * 21}, "dependsOn: 21 jobs; Batch takes 20"),
        ({"dependsOn": [{"jobId": "no"}]}, "dependsOn[0]: there is no job no on this machine"),
        ({"dependsOn": [{"type": "SEQUENTIAL"}]}, "SEQUENTIAL is for an array"),
        ({"dependsOn": [{"jobId": "array", "type": "N_TO_N"}]}, "N_TO_N is for two arrays of one size"),
        (
            {"arrayProperties": {"size": 2}, "dependsOn": [{"jobId": "array", "type": "N_TO_N"}]},
            "N_TO_N is for two arrays of one size; array has 3",
        ),
        (
            {"arrayProperties": {"size": 2}, "dependsOn": [{"jobId": "plain", "type": "N_TO_N"}]},
            "N_TO_N is for two arrays of one size; plain has none",
        ),
    ],
)
def test_what_no_job_can_be_is_a_fault(request_: dict[str, Any], said: str) -> None:
    """Sizes of arrays, and dependencies that can never be met."""
    known = {"array": {"arrayProperties": {"size": 3}}, "plain": {}}
    assert said in " ".join(faults(job(**request_), known))


def test_dependencies_that_can_be_met_are_no_fault() -> None:
    """One job, an array's counterpart, and the array's own order."""
    kinds = [{"jobId": "array"}, {"jobId": "array", "type": "N_TO_N"}, {"type": "SEQUENTIAL"}]
    known = {"array": {"arrayProperties": {"size": 3}}}
    assert list(faults(job(arrayProperties={"size": 3}, dependsOn=kinds), known)) == []


def test_a_child_that_never_began_is_what_its_parent_says() -> None:
    """Runnable or pending with the array; failed with it, for its reason; and what others had is not its own."""
    parent = {**job(arrayProperties={"size": 2}), "startedAt": 8}
    assert child_of(parent, 1, None)["status"] == "SUBMITTED"
    pending = {**parent, "status": "PENDING"}
    assert child_of(pending, 1, None)["status"] == "PENDING"
    pending["arrayProperties"] = {"size": 2, "statusSummary": {"RUNNABLE": 1}}
    assert child_of(pending, 1, None)["status"] == "RUNNABLE"
    failed = {**parent, "status": "FAILED", "statusReason": "why", "isTerminated": True}
    child = child_of(failed, 1, None)
    assert (child["status"], child["statusReason"], child["isTerminated"]) == ("FAILED", "why", True)
    good = child_of(failed, 0, {"status": "SUCCEEDED", "attempts": [], "container": {"exitCode": 0}})
    assert {"statusReason", "isTerminated", "startedAt"}.isdisjoint(good)
    assert (good["container"]["exitCode"], good["container"]["image"]) == (0, "an-image")


def test_a_log_comes_in_pages(tmp_path: Path) -> None:
    """Each page says where the next begins; the same again, and no lines, where no more are there yet."""
    log = tmp_path / "job.1.log"
    log.write_bytes(b"one\ntwo\nhal")
    LogTimes(log).note(5)
    first = page(log, None, ended=False)
    assert [text for _, text in first.lines] == ["one", "two"]
    assert {stamp for stamp, _ in first.lines} == {5}
    again = page(log, first.token, ended=False)
    assert (again.lines, again.token) == ([], first.token)
    assert [text for _, text in page(log, first.token, ended=True).lines] == ["hal"]


def test_a_line_has_the_time_at_which_it_was_seen(tmp_path: Path) -> None:
    """The first at which all of it was there."""
    log = tmp_path / "job.1.log"
    times = LogTimes(log)
    for now, text in ((1, b"a\n"), (2, b""), (3, b"b"), (4, b"\nc\n")):
        with log.open("ab") as file:
            file.write(text)
        times.note(now)
    assert page(log, None, ended=True).lines == [(1, "a"), (4, "b"), (4, "c")]


@settings(max_examples=25)
@given(st.lists(st.binary(min_size=1, max_size=40), max_size=20), st.integers(0, 3))
def test_no_byte_of_a_log_is_lost(texts: list[bytes], long: int) -> None:
    """Whatever is written, page after page has it, lines of megabytes included."""
    written = b"\n".join([*texts, b"x" * (PAGE_BYTES // 2) * long])
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "job.1.log"
        log.write_bytes(written)
        read, token = 0, None
        for _ in range(100):
            told = page(log, token, ended=True)
            if not told.lines:
                break
            assert int(told.token or 0) > read
            read, token = int(told.token or 0), told.token
        assert read == len(written)


def test_a_stream_has_a_name_of_batchs_form() -> None:
    """The definition, `default`, and what stands for the task; other names are not ours."""
    id = "0" * 8 + "-0000-0000-0000-" + "0" * 12
    name = stream_name("pipeline:3", id, "7", 2)
    assert name == f"pipeline/default/{id}.7.2"
    assert stream_parts(name) == (id, "7", 2)
    assert stream_parts(f"pipeline/default/{id}") is None
    assert stream_parts(f"pipeline/default/../{id}.job.1") is None
