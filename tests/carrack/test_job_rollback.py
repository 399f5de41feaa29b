"""The last definition whose jobs succeeded becomes the newest again, and nothing is built."""

from __future__ import annotations

import pytest
from tests.carrack.fakes import Told
from tests.carrack.jobs import MemoryBatch, asked, defined

from carrack.commands.job_rollback import roll_back
from carrack.errors import JobError, NotReadyError
from carrack.model.jobs.request import compose


def batch(*outcomes: str) -> MemoryBatch:
    """A Batch with a revision for each, and a job of it that ended so (`-` for none)."""
    made = MemoryBatch()
    for number, outcome in enumerate(outcomes, 1):
        made.register(defined(memory=1024 * number))
        if outcome != "-":
            made.status = outcome
            made.submit(compose(asked(definition=made.definitions("nightly")[0])))
    return made


@pytest.mark.parametrize(
    ("outcomes", "of"),
    [
        (("SUCCEEDED", "FAILED"), 1),
        (("SUCCEEDED", "SUCCEEDED", "FAILED"), 2),
        (("SUCCEEDED", "FAILED", "-"), 1),
    ],
)
def test_the_newest_revision_that_succeeded_comes_back(outcomes: tuple[str, ...], of: int) -> None:
    """As a revision of its own, with its content; a second time there is nothing to do."""
    made, report = batch(*outcomes), Told()
    count = len(outcomes)
    assert roll_back("nightly", "low", None, made, report) == f"nightly:{count + 1}"
    assert made.registered[-1] == made.registered[of - 1]
    assert f"with the content of nightly:{of}, of which the job job-{of} succeeded" in report.steps[0]
    assert f"nightly:{count} stays active" in report.notes[0]
    assert roll_back("nightly", "low", None, made, report) == f"nightly:{count + 1}"
    assert len(made.registered) == count + 1


def test_where_the_newest_succeeded_there_is_nothing_to_do() -> None:
    """It is the last that succeeded; another one is somebody's word."""
    made, report = batch("SUCCEEDED", "SUCCEEDED"), Told()
    assert roll_back("nightly", "low", None, made, report) == "nightly:2"
    assert "--to-revision N" in report.notes[0]
    assert roll_back("nightly", "low", 1, made, report) == "nightly:3"
    assert made.registered[2] == made.registered[0]


def test_history_that_batch_forgot_is_told() -> None:
    """Nothing is guessed: somebody says the revision."""
    made = batch("FAILED", "-", "-")
    with pytest.raises(JobError, match="no job that succeeded is listed in low") as caught:
        roll_back("nightly", "low", None, made, Told())
    assert caught.value.hint == "say --to-revision N; active are 3, 2, 1"
    with pytest.raises(JobError, match="since no queue was said"):
        roll_back("nightly", None, None, made, Told())
    assert len(made.registered) == 3
    assert roll_back("nightly", None, 1, made, Told()) == "nightly:4"
    assert roll_back("nightly", None, 4, made, Told()) == "nightly:4"


def test_a_revision_or_a_definition_that_is_not_there() -> None:
    """With what there is."""
    with pytest.raises(JobError, match="no revision 9 is active; there are 2, 1") as caught:
        roll_back("nightly", "low", 9, batch("-", "-"), Told())
    assert caught.value.hint == "say --to-revision N, one of these"
    with pytest.raises(NotReadyError, match="no active job definition other") as missing:
        roll_back("other", "low", None, batch("-"), Told())
    assert missing.value.hint == "carrack job define"


def test_jobs_of_other_definitions_and_queues_do_not_count() -> None:
    """Whatever they are called."""
    made = batch("-", "-")
    made.status = "SUCCEEDED"
    made.submit({**compose(asked()), "jobQueue": "other"})
    made.submit({**compose(asked()), "jobDefinition": "nightly-2:1"})
    with pytest.raises(JobError, match="is listed in low"):
        roll_back("nightly", "low", None, made, Told())
