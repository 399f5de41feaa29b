"""The verbs about jobs as they are typed: what goes to stdout, what to stderr, and the exit code."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console
from tests.carrack.fake_batch import NOW, FakeBatch, array, asking, child, failed, told

from carrack.cli.live import table_of
from carrack.cli.verbs.job import VERBS, command
from carrack.cli.wiring import Wiring
from carrack.commands.inquiry import Inquiry
from carrack.commands.job_watch import Look
from carrack.errors import CarrackError, JobError, UsageError
from carrack.model.command_line import CommandLine
from carrack.model.jobs.job import read_job


@dataclass
class Wired(Wiring):
    """The verbs' wiring, with a Batch in memory and a clock on which no test waits."""

    fake: FakeBatch = field(default_factory=FakeBatch)

    def inquiry(self, on: str | None, to: str | None, *jobs: str) -> Inquiry:
        """The Batch in memory, for every job."""
        return replace(asking(self.fake), command=CommandLine(to))


@pytest.fixture
def batch() -> FakeBatch:
    """A Batch with an array of which two children failed for want of memory, and one for its parameters."""
    memory = {"reason": "OutOfMemoryError: Container killed due to memory usage"}
    resources = {
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "1024"}]
    }
    took: dict[str, Any] = {"attempts": [{"startedAt": 0, "stoppedAt": 3_600_000}]}
    kids = [
        child(n, 137, container={"exitCode": 137, **memory, **resources, "logStreamName": f"s{n}"}, **took)
        for n in (1, 4)
    ]
    kids.append(child(7, 78, container={"exitCode": 78, **resources, "logStreamName": "s7"}, **took))
    logs = {"s1": [["start", "chunk 1"]], "s4": [["start", "chunk 4"]], "s7": [["no key `day`"]]}
    return FakeBatch(logs=logs).have(array("job", "FAILED", 10, SUCCEEDED=7, FAILED=3), *kids)


def typed(batch: FakeBatch, folder: Path, *words: str) -> Result:
    """What `carrack job WORDS` does in a workspace that has a package and no app."""
    (folder / "pyproject.toml").write_text("[tool.carrack]\n")
    (folder / "packages" / "alpha").mkdir(parents=True, exist_ok=True)
    manifest = '[build-system]\nrequires = []\n[project]\nname = "alpha"\nversion = "1"\n'
    (folder / "packages" / "alpha" / "pyproject.toml").write_text(manifest)
    wiring = Wired(start=folder, environ={}, fake=batch)
    return CliRunner().invoke(command, words, obj=wiring)


def refused(batch: FakeBatch, folder: Path, *words: str) -> CarrackError:
    """The error that `carrack job WORDS` ends with."""
    error = typed(batch, folder, *words).exception
    assert isinstance(error, CarrackError)
    return error


def test_status_is_one_screen(batch: FakeBatch, tmp_path: Path) -> None:
    """State, children by cause, the next step, and an estimate of the use."""
    out = typed(batch, tmp_path, "status", "job").stdout
    assert (
        out
        == """\
job         job (nightly)
state       FAILED, 10 of 10 done (SUCCEEDED 7, FAILED 3)
queue       low
definition  pipeline:3
times       created 2027-01-15 07:59:00 UTC
why         3 of 10 children failed
            2 children (1,4): it used more memory than it asked for, and was killed
            1 child (7): its parameters are missing or wrong (exit code 78)
next        carrack job retry job --failed
used        about 3 vCPU-hours and 3 GB-hours in 3 attempts (an estimate)
"""
    )


def test_status_for_a_program_has_the_same_facts_and_no_environment(batch: FakeBatch, tmp_path: Path) -> None:
    """What is in a job's environment is nobody's business who only asks how it stands."""
    secret = {"environment": [{"name": "TOKEN", "value": "hunter2"}]}
    batch.have(told("other", "SUCCEEDED", container=secret))
    facts = json.loads(typed(batch, tmp_path, "status", "job", "other", "--json").stdout)
    assert [one["job"] for one in facts] == ["job", "other"]
    assert [(one["children"], one["exit_code"]) for one in facts[0]["failures"]] == [("1,4", 137), ("7", 78)]
    assert facts[0]["usage"]["vcpu_hours"] == pytest.approx(3)
    assert "hunter2" not in json.dumps(facts)


