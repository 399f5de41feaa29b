"""Why jobs fail and wait, from the words in which the service says it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.carrack.fake_batch import NOW, array, child, failed, told

from batch_params import exit_codes
from carrack.adapters.local_batch.jobs import LOST
from carrack.model.command_line import CommandLine
from carrack.model.jobs.explanation import Explanation, explain
from carrack.model.jobs.failures import alike, cause_of, exit_code_of, group
from carrack.model.jobs.job import read_job
from carrack.model.jobs.reasons import WAITING

MINUTE = 60_000


def explained(answer: dict[str, Any], now: int = NOW * 1000) -> Explanation:
    """What is made of one answer of DescribeJobs."""
    return explain(read_job(answer), now)


def said(status_reason: str = "", reason: str = "", code: int | None = None) -> dict[str, Any]:
    """A failed job of which the service says this."""
    container: dict[str, Any] = {"reason": reason} if reason else {}
    return failed(
        code=code,
        statusReason=status_reason,
        container=container | ({} if code is None else {"exitCode": code}),
    )


EXITED = "Essential container in task exited"
NOT_STARTED = "Task failed to start"
PULL = "CannotPullContainerError: "

TOLD_TO_SOMEBODY = [
    # issue 3041 of ASFHyP3/hyp3, and six others that met it
    (said("Container Overrides length must be at most 8192"), "more than the 8,192 characters"),
    # pull request 17291 of ministryofjustice/modernisation-platform-environments
    (said("Host EC2 (instance i-08784105ffff56b4f) terminated."), "EC2 instance under it went away"),
    # issue 15 of azavea/raster-vision-aws, an older form
    (said("Host EC2 Terminated"), "EC2 instance under it went away"),
    # issue 5786 of nextflow-io/nextflow
    (said("Your Spot Task was interrupted."), "Fargate took its Spot place back"),
    # issue 1187 of aws/amazon-ecs-agent
    (
        said(EXITED, "OutOfMemoryError: Container killed due to memory usage", 137),
        "more memory than it asked for",
    ),
    # issue 2467 there: a child of the process was killed, and the process itself ended well
    (
        said(EXITED, "OutOfMemoryError: Container killed due to memory usage", 0),
        "more memory than it asked for",
    ),
    (said(EXITED, code=137), "killed (SIGKILL), and no reason is told"),
    (said(EXITED, code=143), "told to end (SIGTERM)"),
    # a timeout ends with SIGKILL where SIGTERM did not do it, and the status tells which it was
    (said("Job attempt duration exceeded timeout", code=137), "longer than its timeout"),
    # issue 5099 of nextflow-io/nextflow
    (
        said(NOT_STARTED, f"{PULL}write /var/lib/docker/tmp/GetImageBlob887491687: no space left on device"),
        "does not fit on the disk",
    ),
    # pull request 2808 of spotify/luigi
    (
        said(NOT_STARTED, f"{PULL}Error response from daemon: manifest for x not found"),
        "not in the registry any more",
    ),
    # issue 2662 of globaldothealth/list
    (
        said(
            NOT_STARTED,
            f"{PULL}Error response from daemon: ... net/http: request canceled while waiting for connection "
            "(Client.Timeout exceeded while awaiting headers)",
        ),
        "image could not be pulled",
    ),
    (
        said(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
            "failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s)"
        ),
        "its secrets or its login",
    ),
    # issue 305 of seqeralabs/nf-tower
    (
        said(
            NOT_STARTED,
            "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: "
            "failed to create Cloudwatch log stream: RequestError: send request failed",
        ),
        "log stream could not be made",
    ),
    # pull request 2146 of nextflow-io/nextflow
    (
        said("ECS was unable to assume the role 'arn:aws:iam::1:role/r' that was provided for this task."),
        "cannot be assumed",
    ),
    (said("Dependent Job failed"), "a job that it waits for failed"),
    # what stands for Batch on this machine
    (
        said(NOT_STARTED, "CannotPullContainerError: there is no environment .carrack/envs/a"),
        "environment is not on this machine",
    ),
    (
        said(NOT_STARTED, "CannotStartContainerError: nightly: no such program in the environment"),
        "not a program",
    ),
    (said(LOST), "the process of this machine that looked after it"),
    # AWS Batch user guide, Jobs stuck in RUNNABLE due to capacity
    (
        said("Canceled by JobStateTimeLimit action due to reason: CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"),
        "longer than its queue allows",
    ),
]
"""Answers as they were told, with what stands in the sentence that is made of them."""


@pytest.mark.parametrize(("answer", "sentence"), TOLD_TO_SOMEBODY)
def test_words_of_the_service_become_a_sentence_and_a_next_step(
    answer: dict[str, Any], sentence: str
) -> None:
    """Each with where the meaning is from, and with no placeholder left in the next step."""
    found = explained(answer)
    assert sentence in found.sentence
    assert found.next
    assert "{" not in found.next
    assert found.source


@pytest.mark.parametrize(
    "code", [getattr(exit_codes, name) for name in dir(exit_codes) if name.startswith("EX_")]
)
def test_every_exit_code_of_the_contract_is_explained_by_it(code: int) -> None:
    """What `batch_params` promises of a code is what the operator reads; a new code there needs a sentence here."""
    found = explained(said(EXITED, code=code))
    assert found.source.startswith("batch_params.exit_codes")
    assert f"(exit code {code})" in found.sentence


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (127, "not found"),
        (139, "SIGSEGV"),
        (1, "exit code 1, whose meaning is its own"),
        (200, "exit code 200"),
    ],
)
def test_other_exit_codes_mean_what_they_mean_everywhere_or_nothing(code: int, sentence: str) -> None:
    """The shell's and the signals' are known; of the rest only the job knows."""
    assert sentence in explained(said(EXITED, code=code)).sentence


def test_an_unknown_reason_is_shown_as_it_is() -> None:
    """No rule guesses; the reader gets the service's own words."""
    found = explained(said("Frobnication quota reached", "agent: E42"))
    assert found.sentence == "the service says: Frobnication quota reached; agent: E42"
    assert found.source == ""
    assert explained(told(status="FAILED")).sentence == "the service gives no reason"


