"""Jobs on this machine whose supervisor is killed: it is told, nothing waits for ever, and nothing is left running."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.carrack.local_jobs import PATIENCE_SECONDS, QUICK, Here, here, until_gone

from carrack.adapters.local_batch.job_folder import JobFolder
from carrack.adapters.local_batch.jobs import LOST
from carrack.model.jobs.job import ENDED, read_job

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is left running is found by /proc")


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Here:
    """One folder for all tests."""
    return here(tmp_path_factory.mktemp("jobs") / "jobs")


def processes(*, argument: str = "", variable: str = "") -> Iterator[int]:
    """The processes with this argument, and with this variable in their environment."""
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            arguments = (place / "cmdline").read_bytes().split(b"\0")
            variables = (place / "environ").read_bytes().split(b"\0")
            named = argument and argument.encode() in arguments
            if named or (variable and any(one.startswith(variable.encode()) for one in variables)):
                yield int(place.name)


def left_of(job: str) -> list[int]:
    """The processes of a job's attempts."""
    return list(processes(variable=f"AWS_BATCH_JOB_ID={job}"))


def supervisors(job: str) -> tuple[int, ...]:
    """The process that looks after a job, and the one that watches it; none where it has ended."""
    found = set(processes(argument=job))
    parents = {pid: int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) for pid in found}
    return tuple(sorted(found, key=lambda pid: parents[pid] in found))


def kill(job: str, *, both: bool) -> None:
    """Kill who looks after a job; `both` with the one that would notice, as a power cut does."""
    with suppress(ProcessLookupError, FileNotFoundError, ValueError):
        for pid in reversed(supervisors(job)) if both else supervisors(job)[:1]:
            os.kill(pid, signal.SIGKILL)


def on_disk(jobs: Here, job: str) -> dict[str, Any]:
    """What the folder says, without asking anybody who might correct it."""
    told: dict[str, Any] = json.loads((jobs.batch.folder / job / "job.json").read_text())
    return told


def test_a_killed_supervisor_is_noticed_at_once(jobs: Here) -> None:
    """The one behind it ends the job's processes, children that left their group included, and tells."""
    job = jobs.submit("sh", "-c", "setsid sleep 600 & echo $! $$; exec sleep 600")
    jobs.running(job)
    stream = jobs.told(job)["container"]["logStreamName"]
    while not (lines := jobs.batch.log(stream).lines):
        time.sleep(0.01)
    kill(job, both=False)
    end = time.monotonic() + PATIENCE_SECONDS
    while on_disk(jobs, job)["status"] not in ENDED:
        assert time.monotonic() < end
        time.sleep(0.01)
    for pid in lines[0][1].split():
        until_gone(int(pid))
    read = read_job(on_disk(jobs, job))
    assert (read.status, read.status_reason, read.exit_code) == ("FAILED", LOST, None)
    (attempt,) = read.attempts
    assert (attempt.exit_code, attempt.status_reason, attempt.log_stream) == (None, LOST, stream)


def orphaned(jobs: Here) -> str:
    """A job that runs, and of which both processes that look after it were killed."""
    job = jobs.submit("sleep", "600")
    jobs.running(job)
    kill(job, both=True)
    for pid in supervisors(job):
        until_gone(pid)
    return job


def test_a_machine_that_went_down_is_noticed_when_somebody_asks(jobs: Here) -> None:
    """Both processes were killed: until then the job is told as it was, and after that as failed."""
    job = orphaned(jobs)
    assert on_disk(jobs, job)["status"] == "RUNNING"
    assert left_of(job)
    assert (jobs.told(job)["status"], jobs.told(job)["statusReason"]) == ("FAILED", LOST)
    for pid in left_of(job):
        until_gone(pid)


def test_all_who_ask_at_once_are_told_the_same(jobs: Here) -> None:
    """One of them ends what is left, the others wait for it."""
    job = orphaned(jobs)
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(jobs.told, [job] * 8))
    assert {one["statusReason"] for one in told} == {LOST}
    assert len({json.dumps(one) for one in told}) == 1
    assert len(told[0]["attempts"]) == 1


