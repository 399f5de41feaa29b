"""Real jobs, followed by the verbs as they are typed: on this machine, and on moto's AWS Batch."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner, Result
from tests.carrack.aws_server import aws_server, make_queue
from tests.carrack.local_jobs import QUICK, Here, no_engine

from carrack.adapters.local_batch.batch import local_batch
from carrack.cli.verbs.job import command
from carrack.cli.wiring import Wiring
from carrack.commands.inquiry import Inquiry
from carrack.errors import JobError, UsageError

INDEX = """\
[tool.carrack]
default-index = "dev"
[tool.carrack.indexes.dev]
domain = "dev"
owner = "111122223333"
region = "us-east-1"
repository = "prod"
"""
JOB = """
import os, sys, time
number = int(os.environ.get("AWS_BATCH_JOB_ARRAY_INDEX", 0))
shards = os.environ.get("CARRACK_SHARD_MAP")
number = [int(one) for one in shards.split(",")][number] if shards else number
print(f"shard {number} of {os.environ.get('CARRACK_SHARD_COUNT', 'the first array')}", flush=True)
if number % 2 and not shards:
    print(f"no such key part-{number}.csv")
    sys.exit(66)
"""


@dataclass
class Hurried(Wiring):
    """The real wiring, which waits a fiftieth of the time."""

    def inquiry(self, on: str | None, to: str | None, *jobs: str) -> Inquiry:
        """See `Wiring`."""
        real = super().inquiry(on, to, *jobs)
        return replace(real, clock=replace(real.clock, sleep=lambda seconds: time.sleep(seconds / 50)))


def workspace(folder: Path) -> Path:
    """A workspace with an index and a package."""
    (folder / "packages" / "alpha").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(INDEX)
    manifest = '[build-system]\nrequires = []\n[project]\nname = "alpha"\nversion = "1"\n'
    (folder / "packages" / "alpha" / "pyproject.toml").write_text(manifest)
    return folder


def typed(root: Path, *words: str, **environ: str) -> Result:
    """What `carrack job WORDS` does."""
    return CliRunner().invoke(command, words, obj=Hurried(start=root, environ=environ))


def here(root: Path) -> Here:
    """Jobs of the workspace on this machine."""
    return Here(local_batch(root / ".carrack" / "jobs", "process", no_engine, settings=QUICK))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace."""
    return workspace(tmp_path)


def test_an_array_is_followed_explained_and_its_failed_children_run_again(root: Path) -> None:
    """The retry's children are told which ones of the first array they are; when they succeed, all is done."""
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]
    container = {"resourceRequirements": needs}
    job = here(root).array(6, sys.executable, "-c", JOB, container=container)
    assert typed(root, "watch", job).exit_code == 66
    assert "3 children (1,3,5)\n  the data to work on is missing" in typed(root, "explain", job).stdout
    kinds = typed(root, "logs", job, "--failed").stdout.splitlines()
    assert kinds[0].startswith("== 3 of 6 children (1,3,5)")
    assert kinds[-1] == ":1 no such key part-1.csv"
    new = typed(root, "retry", job, "--failed").stdout.strip()
    assert typed(root, "watch", new).exit_code == 0
    assert typed(root, "logs", new).stdout.splitlines() == [
        ":0 shard 1 of 6",
        ":1 shard 3 of 6",
        ":2 shard 5 of 6",
    ]
    again = typed(root, "retry", job, "--failed").exception
    assert isinstance(again, JobError)
    assert f"by {new}, which succeeded" in again.message


def test_a_running_job_is_cancelled_and_says_so_afterwards(root: Path) -> None:
    """Its log can be followed until then."""
    jobs = here(root)
    job = jobs.submit(sys.executable, "-uc", "import time; print('begun'); time.sleep(600)")
    jobs.until(job, lambda told: told["status"] == "RUNNING")
    assert typed(root, "cancel", job, "--reason", "wrong bucket").exit_code == 0
    assert typed(root, "watch", job).exit_code in (137, 143)
    assert "somebody ended it: wrong bucket" in typed(root, "status", job).stdout
    assert typed(root, "logs", job, "--follow").stdout in ("begun\n", "")


