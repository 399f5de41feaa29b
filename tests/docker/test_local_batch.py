"""Jobs as containers of Docker's and podman's engine, on the small image of the Python that runs the tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.carrack.local_jobs import QUICK, Here
from tests.carrack.test_local_batch_crash import kill

from carrack.adapters.engine import ContainerEngine
from carrack.adapters.local_batch.batch import local_batch
from carrack.model.jobs.job import read_job

pytestmark = [pytest.mark.docker, pytest.mark.slow]

SECRET = "a-token-of-the-job-0123456789"
IMAGE = "python-base:latest"
SETTINGS = replace(QUICK, tick=0.05, second=0.1)


@pytest.fixture(params=["docker_client", "podman_client"])
def client(request: pytest.FixtureRequest, base_image: str) -> ContainerEngine:
    """Docker, then podman."""
    found: ContainerEngine = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def jobs(client: ContainerEngine, tmp_path: Path) -> Here:
    """Containers, whose jobs are in a folder of the test's."""
    passed = {"AWS_SESSION_TOKEN": SECRET}
    return Here(local_batch(tmp_path / "jobs", "container", lambda: client, passed=passed, settings=SETTINGS))


def submit(
    jobs: Here, code: str, size: int = 0, container: dict[str, Any] | None = None, **members: Any
) -> str:
    """Submit a job that runs this Python code."""
    request: dict[str, Any] = {"arrayProperties": {"size": size}} if size else {}
    told = {"image": IMAGE, "linuxParameters": {"initProcessEnabled": True}, **(container or {})}
    return jobs.submit("python3", "-c", code, request=request, container=told, **members)


def asked(client: ContainerEngine, *arguments: str) -> str:
    """What the engine's own client says."""
    done = subprocess.run(
        [client.program, *arguments], env=dict(client.environ), capture_output=True, text=True, check=True
    )
    return done.stdout


def containers(client: ContainerEngine, job: str) -> list[str]:
    """The containers that are there of a job."""
    return asked(client, "ps", "--all", "--quiet", "--filter", f"label=io.carrack.job={job}").split()


def test_an_array_with_retries_and_a_clean_environment(
    jobs: Here, client: ContainerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each child in containers of its own, of which none is left; nothing of this machine's variables comes along."""
    monkeypatch.setenv("CARRACK_TEST_SECRET", "of-this-shell")
    code = "import os, json; print(json.dumps(dict(os.environ))); exit(75 * (os.environ[ATTEMPT] < '2'))"
    code = code.replace("ATTEMPT", "'AWS_BATCH_JOB_ATTEMPT'")
    environment = [{"name": "HOME", "value": "/a home"}, {"name": "MINE", "value": "two\nlines"}]
    container = {"environment": environment}
    array = submit(jobs, code, size=3, container=container, retryStrategy={"attempts": 2})
    assert jobs.ended(array)["status"] == "SUCCEEDED"
    for index in range(3):
        read = read_job(jobs.told(f"{array}:{index}"))
        assert [attempt.exit_code for attempt in read.attempts] == [75, 0]
        told = json.loads("\n".join(jobs.lines(f"{array}:{index}")))
        assert told["AWS_BATCH_JOB_ARRAY_INDEX"] == str(index)
        assert (told["HOME"], told["MINE"], told["AWS_SESSION_TOKEN"]) == ("/a home", "two\nlines", SECRET)
        assert {"CARRACK_TEST_SECRET", "DOCKER_HOST", "DOCKER_BUILDKIT"}.isdisjoint(told)
        assert told["PATH"].startswith("/usr/local/bin")
    assert containers(client, array) == []


def test_a_read_only_root_and_no_secret_in_an_argument(jobs: Here, client: ContainerEngine) -> None:
    """A job that is terminated while it runs: its container is gone then, and its exit code is SIGTERM's."""
    code = "import time\ntry: open('/file', 'w')\nexcept OSError as e: print(e.strerror, flush=True)\ntime.sleep(600)"
    job = submit(jobs, code, container={"readonlyRootFilesystem": True})
    jobs.logged(job, "Read-only file system")
    (container,) = containers(client, job)
    (told,) = json.loads(asked(client, "container", "inspect", container))
    assert told["Name"].removeprefix("/") == f"carrack-{job}-1"
    assert told["HostConfig"]["ReadonlyRootfs"]
    assert f"AWS_SESSION_TOKEN={SECRET}" in told["Config"]["Env"]
    assert SECRET not in json.dumps([told["Path"], told["Args"], told["Config"]["Cmd"]])
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            assert SECRET.encode() not in (place / "cmdline").read_bytes()
    jobs.batch.terminate(job, "enough")
    ended = read_job(jobs.ended(job))
    assert (ended.exit_code, ended.status_reason) == (143, "enough")
    assert containers(client, job) == []


def test_a_job_beyond_its_time_is_killed(jobs: Here, client: ContainerEngine) -> None:
    """It would not hear SIGTERM."""
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    job = submit(jobs, code, timeout={"attemptDurationSeconds": 60}, retryStrategy={"attempts": 3})
    ended = read_job(jobs.ended(job))
    assert (ended.exit_code, ended.status_reason) == (137, "Job attempt duration exceeded timeout")
    assert len(ended.attempts) == 1
    assert containers(client, job) == []


def test_what_cannot_be_started_has_a_reason_and_no_exit_code(jobs: Here, client: ContainerEngine) -> None:
    """An image that is not there is not pulled; a program that is not in the image."""
    none = submit(jobs, "pass", container={"image": "no-such-image:latest"})
    reason = read_job(jobs.ended(none)).reason or ""
    assert reason.startswith("CannotPullContainerError: no-such-image:latest")
    job = jobs.submit("no-such-program", container={"image": IMAGE})
    read = read_job(jobs.ended(job))
    assert (read.exit_code, read.status_reason) == (None, "Task failed to start")
    assert (read.reason or "").startswith("CannotStartContainerError: ")
    assert "no-such-program" in (read.reason or "")
    assert containers(client, job) == []


def test_a_job_that_needs_too_much_memory(jobs: Here, client: ContainerEngine) -> None:
    """The engine ends it, and the reason is the one that AWS Batch gives; podman does not always know why."""
    container = {"resourceRequirements": [{"type": "MEMORY", "value": "64"}, {"type": "VCPU", "value": "1"}]}
    job = submit(jobs, "x = b'x' * (512 << 20); print(len(x))", container=container)
    read = read_job(jobs.ended(job))
    assert read.exit_code == 137
    if client.kind == "docker":
        assert read.reason == "OutOfMemoryError: Container killed due to memory usage"


@pytest.mark.parametrize("both", [False, True])
def test_a_killed_supervisor_leaves_no_container(jobs: Here, client: ContainerEngine, both: bool) -> None:
    """It is told as lost, and the engine has nothing of it any more."""
    job = submit(jobs, "import time; print('ready', flush=True); time.sleep(600)")
    jobs.logged(job, "ready")
    (container,) = containers(client, job)
    pid = int(asked(client, "container", "inspect", "--format", "{{.State.Pid}}", container))
    kill(job, both=both)
    assert "was killed" in jobs.ended(job)["statusReason"]
    assert containers(client, job) == []
    with pytest.raises(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