@pytest.mark.parametrize("seed", range(12))
def test_it_may_be_killed_at_any_point(tmp_path: Path, seed: int) -> None:
    """The array is told as ended, every child of it too, the counts add up, and nothing is left running."""
    chance = random.Random(seed)  # noqa: S311 - a test's own dice
    own = here(tmp_path / "jobs", replace(QUICK, parallel=4))
    array = own.array(8, "sh", "-c", "sleep 0.0$AWS_BATCH_JOB_ARRAY_INDEX", retryStrategy={"attempts": 2})
    time.sleep(chance.uniform(0, 0.15))
    kill(array, both=bool(seed % 2))
    told = own.ended(array)
    counts = told["arrayProperties"]["statusSummary"]
    children = [own.told(f"{array}:{index}") for index in range(8)]
    states = [child["status"] for child in children]
    assert (states.count("SUCCEEDED"), states.count("FAILED")) == (counts["SUCCEEDED"], counts["FAILED"])
    assert counts["SUCCEEDED"] + counts["FAILED"] == 8
    assert told["statusReason"] == LOST if told["status"] == "FAILED" else counts["SUCCEEDED"] == 8
    for pid in left_of(array):
        until_gone(pid)


def test_what_waits_for_a_lost_job_fails(jobs: Here) -> None:
    """It is not waited for for ever."""
    first = jobs.submit("sleep", "600")
    second = jobs.submit("true", request={"dependsOn": [{"jobId": first}]})
    jobs.running(first)
    kill(first, both=True)
    assert jobs.ended(second)["statusReason"] == "Dependent Job failed"


def test_a_job_whose_supervisor_never_began(jobs: Here) -> None:
    """`submit` was killed in between: the job is there, and has failed."""
    job = jobs.submit("true")
    told = {**jobs.ended(job), "jobId": job[:-1] + "x", "status": "SUBMITTED", "attempts": []}
    told["jobId"] = f"{job[:-12]}{'0' * 12}"
    folder = JobFolder(jobs.batch.folder / told["jobId"])
    lock = folder.make("process")
    folder.save(told)
    assert jobs.told(told["jobId"])["status"] == "SUBMITTED"
    os.close(lock)
    assert (jobs.told(told["jobId"])["status"], jobs.told(told["jobId"])["statusReason"]) == ("FAILED", LOST)


def test_a_full_disk_keeps_nobody_from_being_told(jobs: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end cannot be written down; it is said nevertheless."""

    def full(folder: JobFolder, told: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    job = orphaned(jobs)
    with monkeypatch.context() as patch:
        patch.setattr(JobFolder, "save", full)
        assert (jobs.told(job)["status"], jobs.told(job)["statusReason"]) == ("FAILED", LOST)
    assert on_disk(jobs, job)["status"] == "RUNNING"
    assert jobs.told(job)["status"] == "FAILED"
    assert on_disk(jobs, job)["status"] == "FAILED"


def test_a_container_that_may_be_left_is_told(jobs: Here) -> None:
    """No engine answers when somebody asks: the job has failed, and its containers may still run."""
    job = jobs.submit("sleep", "600")
    jobs.running(job)
    (jobs.batch.folder / job / "kind").write_text("container")
    kill(job, both=True)
    for pid in supervisors(job):
        until_gone(pid)
    told = jobs.told(job)
    assert told["status"] == "FAILED"
    assert "its containers may still run: no container engine answers" in told["statusReason"]
    for pid in left_of(job):
        os.kill(pid, signal.SIGKILL)


def test_a_folder_that_is_removed_ends_its_job(tmp_path: Path) -> None:
    """There is nowhere left to tell anything; what ran is ended."""
    own = here(tmp_path / "jobs")
    job = own.submit("sleep", "600")
    own.running(job)
    (pid,) = left_of(job)
    shutil.rmtree(own.batch.folder)
    until_gone(pid)


def test_files_that_a_power_cut_emptied_are_none(jobs: Here) -> None:
    """A child's file is not waited for when it is written; an empty one says nothing, and its parent does."""
    array = jobs.array(2, "true")
    jobs.ended(array)
    (jobs.batch.folder / array / "children" / "1.json").write_text("")
    assert jobs.told(f"{array}:1")["status"] == "SUCCEEDED"
