"""A request is handed in once: also where it is made twice, and where something dies between."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any, NoReturn

import pytest
from tests.carrack.fakes import Told
from tests.carrack.jobs import MemoryBatch, MemoryRecords, asked, defined, described

from carrack.adapters.job_records import JobRecords
from carrack.commands.job_submit import Order, pinned, prepare
from carrack.commands.submitting import Desk, submit
from carrack.errors import IndexAccessError, JobError, NotReadyError, StoppedError
from carrack.model.jobs.ladder import Carried, Stored, carry
from carrack.model.jobs.request import parse_dependency
from carrack.model.jobs.submission import Submission

REQUEST = carry(asked(), {"a": 1})


class Store:
    """Implements `ports.ParameterStore`."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def put(self, stored: Stored) -> None:
        """See `ports.ParameterStore`."""
        self.held[str(stored)] = stored.data


class Place:
    """A Batch, records that outlive a run, and a clock."""

    def __init__(self) -> None:
        self.batch, self.records, self.report, self.store = MemoryBatch(), MemoryRecords(), Told(), Store()
        self.time = 1000.0

    def submit(self, carried: Carried = REQUEST, *, is_new: bool = False) -> str:
        """One run, as the verb does it; `is_new` is a run without --request-id."""
        self.batch.time = self.time
        desk = Desk(
            batch=self.batch,
            records=self.records,
            store=lambda: self.store,
            now=lambda: self.time,
            report=self.report,
        )
        return submit(carried, desk, is_new=is_new)

    def refused(self, kind: type[Any], carried: Carried = REQUEST) -> Any:
        """What a run ends with."""
        with pytest.raises(kind) as caught:
            self.submit(carried)
        return caught.value


@pytest.fixture
def place() -> Place:
    """Give one."""
    return Place()


def test_the_id_is_recorded_before_and_the_job_after(place: Place) -> None:
    """And the job has it as a tag."""
    assert place.submit(is_new=True) == "job-1"
    before, after = place.records.lines
    assert (before.request_id, before.job) == ("r-1", None)
    assert after == replace(before, job="job-1")
    assert place.batch.submitted[0]["tags"] == {"carrack:request": "r-1"}


def test_the_same_request_again_is_the_same_job(place: Place) -> None:
    """By the record, without asking; also where a newer revision of the definition is there by now."""
    place.submit()
    newer = carry(asked(definition=described(2)), {"a": 1})
    assert [place.submit(), place.submit(newer)] == ["job-1", "job-1"]
    assert len(place.batch.submitted) == 1


def test_another_request_under_the_same_id_is_refused(place: Place) -> None:
    """Else one of the two would be lost."""
    place.submit()
    error = place.refused(JobError, carry(asked(), {"a": 2}))
    assert str(error) == "request r-1: this was another request: nightly to low on memory"
    assert "--request-id" in error.hint
    assert len(place.batch.submitted) == 1


def test_the_same_request_to_another_place_is_refused(place: Place) -> None:
    """The first place's job is none of the second: nobody would see that it got none."""
    place.submit()
    first, place.batch = place.batch, MemoryBatch(place="another account")
    assert "nightly to low on memory" in place.refused(JobError).message
    assert (len(first.submitted), place.batch.submitted) == (1, [])


