"""`carrack job define`, `submit` and `rollback` against moto's server: the way there and back, and every wrong input.

Some of it is typed for real; what is wrong is given to the same `main`, without a process for each.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from tests.carrack.aws_server import aws_server, make_queue
from tests.carrack.jobs import IMAGE
from tests.carrack.local import INDEX, Shell
from tests.carrack.web import Answer, Asked, Web
from tests.contracts.shell_pages import run_blocks

from carrack.adapters.ecr import ENDPOINT_VARIABLE as ECR
from carrack.cli.main import main
from carrack.errors import ExitCode

ROOT = """
[tool.carrack]
packages = ["packages/*"]
default-index = "prod"

[tool.carrack.apps.nightly]
path = "nightly"
requirements = []
lock = "nightly.lock"
pythons = ["3.12"]
"""
JOB = """
[tool.carrack.apps.nightly.job]
queue = "low"
timeout = 600
command = ["--day", "Ref::day"]
parameters = { day = "today" }
environment = { MODE = "full" }
overflow = "s3://long-parameters/p"
"""


@dataclass
class Place:
    """A workspace with the app `nightly`, and an AWS."""

    root: Path
    carrack: Shell
    batch: Any

    def configure(self, job: str) -> None:
        """Have this table."""
        text = ROOT + INDEX.format(name="prod") + job
        (self.root / "pyproject.toml").write_text(text)

    def told(self, *command: str, **environ: str) -> tuple[int, str, str]:
        """The exit code of a command, what it printed and what it said."""
        out, err = io.StringIO(), io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            patch.chdir(self.root)
            for name, value in {**self.carrack.environ, **environ}.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main(["job", *command])
        code = ended.value.code
        return code if isinstance(code, int) else 0, out.getvalue(), err.getvalue()

    def done(self, *command: str, **environ: str) -> str:
        """Run a command that does what it is asked for; what it printed."""
        code, out, err = self.told(*command, **environ)
        assert code == 0, err
        return out.strip()

    def typed(self, *command: str) -> str:
        """The same, in a process of its own."""
        done = self.carrack("job", *command)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def state(self) -> Any:
        """What AWS Batch has, and what is recorded here."""
        file = self.root / ".carrack" / "jobs" / "submitted.jsonl"
        definitions = self.batch.describe_job_definitions()["jobDefinitions"]
        listed = self.batch.list_jobs(jobQueue="low", jobStatus="SUCCEEDED")["jobSummaryList"]
        return definitions, listed, file.exists() and file.read_text()


@pytest.fixture(scope="module")
def environ() -> Iterator[Mapping[str, str]]:
    """An AWS with a queue and a bucket."""
    with aws_server() as made:
        url = made.pop("AWS_ENDPOINT_URL")
        keys = {name: made[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in keys.items():
                patch.setenv(name, value)
            make_queue({"AWS_ENDPOINT_URL": url}, "low")
            bucket: Any = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
            bucket.create_bucket(Bucket="long-parameters")
        yield {**keys, "AWS_ENDPOINT_URL_BATCH": url, "AWS_ENDPOINT_URL_S3": url}


@pytest.fixture(scope="module")
def batch(environ: Mapping[str, str]) -> Any:
    """Its Batch, to look at."""
    keys: Any = {"aws_access_key_id": "A", "aws_secret_access_key": "s", "region_name": "us-east-1"}
    return boto3.client("batch", endpoint_url=environ["AWS_ENDPOINT_URL_BATCH"], **keys)


@pytest.fixture
def place(tmp_path: Path, environ: Mapping[str, str], batch: Any, aws_user: Path) -> Place:
    """Give that workspace."""
    root = tmp_path / "workspace"
    package = root / "packages" / "alpha"
    package.mkdir(parents=True)
    (package / "pyproject.toml").write_text('[project]\nname = "alpha"\nversion = "1.0"\n')
    (root / ".carrack").mkdir()
    repository, _, digest = IMAGE.partition("@")
    pushed = {"app": "nightly", "repository": repository, "digest": digest, "tag": "t", "images": ["i"]}
    line = json.dumps({"schema": 1, **pushed, "lock": None, "commit": None})
    (root / ".carrack" / "images.jsonl").write_text(line + "\n")
    made = Place(root, Shell(root, {"PATH": "/usr/bin:/bin", "HOME": str(aws_user), **environ}), batch)
    made.configure(JOB)
    return made


def test_from_a_table_to_a_job_and_back(place: Place) -> None:
    """Define, define again, submit, change, define, and roll back; each prints one thing."""
    shown = json.loads(place.done("define", "--dry-run"))
    assert shown["containerProperties"]["image"] == IMAGE
    first = place.typed("define")
    assert place.done("define") == first
    (place.root / "job.json").write_text('{"rows": 1.50, "name": "語"}')
    told = json.loads(place.done("submit", "--param-json", "job.json", "--param", "day=mon", "--dry-run"))
    assert told["jobDefinition"] == first
    assert told["parameters"] == {"day": "mon"}
    assert told["containerOverrides"]["environment"] == [
        {"name": "CONFIG_JSON", "value": '{"rows":1.5,"name":"語"}'}
    ]
    job = place.typed("submit", "--param-json", "job.json", "--request-id", "mine")
    assert place.done("submit", "--param-json", "job.json", "--request-id", "mine") == job
    (there,) = place.batch.describe_jobs(jobs=[job])["jobs"]
    assert there["tags"]["carrack:request"] == "mine"
    place.configure(JOB.replace("full", "broken"))
    second = place.done("define")
    assert second != first
    third = place.typed("rollback", "nightly")
    (newest,) = [
        one
        for one in place.batch.describe_job_definitions(jobDefinitionName="nightly")["jobDefinitions"]
        if third == f"nightly:{one['revision']}"
    ]
    assert {"name": "MODE", "value": "full"} in newest["containerProperties"]["environment"]
    assert place.done("rollback", "nightly") == third


def test_long_parameters_go_through_s3(place: Place, environ: Mapping[str, str]) -> None:
    """From standard input, to where the request points."""
    place.done("define")
    document = json.dumps({"noise": [f"{n * n * n:x}" for n in range(9000)]})
    done = subprocess.run(
        [Path(sys.executable).parent / "carrack", "job", "submit", "--param-json", "-"],
        cwd=place.root,
        env=dict(place.carrack.environ),
        input=document,
        text=True,
        capture_output=True,
        check=True,
    )
    (job,) = place.batch.describe_jobs(jobs=[done.stdout.strip()])["jobs"]
    variables = {one["name"]: one["value"] for one in job["container"]["environment"]}
    address, _, sha256 = variables["CONFIG_JSON"].partition("#sha256=")
    bucket, _, key = address.removeprefix("s3://").partition("/")
    assert key == f"p/{sha256}.json"
    s3: Any = boto3.client("s3", endpoint_url=environ["AWS_ENDPOINT_URL_S3"], region_name="us-east-1")
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    assert json.loads(body) == json.loads(document)


def test_an_answer_that_is_lost_makes_no_second_job(place: Place) -> None:
    """The job was taken, and the answer broke off: the next command, as it is told, finds it."""
    place.done("define")
    service = place.carrack.environ["AWS_ENDPOINT_URL_BATCH"]
    lost: list[str] = []

    def reply(asked: Asked) -> Answer:
        headers = {name: value for name, value in asked.headers.items() if name != "Host"}
        got = requests.post(service + asked.target, asked.body, headers=headers, timeout=30)
        if asked.target.endswith("/submitjob") and not lost:
            lost.append(got.json()["jobId"])
            return Answer(200, got.content[:10], {"Content-Length": str(len(got.content))})
        return Answer(got.status_code, got.content, {"Content-Type": "application/json"})

    with Web(reply) as web:
        stopped = place.carrack("job", "submit", AWS_ENDPOINT_URL_BATCH=web.url)
        assert (stopped.returncode, stopped.stdout) == (ExitCode.RESUMABLE, ""), stopped.stderr
        (identity,) = [
            words[1] for line in stopped.stderr.splitlines() if (words := line.split())[:1] == ["Request"]
        ]
        assert f"with --request-id {identity}" in stopped.stderr
        found = place.done("submit", "--request-id", identity, AWS_ENDPOINT_URL_BATCH=web.url)
    assert [found] == lost
    listed = place.batch.list_jobs(jobQueue="low", jobStatus="SUCCEEDED")["jobSummaryList"]
    described = place.batch.describe_jobs(jobs=[one["jobId"] for one in listed])["jobs"]
    assert [one["jobId"] for one in described if one["tags"].get("carrack:request") == identity] == lost


def test_what_a_dry_run_prints_is_what_aws_submits(place: Place) -> None:
    """docs/starting-jobs.md's own two commands, typed for real."""
    place.done("define")
    (place.root / "job.json").write_text('{"a": 1}')
    environ = {**place.carrack.environ, "AWS_DEFAULT_REGION": "us-east-1"}
    environ["PATH"] = f"{Path(sys.executable).parent}:{environ['PATH']}"
    done = run_blocks("docs/starting-jobs.md", place.root, environ)
    assert done.returncode == 0, done.stderr
    (job,) = place.batch.describe_jobs(jobs=[json.loads(done.stdout)["jobId"]])["jobs"]
    request = json.loads((place.root / "request.json").read_text())
    assert job["tags"] == request["tags"]
    assert {"name": "CONFIG_JSON", "value": '{"a":1}'} in job["container"]["environment"]