def test_prices_make_a_cost_of_the_estimate(batch: FakeBatch, tmp_path: Path) -> None:
    """In whatever currency they were said."""
    prices = ("--price-vcpu-hour", "0.05", "--price-gb-hour", "0.01")
    out = typed(batch, tmp_path, "explain", "job", *prices).stdout
    assert out.endswith("3 GB-hours in 3 attempts (an estimate), 0.18 at these prices\n")


def test_explain_says_of_each_cause_what_was_told_what_it_means_and_what_to_do(
    batch: FakeBatch, tmp_path: Path
) -> None:
    """With the source of that meaning."""
    out = typed(batch, tmp_path, "explain", "job").stdout
    assert (
        """
2 children (1,4)
  it used more memory than it asked for, and was killed
  told: Essential container in task exited; OutOfMemoryError: Container killed due to memory usage; exit code 137
  next: ask for more memory (`memory` in the app's table, then carrack job define), and submit it again
  source: aws/amazon-ecs-agent issue 1187
"""
        in out
    )
    assert "again:" not in out, "with as little memory and the same parameters it would fail alike"


def test_explain_offers_the_same_again_where_that_can_help(tmp_path: Path) -> None:
    """One cause that passes is enough."""
    batch = FakeBatch().have(array("job", "FAILED", 2, FAILED=2), child(0, 78), child(1, 75))
    assert "\nagain: carrack job retry job --failed\n" in typed(batch, tmp_path, "explain", "job").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("status", "job"), "next        carrack job retry job --failed --to prod\n"),
        (("explain", "job"), "next: carrack job logs job:7 --to prod says which"),
        (("explain", "job:7"), "next: carrack job logs job:7 --to prod says which"),
        (("watch", "job"), "why: carrack job explain job --to prod\n"),
        (("watch", "late", "--timeout", "1"), "carrack job watch late --to prod"),
        (("retry", "job", "--failed"), "next: carrack job watch new-1 --to prod\n"),
        (("retry", "job"), "carrack job retry job --failed --to prod"),
        (("retry", "retried"), "carrack job watch again --to prod"),
        (("logs", "silent"), "carrack job explain silent --to prod"),
        (("logs", "late"), "carrack job logs late --follow --to prod waits for it"),
        (("logs", "job:7", "--attempt", "2"), "carrack job status job:7 --to prod"),
        (("logs", "nobody"), "carrack job list --to prod"),
    ],
)
def test_the_next_step_leads_to_the_index_that_was_said(
    batch: FakeBatch, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    """Without it the command would ask the workspace's default index, which may not know the job."""
    batch.have(told("late", "RUNNABLE"), failed("silent"), failed("retried"))
    batch.have(told("again", tags={"carrack:retry-of": "retried"}))
    batch.revisions = [DEFINITION]
    done = typed(batch, tmp_path, *words, "--to", "prod")
    hint = done.exception.hint if isinstance(done.exception, CarrackError) else ""
    assert said in f"{done.stdout}{done.stderr}{hint}"


def test_words_of_the_service_cannot_move_the_cursor(tmp_path: Path) -> None:
    """Whatever a job wrote into its reason or its log."""
    job = failed(statusReason="bad \x1b[2J thing", code=None)
    assert "\\x1b[2J" in typed(FakeBatch().have(job), tmp_path, "explain", "job").stdout
    log = FakeBatch(logs={"s": [["\x1b[2J"]]}).have(
        told(status="SUCCEEDED", container={"logStreamName": "s"})
    )
    assert typed(log, tmp_path, "logs", "job").stdout == "\\x1b[2J\n"


def test_watch_ends_with_the_job_s_exit_code(batch: FakeBatch, tmp_path: Path) -> None:
    """And a line on stdout of what became of it; what changed meanwhile is on stderr."""
    batch.jobs["job"] = [array("job", size=10, RUNNING=3, SUCCEEDED=7), *batch.jobs["job"]]
    done = typed(batch, tmp_path, "watch", "job")
    assert done.exit_code == 137
    assert done.stdout == (
        "job 3 of 10 children failed; used about 3 vCPU-hours and 3 GB-hours in 3 attempts (an estimate)\n"
    )
    assert [line.split(" (1 min")[0].strip() for line in done.stderr.splitlines()[:2]] == [
        "Watching job PENDING, 7 of 10 done (RUNNING 3, SUCCEEDED 7)",
        "Watching job FAILED, 10 of 10 done (SUCCEEDED 7, FAILED 3)",
    ]
    assert typed(FakeBatch().have(told(status="SUCCEEDED")), tmp_path, "watch", "job").exit_code == 0


def test_ctrl_c_leaves_the_job_running(tmp_path: Path) -> None:
    """And says how to watch on."""
    batch = FakeBatch(jobs={"job": [told()]}, faults=[None, KeyboardInterrupt()])  # type: ignore[list-item]
    done = typed(batch, tmp_path, "watch", "job")
    assert done.stderr.endswith("detached; the job runs on; carrack job watch job\n")
    assert (done.exit_code, batch.terminated) == (130, [])


def test_the_live_table_has_a_bar_and_the_last_line() -> None:
    """A row for each job, the last lines of the logs below."""
    jobs = (read_job(array("job", size=4, RUNNING=2, SUCCEEDED=2)), read_job(told("other")))
    look = Look(jobs=jobs, lines={"job": ":1 hello"}, now=NOW * 1000)
    written = StringIO()
    Console(file=written, width=110, color_system=None).print(table_of(look))
    lines = [line.split() for line in written.getvalue().splitlines()]
    assert lines[0] == ["job", "done", "for", "state"]
    assert lines[1][:2] == ["job", "━" * 10]  # of 20
    assert lines[1][2:] == [
        "1",
        "min",
        "0",
        "s",
        *["PENDING,", "2", "of", "4", "done", "(RUNNING", "2,", "SUCCEEDED", "2)"],
    ]
    assert lines[2][-1] == "RUNNING"
    assert lines[3] == ["job", ":1", "hello"]


def test_logs_of_an_array_s_failures_show_each_kind_once(batch: FakeBatch, tmp_path: Path) -> None:
    """With a count, the indexes, and the end of one log."""
    assert (
        typed(batch, tmp_path, "logs", "job", "--failed", "--tail", "1").stdout
        == """\
== 2 of 10 children (1,4): Essential container in task exited; \
OutOfMemoryError: Container killed due to memory usage; exit code 137
:1 chunk 1
== 1 of 10 children (7): Essential container in task exited; exit code 78
:7 no key `day`
"""
    )


def test_lines_of_several_children_say_whose_they_are(batch: FakeBatch, tmp_path: Path) -> None:
    """Those of one do not need to."""
    several = typed(batch, tmp_path, "logs", "job", "--child", "1,7").stdout
    assert several == ":1 start\n:1 chunk 1\n:7 no key `day`\n"
    assert typed(batch, tmp_path, "logs", "job:7").stdout == "no key `day`\n"


def test_a_child_without_a_log_does_not_keep_those_of_the_others(tmp_path: Path) -> None:
    """The first one's image could not be pulled, another one waits; only where none has a log is that an error."""
    batch = FakeBatch(logs={"s1": [["hello"]]}).have(
        array("job", "FAILED", 3, FAILED=2, RUNNABLE=1),
        child(0, None, statusReason="CannotPullContainerError: x"),
        child(1, 1, container={"exitCode": 1, "logStreamName": "s1"}),
        told("job:2", "RUNNABLE", arrayProperties={"index": 2}),
    )
    done = typed(batch, tmp_path, "logs", "job")
    assert (done.exit_code, done.stdout) == (0, ":1 hello\n")
    assert [line.strip() for line in done.stderr.splitlines()] == [
        "note job job:0: it ended without writing a log",
        "note job job:2: it has not started (RUNNABLE)",
    ]
    error = refused(batch, tmp_path, "logs", "job", "--child", "0,2")
    assert (error.message, error.hint) == (
        "none of these 2 children has a log",
        "carrack job explain job",
    )


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        (("logs", "large"), UsageError, "large has 500 children"),
        (("logs", "job", "--child", "3-1"), UsageError, "ranges such as 3,7-9"),
        (("logs", "job", "--child", "99"), JobError, "children 0-9, and not 99"),
        (("logs", "job", "--child", "1,4", "--follow"), UsageError, "one log is followed"),
        (("logs", "job", "--failed", "--follow"), UsageError, "goes with no other choice"),
        (("logs", "nobody"), JobError, "no such job"),
        (("retry", "job"), UsageError, "by its failed children"),
        (("retry", "job", "--only", "1"), UsageError, "by its failed children"),
        (("retry", "plain", "--only", "1"), UsageError, "plain has no children"),
        (("retry", "plain:3"), UsageError, "plain has no children"),
        (("retry", "job:1", "--only", "7"), UsageError, "job:1 is one child already"),
        (("list",), UsageError, "no queue was said"),
        (("list", "--here", "--queue", "low"), UsageError, "asks no queue"),
    ],
)
def test_bad_input_is_one_sentence(
    batch: FakeBatch, tmp_path: Path, words: tuple[str, ...], kind: type[CarrackError], message: str
) -> None:
    """With the exit code of its kind, and nothing done."""
    batch.have(array("large", "SUCCEEDED", 500, SUCCEEDED=500), failed("plain"))
    batch.revisions = [DEFINITION]
    error = refused(batch, tmp_path, *words)
    assert isinstance(error, kind)
    assert message in error.message
    assert (batch.submitted, batch.terminated) == ([], [])


