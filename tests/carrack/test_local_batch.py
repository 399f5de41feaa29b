"""Jobs as processes of this machine, with AWS Batch's semantics, each stated as a fact and run."""

from __future__ import annotations

import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.carrack.local_jobs import QUICK, Here, here, until_gone

from carrack.errors import JobError
from carrack.model.jobs.job import read_job

TRAP = "trap 'echo asked; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
DEAF = "trap '' TERM; echo ready; while :; do sleep 0.05; done"


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Here:
    """One folder for all tests: jobs do not see each other."""
    return here(tmp_path_factory.mktemp("jobs") / "jobs")


def test_a_job_that_ends_well(jobs: Here) -> None:
    """It has one attempt with its log, and everything that DescribeJobs tells of a job on AWS."""
    job = jobs.submit("sh", "-c", "echo out; echo err >&2")
    told = jobs.ended(job)
    read = read_job(told)
    assert (read.status, read.exit_code, read.status_reason) == (
        "SUCCEEDED",
        0,
        "Essential container in task exited",
    )
    assert (read.queue, read.name, read.definition.partition(":")[0]) == ("queue", "job", "test")
    (attempt,) = read.attempts
    assert attempt.log_stream == read.log_stream
    assert read.created is not None
    assert read.created <= (attempt.started or 0) <= (attempt.stopped or 0) <= (read.stopped or 0)
    assert jobs.lines(job) == ["out", "err"]


def test_a_process_has_a_clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of ours comes along, credentials least of all; a home and a folder of its own; what was passed does."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-this-shell")
    own = here(tmp_path / "jobs", passed={"AWS_SESSION_TOKEN": "passed"})
    job = own.submit("env", container={"environment": [{"name": "MINE", "value": "two\nlines"}]})
    own.ended(job)
    text = "\n".join(own.lines(job))
    names = set(re.findall(r"^(\w+)=", text, re.MULTILINE))
    batch = {"AWS_BATCH_CE_NAME", "AWS_BATCH_JOB_ATTEMPT", "AWS_BATCH_JOB_ID", "AWS_BATCH_JQ_NAME"}
    assert names == {"PATH", "HOME", "TMPDIR", "LANG", "MINE", "AWS_SESSION_TOKEN", *batch}
    assert f"PATH={sys.prefix}/bin:" in text
    assert "MINE=two\nlines" in text
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and b"passed" in path.read_bytes()]
    assert [path.suffix for path in kept] == [".log"]  # where `env` wrote it


def test_nobody_else_can_read_jobs(jobs: Here) -> None:
    """Their variables may be secret: the folders are their owner's alone."""
    jobs.submit("true")
    folders = [jobs.batch.folder, *jobs.batch.folder.glob("*-*")]
    assert {path.stat().st_mode & 0o077 for path in folders} == {0}


def test_an_attempt_works_in_a_folder_of_its_own(jobs: Here) -> None:
    """Where it began, nothing is; what it left is kept, and an empty folder is not."""
    job = jobs.submit(
        "sh", "-c", "ls; touch left-$AWS_BATCH_JOB_ATTEMPT; exit 1", retryStrategy={"attempts": 2}
    )
    jobs.ended(job)
    assert jobs.lines(job) == []
    work = jobs.batch.folder / job / "work"
    assert sorted(path.name for path in work.rglob("left-*")) == ["left-1", "left-2"]
    empty = jobs.submit("true")
    jobs.ended(empty)
    assert list((jobs.batch.folder / empty / "work").iterdir()) == []


def test_no_rule_means_every_attempt(jobs: Here) -> None:
    """Each is numbered and has a log of its own; the job ends as its last one."""
    command = 'echo $AWS_BATCH_JOB_ATTEMPT; exit "$AWS_BATCH_JOB_ATTEMPT"'
    job = jobs.submit("sh", "-c", command, retryStrategy={"attempts": 3})
    read = read_job(jobs.ended(job))
    assert [attempt.exit_code for attempt in read.attempts] == [1, 2, 3]
    assert [jobs.lines(job, number) for number in range(3)] == [["1"], ["2"], ["3"]]
    assert (read.status, read.exit_code) == ("FAILED", 3)