TABLES = [
    ('queu = "low"', "tool.carrack.apps.nightly.job.queu: there is no such key; did you mean 'queue'?"),
    ('retry = ["always"]', "job.retry.0: input should be 'spot', 'pull', 'transient' or 'terminated'"),
    ("memory = 0.5", "job.memory:"),
    ("memory = true", "job.memory:"),
    ('secrets = { TOKEN = "hunter2" }', "job.secrets.TOKEN: string should match pattern"),
    ('overflow = "https://x/"', "job.overflow: say where parameters go"),
    ('platform = "eks"', "job.platform: input should be 'ec2' or 'fargate'"),
]


@pytest.mark.parametrize(("line", "said"), TABLES)
def test_a_table_that_is_none(place: Place, line: str, said: str) -> None:
    """Is a fault of the workspace, with the key; a secret that stands in a wrong place is not shown."""
    place.configure(f"[tool.carrack.apps.nightly.job]\n{line}\n")
    refused(place, ("define",), ExitCode.WORKSPACE, said)


def refused(place: Place, command: tuple[str, ...], code: ExitCode, said: str, **environ: str) -> str:
    """Type a command that must end with this code and one error; nothing changes. What it said."""
    before = place.state()
    told = refusal(place, command, code, said, **environ)
    assert place.state() == before
    return told