def test_a_job_that_somebody_ended_is_not_called_a_failure_of_its_own() -> None:
    """Whatever its exit code; the reason is what that person said."""
    answer = failed(code=143, isTerminated=True, statusReason="wrong bucket")
    assert explained(answer).sentence == "somebody ended it: wrong bucket"


def test_what_a_queue_ended_is_not_called_somebody_s_doing() -> None:
    """The service tells it as if somebody had terminated it; the reason says that the queue's limit did."""
    reason = "Canceled by JobStateTimeLimit action due to reason: MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"
    answer = failed(code=None, isCancelled=True, isTerminated=True, statusReason=reason)
    assert "longer than its queue allows" in explained(answer).sentence
    words = failed(code=None, isTerminated=True, statusReason="OutOfMemoryError seen twice")
    assert explained(words).sentence == "somebody ended it: OutOfMemoryError seen twice"


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("failed to resolve 403111122223.dkr.ecr.eu-west-1.amazonaws.com/x: timeout", "could not be pulled"),
        ("unexpected status from HEAD request: 403 Forbidden", "did not let"),
        ("pull image manifest: x509: certificate signed by unknown authority", "could not be pulled"),
        ("manifest unknown: Requested image not found", "not in the registry any more"),
        ("manifest unknown", "not in the registry any more"),
    ],
)
def test_a_pull_is_explained_by_words_and_not_by_parts_of_others(reason: str, sentence: str) -> None:
    """An account's number may have a status in it, and a certificate's fault a word of a missing image's."""
    assert sentence in explained(said(NOT_STARTED, f"{PULL}{reason}")).sentence