def test_cancel_says_what_it_ended_and_leaves_what_had_ended(tmp_path: Path) -> None:
    """Again it does nothing; a child of an array is named by its index."""
    batch = FakeBatch().have(told(), told("done", "SUCCEEDED"), told("list:3"))
    done = typed(batch, tmp_path, "cancel", "job", "done", "list:3", "--reason", "wrong bucket")
    assert batch.terminated == [("job", "wrong bucket"), ("list:3", "wrong bucket")]
    assert [line.strip() for line in done.stderr.splitlines()] == [
        "Cancelled job, which was RUNNING",
        "Ended done had ended already: SUCCEEDED",
        "Cancelled list:3, which was RUNNING",
    ]


NEEDS = {"resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]}
DEFINITION: dict[str, Any] = {
    "jobDefinitionName": "pipeline",
    "revision": 3,
    "containerProperties": NEEDS,
}


def test_retry_prints_the_new_job_and_a_dry_run_the_request(batch: FakeBatch, tmp_path: Path) -> None:
    """The request in SubmitJob's words."""
    batch.revisions = [DEFINITION]
    request = json.loads(typed(batch, tmp_path, "retry", "job", "--failed", "--dry-run").stdout)
    assert request["arrayProperties"] == {"size": 3}
    assert batch.submitted == []
    assert typed(batch, tmp_path, "retry", "job", "--failed").stdout == "new-1\n"
    assert typed(batch, tmp_path, "list", "--here").stdout.splitlines()[1].split()[:2] == ["new-1", "nightly"]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("job", "--only", "1"), "carrack job retry job --failed --only 1"),
        (("job:1", "--only", "7"), "carrack job retry job --failed --only 1,7"),
        (("plain:3",), "carrack job retry plain"),
    ],
)
def test_what_was_meant_is_the_next_step_of_a_retry(
    batch: FakeBatch, tmp_path: Path, words: tuple[str, ...], hint: str
) -> None:
    """As it is typed: no word of it is passed over."""
    batch.have(failed("plain"))
    assert refused(batch, tmp_path, "retry", *words).hint == hint