def refusal(place: Place, command: tuple[str, ...], code: ExitCode, said: str, **environ: str) -> str:
    """What a command says that must end with this code and one error."""
    ended, out, err = place.told(*command, **environ)
    errors = [line for line in err.splitlines() if line.lower().startswith("error: ")]
    assert (ended, out, len(errors)) == (code, "", 1), err
    assert said in err, err
    assert "Traceback" not in err
    assert "hunter2" not in err
    return err


DEFINITIONS = [
    ("vcpus = 0.5", ("define",), ExitCode.JOB, "vcpus: 0.5; on EC2"),
    ("attempts = 11\ntimeout = 5", ("define",), ExitCode.JOB, "attempts: 11; AWS Batch has 1 to 10"),
    ('command = ["Ref::a b"]', ("define",), ExitCode.JOB, "Ref::NAME must be a whole argument"),
    ('environment = { TOKEN = "hunter2" }', ("define",), ExitCode.JOB, "TOKEN looks like a secret"),
    (
        'command = ["--dsn", "mysql://u:hunter2@h/"]',
        ("define",),
        ExitCode.JOB,
        "command: dsn looks like a secret",
    ),
    ('tags = { token = "hunter2" }', ("define",), ExitCode.JOB, "tags: token looks like a secret"),
    ('platform = "fargate"', ("define",), ExitCode.JOB, "execution-role: is missing"),
    ("", ("define", "--image", "r/job:latest"), ExitCode.JOB, "this can mean another image tomorrow"),
    ("", ("define", "--app", "other"), ExitCode.USAGE, "there is no app 'other'"),
    ("", ("define", "--to", "nowhere"), ExitCode.USAGE, "there is no index 'nowhere'"),
    ("", ("rollback", "unknown"), ExitCode.NOT_READY, "there is no active job definition unknown"),
    ("", ("submit",), ExitCode.USAGE, "no queue was said, and the app has none"),
    ("", ("submit", "--queue", "low", "--definition", "x"), ExitCode.NOT_READY, "no active job definition x"),
]