def test_after_a_crash_between_the_two_the_job_is_found(place: Place) -> None:
    """The record knows that it was sent, the tag which job it made."""
    place.batch.dies.append(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        place.submit()
    place.time += 5
    assert place.submit() == "job-1"
    assert len(place.batch.submitted) == 1
    assert place.records.lines[-1].job == "job-1"
    assert "Found job-1" in place.report.steps[-1]


def test_after_a_crash_before_it_was_sent_it_is_sent_when_that_is_sure(place: Place) -> None:
    """A service may not list its newest jobs for a while: within a minute nothing is sent, and nothing is lost."""
    place.batch.fails.append(KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        place.submit()
    assert "less than a minute ago" in place.refused(StoppedError).message
    place.time += 61
    assert place.submit() == "job-1"
    assert place.submit() == "job-1"


def test_a_request_from_another_machine_is_found_by_its_tag(place: Place) -> None:
    """Where there is no record here, and somebody says the id."""
    place.submit()
    place.records = MemoryRecords()
    assert place.submit() == "job-1"
    assert len(place.batch.submitted) == 1


def test_a_request_from_another_machine_is_found_after_a_search_that_broke_off(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record of the run that could not search is younger than the job."""
    place.submit()
    place.records = MemoryRecords()
    place.time += 5 * 3600

    def away(queue: str) -> NoReturn:
        raise IndexAccessError("Batch is away")

    with monkeypatch.context() as broken:
        broken.setattr(place.batch, "recent", away)
        place.refused(IndexAccessError)
    place.time += 120
    assert place.submit() == "job-1"
    assert len(place.batch.submitted) == 1


def test_other_jobs_of_the_name_are_not_it(place: Place) -> None:
    """Whatever else is in the queue, and however much."""
    for number in range(250):
        place.submit(carry(asked(request_id=f"x-{number}"), None), is_new=True)
    place.submit(carry(asked(name="another", request_id="r-2"), None), is_new=True)
    assert place.submit() == "job-252"


def test_a_job_that_is_listed_and_not_described_yet_may_be_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DescribeJobs lags behind: nothing is sent until the job's tag can be read."""
    place.submit()
    place.records = MemoryRecords()
    with monkeypatch.context() as lagging:
        lagging.setattr(place.batch, "describe", lambda ids: {})
        assert "listed and not described yet" in place.refused(StoppedError).message
    assert place.submit() == "job-1"
    assert len(place.batch.submitted) == 1


def test_an_answer_that_did_not_come_names_the_request(place: Place) -> None:
    """The next command looks first, and finds what was made of it."""
    place.batch.dies.append(StoppedError("nobody knows"))
    assert place.refused(StoppedError).hint.endswith("--request-id r-1; it looks first")
    place.time += 1
    assert place.submit() == "job-1"


def test_what_was_refused_can_be_asked_again_at_once(place: Place) -> None:
    """It made no job for certain."""
    place.batch.fails.append(JobError("the queue is disabled"))
    place.refused(JobError)
    assert place.records.lines[-1].refused
    assert place.submit() == "job-1"


def test_what_was_refused_can_be_asked_in_other_words_and_elsewhere(place: Place) -> None:
    """Its id is free; what is then sent under it binds it."""
    place.batch.fails.append(JobError("there is no such job to wait for"))
    place.refused(JobError)
    place.batch = MemoryBatch(place="another account")
    assert place.submit(carry(asked(), {"a": 2})) == "job-1"
    place.refused(JobError)


@pytest.mark.parametrize("before", [JobError("refused"), StoppedError("lost"), None])
def test_of_two_who_look_and_find_nothing_one_sends(
    place: Place, monkeypatch: pytest.MonkeyPatch, before: Exception | None
) -> None:
    """While one looks at the queue, the other looks too, finds as little, and sends: a job, not two."""
    if before:
        place.batch.fails.append(before)
        place.refused(type(before))
    place.time += 61
    looks = [place.batch.recent, place.batch.recent]

    def recent(queue: str) -> Any:
        look = looks.pop()
        if looks:
            place.time += 61
            assert place.submit() == "job-1"
            place.batch.jobs.clear()  # not listed yet
        return look(queue)

    monkeypatch.setattr(place.batch, "recent", recent)
    assert "being sent by another process" in place.refused(StoppedError).message
    assert len(place.batch.submitted) == 1
    assert place.submit() == "job-1"


def test_long_parameters_are_stored_before_the_job_is_submitted(place: Place) -> None:
    """Under their hash; where that fails nothing is submitted, and the request may be made again."""
    long = carry(asked(), {"noise": [f"{n * n * n:x}" for n in range(8000)]}, "s3://bucket/p/")
    assert long.stored is not None

    class Away(Store):
        def put(self, stored: Stored) -> None:
            raise IndexAccessError("S3 is away")

    working, place.store = place.store, Away()
    place.refused(IndexAccessError, long)
    assert place.batch.submitted == []
    place.store = working
    place.submit(long)
    assert place.store.held == {str(long.stored): long.stored.data}


# --- what is asked for ---


def test_a_name_is_pinned_to_the_newest_revision() -> None:
    """What is submitted never depends on who registers something meanwhile."""
    batch = MemoryBatch(registered=[defined(), defined(memory=4096)])
    assert pinned(batch, "nightly")["revision"] == 2
    assert pinned(batch, "nightly:1")["revision"] == 1
    with pytest.raises(JobError, match="no revision 7 of nightly is active; there are 2, 1") as caught:
        pinned(batch, "nightly:7")
    assert caught.value.hint == "say --definition nightly for the newest, or nightly:N"
    with pytest.raises(NotReadyError, match="no active job definition other"):
        pinned(batch, "other:1")


def test_a_definition_of_something_else_is_refused() -> None:
    """Of several nodes, or of Kubernetes: their overrides are others."""
    batch = MemoryBatch(
        registered=[{"jobDefinitionName": "nodes", "type": "multinode", "nodeProperties": {}}]
    )
    with pytest.raises(JobError, match="is not of one container") as caught:
        pinned(batch, "nodes")
    assert caught.value.hint.startswith("aws batch submit-job --job-definition nodes:1")


def prepared(batch: MemoryBatch, **fields: Any) -> tuple[JobError | None, Told]:
    """What speaks against a job, and what was told."""
    report = Told()
    return prepare(Order(asked=asked(**fields)), batch, report)[1], report


def test_arrays_of_another_size_cannot_wait_child_by_child() -> None:
    """Batch takes N_TO_N for arrays of one size."""
    batch = MemoryBatch(jobs={"a": {"arrayProperties": {"size": 3}}, "p": {}})
    n_to_n = (parse_dependency("a:n-to-n"),)
    assert prepared(batch, array=3, depends_on=n_to_n)[0] is None
    error, _ = prepared(batch, array=4, depends_on=n_to_n)
    assert error is not None
    assert error.faults == ("depends-on: a has 3 children, and this job 4",)
    error, _ = prepared(batch, array=4, depends_on=(parse_dependency("p:n-to-n"),))
    assert error is not None


def test_a_dependency_that_is_not_known_yet_is_noted() -> None:
    """DescribeJobs lags behind SubmitJob, so it is no fault."""
    error, report = prepared(MemoryBatch(), depends_on=({"jobId": "gone"},))
    assert error is None
    assert report.notes == ["memory does not know the job gone, or not yet"]


def test_what_is_not_as_on_aws_is_told_once() -> None:
    """By whoever stands for it; of AWS Batch itself there is nothing to tell."""
    _, report = prepared(MemoryBatch(not_emulated=("IAM roles", "spot")), array=5)
    assert report.notes == ["not as on AWS Batch: IAM roles; spot"]
    assert prepared(MemoryBatch())[1].notes == []


def test_an_array_of_one_is_told() -> None:
    """It is submitted as a plain job."""
    assert "a plain job" in prepared(MemoryBatch(), array=1)[1].notes[0]


def test_secrets_and_the_configuration_s_own_variables_are_refused() -> None:
    """All at once, none shown."""
    order = Order(
        asked=asked(environment={"CONFIG_JSON_GZ": "x", "API_KEY": "hunter2"}),
        document={"password": "hunter2"},
    )
    _, error = prepare(order, MemoryBatch(), Told())
    assert error is not None
    assert len(error.faults) == 3
    assert "hunter2" not in repr(error.faults)


# --- the record on disk ---


def made(request_id: str = "r-1", **fields: Any) -> Submission:
    """A record."""
    given = {"place": "p", "queue": "q", "name": "n", "digest": "d", "at": 1.5}
    return Submission(request_id=request_id, **{**given, **fields})


def test_records_survive_and_the_last_line_counts(tmp_path: Path) -> None:
    """Lines that a crash tore, and those of other programs, are none; the next line is whole."""
    file = tmp_path / "jobs" / "submitted.jsonl"
    records = JobRecords(file=file)
    assert records.begin(made()) is None
    records.note(made(job="j"))
    with file.open("a") as torn:
        torn.write('[1]\n{"schema": 2}\n{"schema": 1, "request_id": "r-1", "pl')
    assert records.begin(made()) == made(job="j")
    assert records.begin(made("r-2")) is None
    assert records.begin(made("r-2")) == made("r-2")
    assert JobRecords(file=file).begin(made()) == made(job="j")


@pytest.mark.parametrize("before", [None, made(refused=True)], ids=["first", "again"])
def test_of_many_who_begin_one_request_one_is_first(tmp_path: Path, before: Submission | None) -> None:
    """The same command, run several times at once: the first time, and in place of what was refused."""
    records, barrier = JobRecords(file=tmp_path / "submitted.jsonl"), Barrier(6)
    if before:
        records.note(before)

    def begin(number: int) -> bool:
        barrier.wait(30)
        return records.begin(made(at=2.0 + number), instead_of=before) is None

    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(begin, range(6))) == [False] * 5 + [True]


def test_a_record_that_cannot_be_written_stops_the_request(tmp_path: Path) -> None:
    """Nothing is sent of which there is no record."""
    (tmp_path / "jobs").write_text("a file in the folder's place")
    with pytest.raises(OSError, match="jobs"):
        JobRecords(file=tmp_path / "jobs" / "submitted.jsonl").begin(made())