def test_ctrl_c_in_a_terminal_detaches_and_the_job_goes_on(root: Path) -> None:
    """The table is gone, the cursor is back, and the exit code is that of an interrupt."""
    jobs = here(root)
    job = jobs.submit(sys.executable, "-uc", "import time; print('begun'); time.sleep(600)")
    try:
        shown, code = interrupted(root, job)
        assert "begun" in shown
        assert shown.rstrip().endswith(f"detached; the job runs on; carrack job watch {job}")
        assert shown.rindex("\x1b[?25h") > shown.index("\x1b[?25l")
        assert code == 130
        assert jobs.told(job)["status"] == "RUNNING"
    finally:
        jobs.batch.terminate(job, "the test is over")
        jobs.until(job, lambda told: told["status"] == "FAILED")


AWAY = "30311aec-cd75-40d8-a928-c7c1a8f2f792"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ("nightly", "nightly: is not a job's id"),
        (AWAY, f"{{job}} was submitted on this machine, and {AWAY} was not"),
    ],
)
def test_every_job_that_is_watched_is_looked_for_where_it_is(root: Path, other: str, said: str) -> None:
    """A second one that is mistyped, or is on AWS, is told as that, and not as one that there is not."""
    job = here(root).submit(sys.executable, "-c", "pass")
    for words in ((job, other), (other, job)):
        refused = typed(root, "watch", *words).exception
        assert isinstance(refused, UsageError)
        assert str(refused) == said.format(job=job)


def test_jobs_of_this_machine_are_watched_together(root: Path) -> None:
    """All at once, whatever they run in."""
    jobs = [here(root).submit(sys.executable, "-c", "pass") for _ in range(2)]
    watched = typed(root, "watch", *jobs)
    assert watched.exit_code == 0
    assert [line.split()[0] for line in watched.stdout.splitlines()] == jobs


def interrupted(root: Path, job: str) -> tuple[str, int]:
    """What `carrack job watch` writes to a terminal on which Ctrl-C is typed when it has shown a line of the log."""
    ours, theirs = pty.openpty()
    environ = {"PATH": os.environ["PATH"], "HOME": str(root), "TERM": "xterm", "COLUMNS": "120"}
    watch = [str(Path(sys.executable).parent / "carrack"), "-C", str(root), "job", "watch", job]
    process = subprocess.Popen(
        watch, stdin=theirs, stdout=theirs, stderr=theirs, env=environ, preexec_fn=_own_terminal
    )
    os.close(theirs)
    shown, typed = b"", 0
    for piece in _pieces(ours):
        shown += piece
        if b"begun" in shown and not typed:
            typed = os.write(ours, b"\x03")
    return shown.decode(errors="replace"), process.wait(timeout=60)


def _own_terminal() -> None:
    """Make the terminal the process's own, so that Ctrl-C reaches it."""
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _pieces(terminal: int) -> Iterator[bytes]:
    try:
        while piece := os.read(terminal, 65536):
            yield piece
    except OSError:  # the other side is closed
        return


@pytest.fixture
def failing_batch(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Moto's Batch, whose jobs all fail at once."""
    monkeypatch.setenv("MOTO_SIMPLE_BATCH_FAIL_AFTER", "0")
    with aws_server() as environ:
        make_queue(environ, "low")
        yield environ


def test_the_same_verbs_follow_a_job_on_aws(
    root: Path, aws_user: Path, failing_batch: dict[str, str]
) -> None:
    """In the shapes of the service, through boto3: list, watch, explain, retry, cancel."""
    endpoint = failing_batch["AWS_ENDPOINT_URL"]
    aws = {"AWS_ENDPOINT_URL_BATCH": endpoint, "AWS_ENDPOINT_URL_LOGS": endpoint}
    client = boto3.client("batch", endpoint_url=endpoint, region_name="us-east-1")
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]
    properties = {"image": "x", "command": ["true"], "resourceRequirements": needs}
    client.register_job_definition(
        jobDefinitionName="nightly", type="container", containerProperties=properties
    )
    job = client.submit_job(
        jobName="nightly", jobQueue="low", jobDefinition="nightly:1", arrayProperties={"size": 3}
    )["jobId"]
    assert typed(root, "watch", job, **aws).exit_code == 74
    assert "3 of 3 children failed" in typed(root, "status", job, **aws).stdout
    new = typed(root, "retry", job, "--failed", **aws).stdout.strip()
    (told,) = client.describe_jobs(jobs=[new])["jobs"]
    assert told["tags"]["carrack:retry-of"] == job
    assert {"name": "CARRACK_SHARD_MAP", "value": "0-2"} in told["container"]["environment"]
    listed = typed(root, "list", "--queue", "low", **aws).stdout
    assert {job, new} <= {line.split()[0] for line in listed.splitlines()}
    ended = typed(root, "cancel", job, **aws)
    assert "had ended already" in ended.stderr