def test_one_child_is_retried_by_its_name(batch: FakeBatch, tmp_path: Path) -> None:
    """As a plain job that knows which child of the array it is."""
    batch.revisions = [DEFINITION]
    assert typed(batch, tmp_path, "retry", "job:7").stdout == "new-1\n"
    assert batch.submitted[0]["containerOverrides"]["environment"] == [
        {"name": "CARRACK_SHARD_MAP", "value": "7"},
        {"name": "CARRACK_SHARD_COUNT", "value": "10"},
    ]


def test_list_shows_a_queue_s_newest_jobs(batch: FakeBatch, tmp_path: Path) -> None:
    """As many as were asked for."""
    batch.have(told("newer", createdAt=NOW * 1000))
    out = typed(batch, tmp_path, "list", "--queue", "low").stdout.splitlines()
    assert [line.split()[0] for line in out] == ["job", "newer", "job"]
    found = json.loads(typed(batch, tmp_path, "list", "--queue", "low", "-n", "1", "--json").stdout)
    assert [one["job"] for one in found] == ["newer"]


def test_every_verb_about_jobs_has_help() -> None:
    """And its first line in the table is about the same."""
    for verb in VERBS:
        done = CliRunner().invoke(command, [verb, "--help"])
        assert done.exit_code == 0, done.output
