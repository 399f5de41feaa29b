"""AWS Batch through boto3: moto's server, botocore's Stubber, and answers that go wrong on the wire."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from botocore.stub import Stubber
from tests.carrack.aws_server import aws_server, make_queue
from tests.carrack.fakes import Told
from tests.carrack.jobs import IMAGE, asked, defined
from tests.carrack.local import index_at
from tests.carrack.web import Answer, Asked, Web

from carrack.adapters.aws_batch import AwsBatch
from carrack.commands.job_define import define
from carrack.commands.job_rollback import roll_back
from carrack.errors import (
    CarrackError,
    DeniedError,
    IndexAccessError,
    JobError,
    StoppedError,
    UnavailableError,
)
from carrack.model.deployed import JobDefinition
from carrack.model.jobs.job import read_job
from carrack.model.jobs.request import compose

pytestmark = pytest.mark.usefixtures("aws_user")


@pytest.fixture(scope="module")
def server() -> Iterator[Mapping[str, str]]:
    """An AWS with the queue `low`, for the tests of this module."""
    with aws_server() as environ:
        yield environ


@pytest.fixture
def batch(server: Mapping[str, str], aws_user: object) -> AwsBatch:
    """Batch of that AWS, with the queue `low`."""
    url = server["AWS_ENDPOINT_URL"]
    made = AwsBatch(index_at(None), endpoint=url, logs_endpoint=url)
    if not made._batch.describe_job_queues()["jobQueues"]:
        make_queue(server, "low")
    return made


def test_a_definition_is_registered_once_and_a_job_runs_of_its_revision(batch: AwsBatch) -> None:
    """From RegisterJobDefinition to DescribeJobs: the tag, the variables and the children arrive."""
    definition = defined(definition="once", environment={"A": "1", "NONE": ""}, command=("x",))
    assert [define(definition, batch, Told()) for _ in range(2)] == ["once:1", "once:1"]
    (there,) = batch.definitions("once")
    request = compose(asked(definition=there, array=3), {"CONFIG_JSON": "{}"})
    job = batch.submit(request)
    told = batch.describe([job, f"{job}:1", "nobody"])
    assert set(told) == {job, f"{job}:1"}
    assert told[job]["tags"] == {"carrack:request": "r-1"}
    read = read_job(told[job])
    assert (read.definition, read.queue, read.array_size, read.has_ended) == ("once:1", "low", 3, True)
    assert {"name": "CONFIG_JSON", "value": "{}"} in told[f"{job}:1"]["container"]["environment"]
    assert batch.children(job, "SUCCEEDED") == [f"{job}:0", f"{job}:1", f"{job}:2"]
    assert batch.children(job, "FAILED") == []
    assert job in [one["jobId"] for one in batch.recent("low")]
    assert f"{job}:0" not in [one["jobId"] for one in batch.recent("low")]


def test_a_rollback_registers_what_succeeded(batch: AwsBatch) -> None:
    """The first revision, whose job succeeded, is the newest again; the bad one stays active."""
    for memory in (1024, 2048):
        define(defined(definition="back", memory=memory), batch, Told())
    newest, first = batch.definitions("back")
    batch.submit(compose(asked(definition=first)))
    report = Told()
    assert roll_back("back", "low", None, batch, report) == "back:3"
    again = batch.definitions("back")
    assert [one["revision"] for one in again] == [3, 2, 1]
    assert again[0]["containerProperties"] == first["containerProperties"]
    assert again[0]["tags"] == first["tags"] != newest["tags"]
    assert roll_back("back", "low", None, batch, report) == "back:3"


def test_two_indexes_are_two_places() -> None:
    """Of one domain and region too: their profiles may be of two accounts, and a request is bound to its place."""
    staging, prod = (AwsBatch(index_at(None, name=name)).place for name in ("staging", "prod"))
    assert (staging, prod) == (
        "AWS Batch, region us-east-1, index staging",
        "AWS Batch, region us-east-1, index prod",
    )


def test_every_image_of_active_definitions_is_told(batch: AwsBatch) -> None:
    """For `retract --deployed`."""
    define(defined(definition="images"), batch, Told())
    assert JobDefinition(name="images:1", image=IMAGE) in list(batch.revisions())


def test_a_log_that_is_not_there_has_no_lines(batch: AwsBatch) -> None:
    """It begins when the container does; the same token again says that there is no more yet."""
    page = batch.log("nowhere/default/x", "t")
    assert (list(page.lines), page.token) == ([], "t")


def test_a_log_is_read_from_its_own_group(batch: AwsBatch) -> None:
    """Which only the job's description says; page by page, until the same token comes again."""
    logs, now = batch._logs, int(time.time() * 1000)
    for group in ("/aws/batch/job", "/team"):
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="s")
        logs.put_log_events(
            logGroupName=group, logStreamName="s", logEvents=[{"timestamp": now, "message": f"in {group}"}]
        )
    assert list(batch.log("s").lines) == [(now, "in /aws/batch/job")]
    told = {
        "jobId": "j",
        "container": {
            "logStreamName": "s",
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/team"}},
        },
    }
    with Stubber(batch._batch) as stub:
        stub.add_response("describe_jobs", {"jobs": [described(told)]}, {"jobs": ["j"]})
        batch.describe(["j"])
    first = batch.log("s")
    assert list(first.lines) == [(now, "in /team")]
    second = batch.log("s", first.token)
    assert list(second.lines) == []
    assert batch.log("s", second.token).token == second.token