def test_every_command_that_is_told_leads_to_the_index_that_was_said() -> None:
    """Whatever the reason: a job's own index need not be the workspace's default."""
    answers = [
        *(answer for answer, _ in TOLD_TO_SOMEBODY),
        *(said(EXITED, code=code) for code in range(1, 256)),
        *(told(status=status) for status in ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")),
        *(told(status="RUNNABLE", statusReason=rule.pattern) for rule in WAITING),
        *(told(status="RUNNABLE", statusReason="x"), told(status="FAILED"), array(FAILED=3)),
        failed(isTerminated=True),
    ]
    for answer in answers:
        step = explain(read_job(answer), NOW * 1000, CommandLine("prod")).next
        assert step.count("--to prod") == step.count("carrack job") + step.count("carrack image"), step
    assert "--to" not in explained(failed(code=75)).next


def test_the_job_that_failed_first_is_the_next_one_to_look_at() -> None:
    """Where a job never started because of another one."""
    answer = failed(code=None, statusReason="Dependent Job failed", dependsOn=[{"jobId": "first"}])
    assert explained(answer).next == "carrack job explain first"


def test_a_child_is_retried_through_its_array() -> None:
    """A child alone cannot be submitted again by its id's look."""
    assert "carrack job retry job --failed" in explained(child(3, 75)).next
    assert "carrack job retry job;" in explained(failed(code=75)).next


def test_a_reason_of_the_last_attempt_counts_where_the_job_tells_none() -> None:
    """And its exit code."""
    attempt = {"statusReason": "Host EC2 (instance i-0abcdef012) terminated.", "container": {"exitCode": 137}}
    job = read_job(told(status="FAILED", attempts=[{"container": {"exitCode": 1}}, attempt]))
    assert cause_of(job).status_reason == "Host EC2 (instance …) terminated."
    assert cause_of(job).exit_code == 137


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (
            "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested for instance "
            "type [p3.2xlarge]",
            "no instance of the types",
        ),
        ("MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - x", "more vCPUs than the maxVcpus"),
        ("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - x", "no instance type"),
        ("MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS - x", "service role"),
        ("UNDETERMINED - x", "the service says: UNDETERMINED - x"),
    ],
)
def test_a_job_that_waits_with_a_reason_has_it_explained(reason: str, sentence: str) -> None:
    """The codes of the job at the head of a queue; one without a rule is shown as it is."""
    assert sentence in explained(told(status="RUNNABLE", statusReason=reason)).sentence


def test_runnable_needs_an_explanation_only_after_a_while() -> None:
    """An instance takes minutes to start; then it is told what can be looked at."""
    answer = told(status="RUNNABLE")
    created = answer["createdAt"]
    assert "waits for a place" in explained(answer, created + 9 * MINUTE).sentence
    late = explained(answer, created + 42 * MINUTE)
    assert "42 minutes" in late.sentence
    assert "queue low" in late.next


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (told(status="SUBMITTED"), "the scheduler has not looked at it yet"),
        (told(status="PENDING", dependsOn=[{"jobId": "a"}]), "it waits for a"),
        (told(status="STARTING"), "its image is being pulled"),
        (told(attempts=[{}]), "it is running, attempt 2"),
        (told(status="SUCCEEDED"), "it succeeded"),
        (array(RUNNING=2, SUCCEEDED=1), "3 children are on their way"),
        (array(SUCCEEDED=1, FAILED=2), "2 of 3 children failed"),
    ],
)
def test_every_state_has_its_sentence(answer: dict[str, Any], sentence: str) -> None:
    """Also those that are no failure."""
    assert sentence in explained(answer).sentence


def test_children_that_failed_alike_are_one_group() -> None:
    """By reason and exit code; names of instances make no difference, and the largest group comes first."""
    gone = [
        child(n, None, statusReason=f"Host EC2 (instance i-0{n:016x}) terminated.") for n in range(1, 500)
    ]
    found = group(map(read_job, [child(0, 78), *gone]))
    assert [(len(one.indexes), one.first.id) for one in found] == [(499, "job:1"), (1, "job:0")]


def test_the_index_of_a_child_is_in_its_id_where_nothing_else_says_it() -> None:
    """As with stand-ins of the service that leave arrayProperties out."""
    (found,) = group([read_job(failed("job:7"))])
    assert found.indexes == (7,)


def test_an_array_s_exit_code_is_the_commonest_of_its_failed_children() -> None:
    """The lowest index decides between equals; none where no child has one."""
    parent = read_job(array(FAILED=3))
    kids = [read_job(child(n, code)) for n, code in enumerate([78, 1, 1])]
    assert exit_code_of(parent, group(kids)) == 1
    assert exit_code_of(parent, group(kids[:2])) == 78
    assert exit_code_of(parent, group([read_job(child(0, None))])) is None
    assert exit_code_of(read_job(failed(code=75))) == 75


def test_log_lines_are_alike_but_for_numbers() -> None:
    """So that 500 equal failures are one kind."""
    assert alike("record 17 of a.csv: 0x7f12 bad") == alike("record 99 of a.csv: 0xAB bad")
    assert alike("no such key a.csv") != alike("no such key b.csv")