def test_a_rule_ends_the_attempts(jobs: Here) -> None:
    """75 is tried again, 64 is not; the rules are the request's where it has some."""
    rules = [{"onExitCode": "75", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]
    command = "test $AWS_BATCH_JOB_ATTEMPT = 1 && exit 75; exit 64"
    request = {"retryStrategy": {"attempts": 9, "evaluateOnExit": rules}}
    job = jobs.submit("sh", "-c", command, request=request)
    assert [attempt.exit_code for attempt in read_job(jobs.ended(job)).attempts] == [75, 64]


def test_a_command_that_is_not_there_has_no_exit_code(jobs: Here) -> None:
    """The reason says so, as the container agent does."""
    read = read_job(jobs.ended(jobs.submit("no-such-program", "x")))
    assert (read.status, read.exit_code, read.status_reason) == ("FAILED", None, "Task failed to start")
    assert (read.reason or "").startswith("CannotStartContainerError: no-such-program")


def test_an_attempt_whose_folder_cannot_be_made_has_not_started(jobs: Here) -> None:
    """As on a full disk: the reason says so, and the job ends."""
    command = "cd ../..; mv work gone; touch work; exit 1"
    read = read_job(jobs.ended(jobs.submit("sh", "-c", command, retryStrategy={"attempts": 2})))
    assert (read.status, read.status_reason) == ("FAILED", "Task failed to start")
    assert "work/job.2" in (read.attempts[1].reason or "")


def test_an_environment_that_is_not_there_is_an_image_that_cannot_be_pulled(
    jobs: Here, tmp_path: Path
) -> None:
    """So the rules for that hold here too."""
    rules = [{"onReason": "CannotPull*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]
    strategy = {"attempts": 2, "evaluateOnExit": rules}
    job = jobs.submit("true", container={"image": str(tmp_path / "none")}, retryStrategy=strategy)
    read = read_job(jobs.ended(job))
    assert [(attempt.reason or "").partition(":")[0] for attempt in read.attempts] == [
        "CannotPullContainerError"
    ] * 2


@pytest.mark.parametrize(("signal", "code"), [("TERM", 143), ("KILL", 137)])
def test_a_signal_is_an_exit_code(jobs: Here, signal: str, code: int) -> None:
    """128 and its number, as a container's."""
    assert read_job(jobs.ended(jobs.submit("sh", "-c", f"kill -{signal} $$"))).exit_code == code


def test_what_a_process_left_running_ends_with_it(jobs: Here) -> None:
    """As everything in a container does."""
    job = jobs.submit("sh", "-c", "sleep 600 & echo $!")
    jobs.ended(job)
    (pid,) = jobs.lines(job)
    until_gone(int(pid))


@pytest.mark.parametrize(("command", "code"), [(TRAP, 0), (DEAF, 137)])
def test_a_job_beyond_its_time_fails(jobs: Here, command: str, code: int) -> None:
    """SIGTERM, 30 s later SIGKILL; it is not tried again, whatever its exit code."""
    job = jobs.submit(
        *("sh", "-c", command), retryStrategy={"attempts": 5}, timeout={"attemptDurationSeconds": 60}
    )
    read = read_job(jobs.ended(job))
    assert (read.status, read.status_reason) == ("FAILED", "Job attempt duration exceeded timeout")
    assert [attempt.exit_code for attempt in read.attempts] == [code]
    assert jobs.lines(job) == (["ready", "asked"] if code == 0 else ["ready"])


@pytest.mark.parametrize(("command", "code"), [(TRAP, 0), ("sleep 600", 143), (DEAF, 137)])
def test_a_terminated_job_fails_with_the_reason_that_was_given(jobs: Here, command: str, code: int) -> None:
    """It is not tried again, whatever its exit code."""
    job = jobs.submit("sh", "-c", f"echo begun; {command}", retryStrategy={"attempts": 5})
    jobs.logged(job, "ready" if "ready" in command else "begun")
    jobs.batch.terminate(job, "enough of it")
    told = jobs.ended(job)
    assert (told["status"], told["statusReason"], told["isTerminated"]) == ("FAILED", "enough of it", True)
    assert [attempt.exit_code for attempt in read_job(told).attempts] == [code]


def test_an_ended_job_cannot_be_terminated(jobs: Here) -> None:
    """It stays as it is, and nothing is said."""
    job = jobs.submit("true")
    before = jobs.ended(job)
    jobs.batch.terminate(job, "too late")
    assert jobs.told(job) == before


def test_a_job_waits_for_others(jobs: Here, tmp_path: Path) -> None:
    """It is pending until all have succeeded."""
    gate = tmp_path / "open"
    first = jobs.submit("sh", "-c", f"until test -e {gate}; do sleep 0.02; done")
    second = jobs.submit("true", request={"dependsOn": [{"jobId": first}]})
    jobs.until(second, lambda told: told["status"] == "PENDING")
    jobs.running(first)
    assert jobs.told(second)["status"] == "PENDING"
    gate.touch()
    begun, ended = jobs.ended(second)["startedAt"], jobs.told(first)["stoppedAt"]
    assert begun >= ended


def test_a_failed_job_fails_those_that_wait_for_it(jobs: Here) -> None:
    """And those that wait for them; none of them is run."""
    first = jobs.submit("false")
    second = jobs.submit("true", request={"dependsOn": [{"jobId": first}]})
    third = jobs.array(2, "true", depends_on=[{"jobId": second}])
    for job in (second, third, f"{third}:1"):
        told = jobs.ended(job)
        assert (told["status"], told["statusReason"]) == ("FAILED", "Dependent Job failed")
        assert not told["attempts"]
    assert jobs.told(third)["arrayProperties"]["statusSummary"]["FAILED"] == 2


def test_a_job_that_waits_can_be_terminated(jobs: Here, tmp_path: Path) -> None:
    """And what waits for it fails."""
    first = jobs.submit("sleep", "600")
    second = jobs.submit("true", request={"dependsOn": [{"jobId": first}]})
    third = jobs.submit("true", request={"dependsOn": [{"jobId": second}]})
    jobs.batch.terminate(second, "not this one")
    assert jobs.ended(second)["statusReason"] == "not this one"
    assert jobs.ended(third)["statusReason"] == "Dependent Job failed"
    jobs.batch.terminate(first, "done")
    jobs.ended(first)


def test_an_array_tells_its_children_apart(jobs: Here) -> None:
    """By index and size; each child is a job with a log of its own."""
    array = jobs.array(
        3, "sh", "-c", "echo $AWS_BATCH_JOB_ARRAY_INDEX/$AWS_BATCH_JOB_ARRAY_SIZE $AWS_BATCH_JOB_ID"
    )
    told = jobs.ended(array)
    assert (told["status"], told["arrayProperties"]["statusSummary"]["SUCCEEDED"]) == ("SUCCEEDED", 3)
    assert [jobs.lines(f"{array}:{i}") for i in range(3)] == [[f"{i}/3 {array}:{i}"] for i in range(3)]
    assert jobs.batch.children(array, "SUCCEEDED") == [f"{array}:{i}" for i in range(3)]
    assert read_job(jobs.told(f"{array}:2")).array_index == 2


def test_an_array_fails_with_one_child(jobs: Here) -> None:
    """The others are run nevertheless; each has attempts of its own."""
    command = "test $AWS_BATCH_JOB_ARRAY_INDEX != 1"
    array = jobs.array(4, "sh", "-c", command, retryStrategy={"attempts": 2})
    told = jobs.ended(array)
    assert (told["status"], told["statusReason"]) == ("FAILED", "Array Child Job failed")
    assert jobs.batch.children(array, "FAILED") == [f"{array}:1"]
    assert [len(jobs.told(f"{array}:{i}")["attempts"]) for i in range(4)] == [1, 2, 1, 1]


def test_an_array_runs_side_by_side(tmp_path: Path) -> None:
    """As many at a time as the setting says, and no more: the third waits for the first two."""
    own = here(tmp_path / "jobs", replace(QUICK, parallel=3))
    gate = tmp_path / "gate"
    command = f"mkdir {gate}.$AWS_BATCH_JOB_ARRAY_INDEX; until test -e {gate}; do sleep 0.02; done"
    array = own.array(5, "sh", "-c", command)
    counts = own.until(array, lambda told: told["arrayProperties"]["statusSummary"]["RUNNING"] == 3)
    assert counts["status"] == "PENDING"
    assert counts["arrayProperties"]["statusSummary"]["RUNNABLE"] == 2
    assert own.batch.children(array, "RUNNABLE") == [f"{array}:3", f"{array}:4"]
    own.until(array, lambda _: len(list(tmp_path.glob("gate.*"))) == 3)
    gate.touch()
    assert own.ended(array)["status"] == "SUCCEEDED"


def test_a_sequential_array_stops_at_its_first_failure(jobs: Here) -> None:
    """Each child begins when the one before has succeeded; after a failure none does."""
    command = "test $AWS_BATCH_JOB_ARRAY_INDEX != 2"
    array = jobs.array(5, "sh", "-c", command, depends_on=[{"type": "SEQUENTIAL"}])
    jobs.ended(array)
    children = [jobs.told(f"{array}:{i}") for i in range(5)]
    assert [child["status"] for child in children] == ["SUCCEEDED"] * 2 + ["FAILED"] * 3
    assert children[1]["startedAt"] >= children[0]["stoppedAt"]
    assert [len(child["attempts"]) for child in children] == [1, 1, 1, 0, 0]
    assert children[3]["statusReason"] == "Dependent Job failed"


def test_a_child_waits_for_its_counterpart_alone(jobs: Here, tmp_path: Path) -> None:
    """Its siblings may run before; it fails if the counterpart did."""
    gate = tmp_path / "gate"
    command = (
        f"case $AWS_BATCH_JOB_ARRAY_INDEX in 0) until test -e {gate}; do sleep 0.02; done;; 1) exit 1;; esac"
    )
    first = jobs.array(3, "sh", "-c", command)
    second = jobs.array(3, "true", depends_on=[{"jobId": first, "type": "N_TO_N"}])
    jobs.until(f"{second}:2", lambda told: told["status"] == "SUCCEEDED")
    assert jobs.told(f"{second}:0")["status"] == "PENDING"
    assert jobs.ended(f"{second}:1")["statusReason"] == "Dependent Job failed"
    gate.touch()
    assert jobs.ended(second)["statusReason"] == "Array Child Job failed"
    assert jobs.told(f"{second}:0")["startedAt"] >= jobs.told(f"{first}:0")["stoppedAt"]


def test_a_terminated_array_ends_whole(jobs: Here) -> None:
    """Those that run are ended, those that wait never begin, all with the same reason."""
    array = jobs.array(50, "sleep", "600")
    jobs.running(f"{array}:0")
    jobs.batch.terminate(array, "no more")
    told = jobs.ended(array)
    assert (told["status"], told["statusReason"]) == ("FAILED", "no more")
    assert told["arrayProperties"]["statusSummary"]["FAILED"] == 50
    assert jobs.batch.children(array, "FAILED") == [f"{array}:{i}" for i in range(50)]
    assert {jobs.told(f"{array}:{i}")["statusReason"] for i in (0, 49)} == {"no more"}
    assert [len(jobs.told(f"{array}:{i}")["attempts"]) for i in (0, 49)] == [1, 0]


def test_one_child_can_be_terminated(jobs: Here) -> None:
    """Whether it runs or waits; the others go on."""
    command = "test $AWS_BATCH_JOB_ARRAY_INDEX -gt 1 || sleep 600"
    array = jobs.array(4, "sh", "-c", command)
    jobs.running(f"{array}:1")
    jobs.batch.terminate(f"{array}:3", "waits")
    assert jobs.ended(f"{array}:3")["statusReason"] == "waits"
    for index in (0, 1):
        jobs.batch.terminate(f"{array}:{index}", "runs")
    jobs.ended(array)
    children = [jobs.told(f"{array}:{i}") for i in range(4)]
    assert [(child["status"], len(child["attempts"])) for child in children] == [
        ("FAILED", 1),
        ("FAILED", 1),
        ("SUCCEEDED", 1),
        ("FAILED", 0),
    ]


def test_two_hundred_children(tmp_path: Path) -> None:
    """Every one is run once, and told once."""
    own = here(tmp_path / "jobs", replace(QUICK, parallel=8))
    array = own.array(200, "sh", "-c", f"echo >{tmp_path}/$AWS_BATCH_JOB_ARRAY_INDEX")
    assert own.ended(array)["arrayProperties"]["statusSummary"]["SUCCEEDED"] == 200
    assert len([path for path in tmp_path.iterdir() if path.name.isdigit()]) == 200
    assert len(own.batch.children(array, "SUCCEEDED")) == 200


def test_overrides_that_are_too_long_are_taken_and_then_fail(jobs: Here) -> None:
    """As AWS does it, with its words; nothing is run."""
    environment = [{"name": "CONFIG_JSON", "value": "x" * 8192}]
    job = jobs.submit("true", request={"containerOverrides": {"environment": environment}})
    told = jobs.told(job)
    assert (told["status"], told["attempts"]) == ("FAILED", [])
    assert told["statusReason"] == "Container Overrides length must be at most 8192"


def test_every_fault_of_a_request_is_told_at_once(jobs: Here) -> None:
    """And there is no job then."""
    before = len(jobs.batch.recent("queue"))
    with pytest.raises(JobError) as error:
        jobs.submit("app", "Ref::one", "--x=Ref::two", request={"arrayProperties": {"size": 1}})
    assert len(error.value.faults) == 3
    with pytest.raises(JobError, match="no such job definition"):
        jobs.batch.submit({"jobName": "job", "jobQueue": "queue", "jobDefinition": "none:1"})
    with pytest.raises(JobError) as error:
        jobs.submit()
    assert "an environment has none" in error.value.faults[0]
    assert len(jobs.batch.recent("queue")) == before


def test_what_is_not_there_is_missing_or_told(jobs: Here) -> None:
    """Unknown ids, and those that would lead out of the folder."""
    ids = ["0" * 8 + "-0000-0000-0000-" + "0" * 12, "..", "definitions", "", f"{jobs.submit('true')}:0"]
    assert jobs.batch.describe(ids) == {}
    for ask in (jobs.batch.terminate, jobs.batch.children):
        with pytest.raises(JobError):
            ask(ids[0], "FAILED")
    with pytest.raises(JobError):
        jobs.batch.log("test/default/none")


def test_each_registration_is_a_revision(tmp_path: Path) -> None:
    """Also of those that register at once; a name without a revision means the newest."""
    own = here(tmp_path / "jobs")
    with ThreadPoolExecutor(4) as pool:
        names = list(pool.map(lambda number: own.define("echo", str(number)), range(12)))
    assert sorted(names) == sorted(f"test:{number}" for number in range(1, 13))
    told = own.batch.definitions("test")
    assert [one["revision"] for one in told] == list(range(12, 0, -1))
    assert own.batch.definitions("tes") == []
    arn = "arn:aws:batch:::job-definition/test"
    asked: dict[str, Any] = {"jobName": "job", "jobQueue": "queue"}
    newest, second = (own.batch.submit({**asked, "jobDefinition": name}) for name in (arn, f"{arn}:2"))
    assert own.told(newest)["jobDefinition"] == "test:12"
    assert own.told(second)["jobDefinition"] == "test:2"
    assert {told["jobId"] for told in own.batch.recent("queue")} == {newest, second}
    assert own.batch.recent("other") == []


def test_only_containers_are_registered(jobs: Here) -> None:
    """Neither several nodes nor tasks of several containers can be run here."""
    with pytest.raises(JobError, match="no containerProperties"):
        jobs.batch.register({"jobDefinitionName": "test", "type": "multinode", "nodeProperties": {}})


def test_a_log_can_be_followed(jobs: Here) -> None:
    """While the job runs, from where the last page ended."""
    job = jobs.submit("sh", "-c", "echo one; printf half; sleep 600")
    jobs.logged(job, "one")
    stream = jobs.told(job)["container"]["logStreamName"]
    first = jobs.batch.log(stream)
    assert jobs.batch.log(stream, first.token).lines == []
    jobs.batch.terminate(job, "enough")
    jobs.ended(job)
    rest = jobs.batch.log(stream, first.token)
    assert [text for _, text in rest.lines] == ["half"]
    assert (jobs.batch.log(stream, rest.token).lines, rest.lines[0][0] > 0) == ([], True)


def test_what_is_not_emulated_is_said(jobs: Here) -> None:
    """By name: whoever reads it must know what to try on AWS."""
    said = " ".join(jobs.batch.not_emulated)
    assert all(word in said for word in ("IAM", "memory", "image", "spot", "secrets", "fair share"))
    assert jobs.batch.place == "processes on this machine"


def test_a_supervisor_has_none_of_our_variables(jobs: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every process of this user could read them there."""
    monkeypatch.setenv("CARRACK_TEST_SECRET", "of-this-shell")
    job = jobs.submit("sh", "-c", "echo $PPID; sleep 600")
    jobs.running(job)
    jobs.until(job, lambda told: jobs.batch.log(told["container"]["logStreamName"]).lines)
    stream = jobs.told(job)["container"]["logStreamName"]
    ((_, pid),) = jobs.batch.log(stream).lines
    environ = Path(f"/proc/{pid}/environ").read_bytes()
    assert b"CARRACK_TEST_SECRET" in b"\0".join(f"{k}={v}".encode() for k, v in os.environ.items())
    assert b"CARRACK_TEST_SECRET" not in environ
    jobs.batch.terminate(job, "enough")
    jobs.ended(job)