def described(told: Mapping[str, Any]) -> dict[str, Any]:
    """A job with every member that DescribeJobs must have."""
    needed = {"jobName": "n", "jobQueue": "q", "status": "RUNNING", "startedAt": 1, "jobDefinition": "d"}
    return {**needed, **told}


def test_a_job_can_be_terminated(batch: AwsBatch) -> None:
    """Once more after it ended, too."""
    define(defined(definition="ended"), batch, Told())
    job = batch.submit(compose(asked(definition=batch.definitions("ended")[0])))
    batch.terminate(job, "enough")


def test_what_batch_refuses_is_one_sentence(batch: AwsBatch) -> None:
    """With the operation and the service's own words."""
    request = {"jobName": "n", "jobQueue": "nowhere", "jobDefinition": "x:1"}
    with pytest.raises(JobError, match="SubmitJob was refused: Job") as caught:
        batch.submit(request)
    assert caught.value.address == "AWS Batch, region us-east-1, index test"


# --- botocore's Stubber: answers that moto never gives ---


def stubbed() -> tuple[AwsBatch, Stubber]:
    """A Batch whose answers are written down beforehand; any other question fails."""
    batch = AwsBatch(index_at(None))
    return batch, Stubber(batch._batch)


def test_jobs_are_described_by_the_hundred() -> None:
    """One call for a hundred, each job once, and no call for none."""
    batch, stub = stubbed()
    ids = [f"j{number}" for number in range(250)]
    for start in (0, 100, 200):
        some = ids[start : start + 100]
        stub.add_response("describe_jobs", {"jobs": [described({"jobId": j}) for j in some]}, {"jobs": some})
    with stub:
        assert list(batch.describe([*ids, *ids])) == ids
        assert batch.describe([]) == {}
    stub.assert_no_pending_responses()


def test_an_empty_answer_of_describejobs_is_no_job_and_no_error() -> None:
    """DescribeJobs lags behind SubmitJob: the job is missing, for now."""
    batch, stub = stubbed()
    stub.add_response("describe_jobs", {"jobs": []}, {"jobs": ["j"]})
    stub.add_response("describe_jobs", {"jobs": [described({"jobId": "j"})]}, {"jobs": ["j"]})
    with stub:
        assert [list(batch.describe(["j"])) for _ in range(2)] == [[], ["j"]]


def test_a_failed_array_has_ended_though_its_parent_lags() -> None:
    """The counts of its children say so; the parent is still PENDING."""
    batch, stub = stubbed()
    counts = {"SUCCEEDED": 1, "FAILED": 2, "RUNNING": 0}
    lagging = described(
        {"jobId": "j", "status": "PENDING", "arrayProperties": {"size": 3, "statusSummary": counts}}
    )
    stub.add_response("describe_jobs", {"jobs": [lagging]}, {"jobs": ["j"]})
    with stub:
        job = read_job(batch.describe(["j"])["j"])
    assert (job.status, job.has_ended, job.has_failed) == ("PENDING", True, True)


def test_children_and_jobs_come_page_by_page() -> None:
    """In the order of their index; a second page is asked for only when it is wanted."""
    batch, stub = stubbed()
    summary = {"jobName": "n"}
    first = {"jobSummaryList": [{**summary, "jobId": "j:10"}], "nextToken": "t"}
    second = {"jobSummaryList": [{**summary, "jobId": "j:9"}]}
    of_array = {"arrayJobId": "j", "jobStatus": "FAILED"}
    stub.add_response("list_jobs", first, of_array)
    stub.add_response("list_jobs", second, {**of_array, "nextToken": "t"})
    of_queue = {"jobQueue": "q", "filters": [{"name": "AFTER_CREATED_AT", "values": ["0"]}]}
    stub.add_response(
        "list_jobs", {"jobSummaryList": [{**summary, "jobId": "k"}], "nextToken": "t"}, of_queue
    )
    with stub:
        assert batch.children("j", "FAILED") == ["j:9", "j:10"]
        assert next(iter(batch.recent("q")))["jobId"] == "k"
    stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "status", "kind", "hint"),
    [
        ("TooManyRequestsException", 429, UnavailableError, "run the same command again in a minute"),
        ("AccessDeniedException", 403, DeniedError, "the credentials need batch:DescribeJobs"),
        ("ServerException", 500, UnavailableError, ""),
        ("BandwidthLimitExceeded", 509, UnavailableError, "run the same command again in a minute"),
        ("EC2ThrottledException", 429, UnavailableError, ""),
        ("ClientException", 400, JobError, ""),
        ("ExpiredTokenException", 403, IndexAccessError, "sign in to AWS again"),
    ],
)
def test_errors_are_told_by_who_can_act(code: str, status: int, kind: type[CarrackError], hint: str) -> None:
    """With Batch as the address, and the permission that is missing."""
    batch, stub = stubbed()
    stub.add_client_error("describe_jobs", code, "so it is", status)
    with stub, pytest.raises(kind) as caught:
        batch.describe(["j"])
    assert type(caught.value) is kind
    assert caught.value.address == "AWS Batch, region us-east-1, index test"
    assert hint in caught.value.hint