@pytest.mark.parametrize(("table", "command", "code", "said"), DEFINITIONS)
def test_what_cannot_be_defined(
    place: Place, table: str, command: tuple[str, ...], code: ExitCode, said: str
) -> None:
    """One error, and nothing is registered; no secret is shown."""
    place.configure(f"[tool.carrack.apps.nightly.job]\n{table}\n")
    refused(place, command, code, said)


def test_a_dry_run_of_a_definition_asks_nobody(place: Place) -> None:
    """Batch and the registry may be away; what registers the same asks the registry for an image of elsewhere."""
    elsewhere = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/other@sha256:" + "2" * 64
    away = {"AWS_ENDPOINT_URL_BATCH": "http://127.0.0.1:9", ECR: "http://127.0.0.1:9"}
    shown = json.loads(place.done("define", "--image", elsewhere, "--dry-run", **away))
    assert shown["containerProperties"]["image"] == elsewhere
    said = "nothing answers at http://127.0.0.1:9"
    refusal(place, ("define", "--image", elsewhere), ExitCode.INDEX, said, **away)


def test_no_image_that_was_pushed(place: Place) -> None:
    """Names the command that pushes."""
    (place.root / ".carrack" / "images.jsonl").unlink()
    told = refused(place, ("define",), ExitCode.NOT_READY, "no image of nightly was pushed from here")
    assert "next: carrack image push --app nightly; it" in told
    told = refused(place, ("define", "--to", "prod"), ExitCode.NOT_READY, "no image of nightly")
    assert "next: carrack image push --app nightly --to prod; it" in told


def test_the_next_step_after_a_submission_leads_to_the_index_that_was_said(place: Place) -> None:
    """To the account that has the job, and not to the workspace's default: here for a job that fails at once."""
    unknown = ("submit", "--definition", "x", "--to", "prod")
    assert "next: carrack job define --to prod" in refused(
        place, unknown, ExitCode.NOT_READY, "no active job definition x"
    )
    place.done("define")
    code, job, err = place.told("submit", "--to", "prod", "--wait", MOTO_SIMPLE_BATCH_FAIL_AFTER="0")
    assert code == ExitCode.JOB, err
    assert f"why: carrack job explain {job.split()[0]} --to prod\n" in err


REQUESTS = [
    (("--array", "1000000"), ExitCode.JOB, "array: 1000000; AWS Batch takes 2 to 10,000"),
    (("--array", "many"), ExitCode.USAGE, "'many' is not a valid integer"),
    (("--name", "a b"), ExitCode.JOB, "name: 'a b'"),
    (("--timeout", "3"), ExitCode.JOB, "timeout: 3 s"),
    (("--attempts", "0"), ExitCode.JOB, "attempts: 0"),
    (("--vcpus", "x"), ExitCode.JOB, "vcpus: x"),
    (("--queue", "nowhere"), ExitCode.JOB, "SubmitJob was refused: Job queue nowhere does not exist"),
    (("--param", "dya=mon"), ExitCode.JOB, "the command has no Ref::dya; it has day"),
    (("--param", "day="), ExitCode.JOB, "day is empty"),
    (("--param", "day"), ExitCode.USAGE, "--param day: is not NAME=VALUE"),
    (("--param", "day=1", "--param", "day=2"), ExitCode.USAGE, "--param day: is said twice"),
    (("--env", "AWS_BATCH_JOB_ID=1"), ExitCode.JOB, "AWS_BATCH_JOB_ID: names that begin"),
    (("--env", "CONFIG_JSON={}"), ExitCode.JOB, "CONFIG_JSON is what `--param-json` sets"),
    (("--env", "API_TOKEN=hunter2"), ExitCode.JOB, "API_TOKEN looks like a secret"),
    (("--env", "LIST=" + "x" * 9000), ExitCode.JOB, "the overrides have 9,1"),
    (("--depends-on", "x:sequential"), ExitCode.USAGE, "sequential is about the array's own children"),
    (("--depends-on", "sequential"), ExitCode.JOB, "n-to-n and sequential are for arrays"),
    (("--definition", "nightly:99"), ExitCode.JOB, "no revision 99 of nightly is active"),
    (
        ("--param-json", "nowhere.json"),
        ExitCode.USAGE,
        "--param-json nowhere.json: cannot be read: No such file",
    ),
    (("--param-json", "."), ExitCode.USAGE, "--param-json .: cannot be read: Is a directory"),
    (("--param-json", "bad.json"), ExitCode.JOB, "bad.json:1:21: a: duplicate key; the first is on line 1"),
    (("--param-json", "secret.json"), ExitCode.JOB, "--param-json: password looks like a secret"),
    (("--request-id", "a b"), ExitCode.USAGE, "--request-id a b: has at most 128 letters"),
    (("--on", "moon"), ExitCode.USAGE, "'moon' is not one of 'process', 'container', 'aws'"),
]


@pytest.fixture(scope="module")
def ready() -> list[bool]:
    """Whether the definition of this module is there."""
    return []


@pytest.mark.parametrize(("options", "code", "said"), REQUESTS, ids=lambda v: str(v)[:40])
def test_what_cannot_be_submitted(
    place: Place, ready: list[bool], options: tuple[str, ...], code: ExitCode, said: str
) -> None:
    """One error, nothing is submitted, nothing is recorded but what the service itself refused, no secret is shown."""
    if not ready:
        place.done("define")
        ready.append(True)
    (place.root / "bad.json").write_text('{"rows": 1, "a": 1, "a": 2}')
    (place.root / "secret.json").write_text('{"password": "hunter2"}')
    refusal(place, ("submit", *options), code, said)
    file = place.root / ".carrack" / "jobs" / "submitted.jsonl"
    assert not file.exists() or '"refused": true' in file.read_text().splitlines()[-1]


def test_a_dry_run_shows_the_request_and_what_speaks_against_it(place: Place) -> None:
    """Exactly, but for the secret; nothing is recorded."""
    place.done("define")
    (place.root / "secret.json").write_text('{"password": "hunter2", "rows": 1}')
    code, out, err = place.told("submit", "--param-json", "secret.json", "--dry-run")
    assert code == ExitCode.JOB
    (variable,) = json.loads(out)["containerOverrides"]["environment"]
    assert variable["value"] == '{"password":"**********","rows":1}'
    assert "hunter2" not in out + err
    assert not (place.root / ".carrack" / "jobs").exists()


@pytest.mark.parametrize("command", [("define",), ("submit",), ("rollback", "nightly")])
def test_a_batch_that_is_not_there(place: Place, command: tuple[str, ...]) -> None:
    """One sentence with its address; nothing is recorded as submitted."""
    away = "http://127.0.0.1:9"
    said = f"error: AWS Batch, region us-east-1, index prod: nothing answers at {away}"
    refusal(place, command, ExitCode.INDEX, said, AWS_ENDPOINT_URL_BATCH=away)
    assert not (place.root / ".carrack" / "jobs").exists()