# --- on the wire ---


def wire(replies: list[Answer]) -> tuple[Web, Callable[[], AwsBatch], list[float]]:
    """A service that gives these answers in turn, the Batch that asks it, and its pauses."""
    naps: list[float] = []

    def reply(asked: Asked) -> Answer:
        return replies.pop(0)

    web = Web(reply)
    return web, lambda: AwsBatch(index_at(None), endpoint=web.url, sleep=naps.append), naps


def answer(told: Mapping[str, Any], status: int = 200, **headers: str) -> Answer:
    """An answer in the service's form."""
    return Answer(status=status, headers=headers, body=json.dumps(told).encode())


def throttled() -> Answer:
    """What a service says that is asked too often."""
    return answer({"message": "Too Many Requests"}, 429, **{"x-amzn-ErrorType": "TooManyRequestsException"})


SUBMITTED = answer({"jobId": "j", "jobName": "n"})
REQUEST = {"jobName": "n", "jobQueue": "q", "jobDefinition": "d:1"}


def test_reading_is_tried_again_where_it_is_throttled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four times in all, by boto3; then it is one sentence."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    web, batch, _ = wire([throttled(), throttled(), answer({"jobs": []}), *[throttled() for _ in range(4)]])
    with web:
        assert batch().describe(["j"]) == {}
        assert len(web.asked) == 3
        with pytest.raises(IndexAccessError, match="asked too often"):
            batch().describe(["j"])
        assert len(web.asked) == 7


@pytest.mark.parametrize(
    "reply", [Answer(200, b"<html>"), Answer(503, b"<html>")], ids=["no JSON", "unavailable"]
)
def test_a_page_of_something_between_passes_by_itself(reply: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer to reading that is not the service's: it is asked again later, of jobs and of logs."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with Web(lambda _: reply) as web:
        batch = AwsBatch(index_at(None), endpoint=web.url, logs_endpoint=web.url)
        questions: list[Callable[[], object]] = [
            lambda: batch.describe(["j"]),
            lambda: batch.children("j", "FAILED"),
            lambda: batch.log("s"),
        ]
        for ask in questions:
            with pytest.raises(UnavailableError):
                ask()


def test_submitting_waits_where_it_is_throttled_and_gives_up() -> None:
    """A throttled request did nothing, so it is sent again, five times in all, with growing pauses."""
    web, batch, naps = wire([throttled(), throttled(), SUBMITTED, *[throttled() for _ in range(5)]])
    with web:
        assert batch().submit(REQUEST) == "j"
        assert (len(web.asked), naps) == (3, [0.5, 1.0])
        with pytest.raises(IndexAccessError, match="asked too often"):
            batch().submit(REQUEST)
        assert len(web.asked) == 8


@pytest.mark.parametrize(
    "reply",
    [
        answer({"message": "so it is"}, 500, **{"x-amzn-ErrorType": "ServerException"}),
        answer({}, 503),
        Answer(200, b'{"jobId', {"Content-Length": "40"}),
        Answer(200, b"<html>"),
        answer({}),
    ],
    ids=["server error", "unavailable", "half an answer", "no JSON", "nothing in it"],
)
def test_a_job_that_may_have_been_taken_is_not_submitted_again(reply: Answer) -> None:
    """Nobody knows whether the service carried it out: one request, and that is said."""
    web, batch, naps = wire([reply, SUBMITTED])
    with web, pytest.raises(StoppedError, match="nobody knows whether") as caught:
        batch().submit(REQUEST)
    assert (len(web.asked), naps) == (1, [])
    assert caught.value.untouched == "it is not sent a second time"


def test_nobody_there_is_no_doubt(aws_user: object) -> None:
    """What was never sent was not submitted."""
    with pytest.raises(IndexAccessError, match="nothing answers at"):
        AwsBatch(index_at(None), endpoint="http://127.0.0.1:9").submit(REQUEST)
