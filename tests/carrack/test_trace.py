"""From a job to wheels and commits, and back: moto's Batch, and a registry with images that say what is in them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from packaging.requirements import Requirement
from tests.carrack.aws_server import aws_server, forget_everything, make_queue
from tests.carrack.fake_batch import FakeBatch, told
from tests.carrack.local import BIN
from tests.carrack.pushed_image import Pushed, manifest
from tests.carrack.web import Web

from carrack.adapters.manifest_file import format_manifest
from carrack.commands.trace import holders, trace_job
from carrack.errors import JobError
from carrack.model.command_line import CommandLine
from carrack.model.deployed import DISTRIBUTIONS, JobDefinition
from carrack.model.image_manifest import labels
from carrack.model.trail import Contents, versions_of
from carrack.ports import Report

ECR = "111122223333.dkr.ecr.us-east-1.amazonaws.com/team/job"
WORKSPACE = """
[tool.carrack]
default-index = "prod"

[tool.carrack.indexes.prod]
domain = "acme"
owner = "111122223333"
region = "us-east-1"
repository = "prod"
"""
OLD, NEW = "a" * 40, "b" * 40


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("urllib3<2.5", ("urllib3==2.4.0",)),
        ("urllib3", ("urllib3==2.4.0",)),
        ("urllib3>=2.5", ()),
        ("Record_IO<1", ("record-io==0.2.0rc1",)),
        ("record", ()),
    ],
)
def test_a_requirement_finds_what_it_admits(wanted: str, found: tuple[str, ...]) -> None:
    """By the normalized name; a pre-release is in an image like any other version."""
    labels = {DISTRIBUTIONS: "urllib3==2.4.0 record-io==0.2.0rc1 broken==one==two"}
    assert versions_of(labels, Requirement(wanted)) == found


@dataclass(frozen=True)
class Revisions:
    """Implements `ports.JobDefinitions`: one that is active, and runs this image."""

    image: str = "r/job@sha256:1"

    def revisions(self, *, inactive: bool = False) -> Iterator[JobDefinition]:
        """Give it."""
        yield JobDefinition(name="pipeline:1", image=self.image)


def said(commit: str | None, *, readable: bool = True) -> Contents:
    """An image that was built from a commit, or that does not tell; with a layer that can be read or cannot."""
    if commit is None:
        return Contents(platform="linux/arm64", labels={}, manifest=None)
    made = manifest(commit, alpha="1.0")
    told = labels(made, format_manifest(made))
    return Contents(platform="linux/amd64", labels=told, manifest=made if readable else None)


@pytest.mark.parametrize(
    ("contents", "of_commit", "of_package"),
    [
        ((said(OLD),), (), ()),
        ((said(OLD, readable=False),), None, ()),
        ((said(OLD), said(None)), None, None),
        ((said(None), said(None)), None, None),
        ((), None, None),
        ((said("d" * 40), said(None)), ("the workspace",), None),
        ((said("d" * 40, readable=False),), ("the workspace",), ()),
    ],
)
def test_an_image_that_does_not_tell_all_is_not_called_free_of_what_is_looked_for(
    contents: tuple[Contents, ...], of_commit: tuple[str, ...] | None, of_package: tuple[str, ...] | None
) -> None:
    """Of commits a manifest tells, which may not be readable, of packages a label; and each platform for itself."""
    for wanted, expected in (
        ({"commit": "d" * 40}, of_commit),
        ({"package": Requirement("urllib3")}, of_package),
    ):
        rows = list(holders(Revisions(), lambda image: contents, Report(), **wanted))
        assert [one.found for one in rows] == ([] if expected == () else [expected])


@pytest.mark.parametrize(
    "members",
    [
        {"container": {}},
        {"ecsProperties": {"taskProperties": [{"containers": [{"image": "r/job@sha256:1"}]}]}},
        {"nodeProperties": {"numNodes": 2, "mainNode": 0}},
    ],
)
def test_a_job_whose_image_is_not_told_leads_on_by_its_definition(members: dict[str, Any]) -> None:
    """It never started, or has several containers or nodes: it ran in images, whatever they were."""
    batch = FakeBatch().have(told(**members))
    with pytest.raises(JobError, match="no image is known of the job itself") as caught:
        trace_job("job", batch, lambda image: (), CommandLine("prod"))
    assert caught.value.hint == ("carrack trace pipeline:3 --to prod reads every image of its definition")


def test_a_job_of_an_environment_leads_nowhere() -> None:
    """Its folder may have been installed into since; only processes of this machine run in one."""
    batch = FakeBatch().have(told(container={"image": "/w/.carrack/envs/nightly"}))
    with pytest.raises(JobError, match=r"in the environment /w/\.carrack/envs/nightly"):
        trace_job("job", batch, lambda image: ())


@dataclass
class Cloud:
    """AWS Batch with a queue, the registry, and somebody at a workspace."""

    batch: Any
    pushed: Pushed
    folder: Path
    environ: dict[str, str]

    def define(self, name: str, image: str) -> str:
        """Register a revision that runs this image."""
        needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]
        made = self.batch.register_job_definition(
            jobDefinitionName=name,
            type="container",
            containerProperties={"image": image, "resourceRequirements": needs},
        )
        return f"{name}:{made['revision']}"

    def submit(self, definition: str) -> str:
        """Submit a job; its id."""
        return str(self.batch.submit_job(jobName="night", jobQueue="low", jobDefinition=definition)["jobId"])

    def trace(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run `carrack trace ARGUMENTS`."""
        done = subprocess.run(
            [BIN / "carrack", "trace", *arguments],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done


@pytest.fixture(scope="module")
def aws() -> Iterator[dict[str, str]]:
    """One server for all tests here; each begins with nothing."""
    with aws_server() as environ:
        yield environ


@pytest.fixture
def cloud(tmp_path: Path, aws: dict[str, str]) -> Iterator[Cloud]:
    """With nothing but a queue."""
    forget_everything(aws)
    (tmp_path / "pyproject.toml").write_text(WORKSPACE)
    (tmp_path / "packages/alpha").mkdir(parents=True)
    (tmp_path / "packages/alpha/pyproject.toml").write_text('[project]\nname = "alpha"\nversion = "1.0"\n')
    pushed = Pushed()
    with Web(pushed) as web:
        make_queue(aws, "low")
        batch: Any = boto3.client("batch", endpoint_url=aws["AWS_ENDPOINT_URL"], region_name="us-east-1")
        told = {
            **{name: value for name, value in aws.items() if name != "AWS_ENDPOINT_URL"},
            "AWS_ENDPOINT_URL_BATCH": aws["AWS_ENDPOINT_URL"],
            "AWS_ENDPOINT_URL_ECR": web.url,
            "HOME": str(tmp_path),
            "PATH": "/usr/bin:/bin",
        }
        yield Cloud(batch=batch, pushed=pushed, folder=tmp_path, environ=told)


@pytest.fixture(autouse=True)
def _keys(aws_user: Path) -> None:
    """boto3 in this process wants some keys, whichever."""


def test_a_job_leads_to_the_wheels_tags_and_commits_that_it_ran(cloud: Cloud) -> None:
    """By its own image's digest, though its definition has a newer revision meanwhile; nothing is pulled."""
    old = f"{ECR}@{cloud.pushed.image(manifest(OLD, alpha='1.0', urllib3='2.4.0'))}"
    job = cloud.submit(cloud.define("pipeline", old))
    cloud.define("pipeline", f"{ECR}@{cloud.pushed.image(manifest(NEW, alpha='1.1'))}")
    said = cloud.trace(job).stdout
    for fact in (job, "pipeline:1", old, OLD, "alpha-v1.0", "alpha-1.0-py3-none-any.whl 000000000000"):
        assert fact in said
    assert NEW not in said
    told = json.loads(cloud.trace(job, "--json").stdout)
    (image,) = told["images"].values()
    assert image[0]["manifest"]["distributions"][0]["wheels"][0]["sha256"] == "0" * 64
    assert (told["job"]["job"], told["job"]["definition"], told["job"]["image"]) == (job, "pipeline:1", old)


def test_what_a_job_was_given_is_not_told(cloud: Cloud) -> None:
    """Variables, parameters and commands may have secrets in them, and the trail goes into logs."""
    revision = cloud.define("pipeline", f"{ECR}@{cloud.pushed.image(manifest(OLD, alpha='1.0'))}")
    given = {"command": ["x", "hunter2"], "environment": [{"name": "API_KEY", "value": "hunter2"}]}
    made = cloud.batch.submit_job(
        jobName="night",
        jobQueue="low",
        jobDefinition=revision,
        parameters={"password": "hunter2"},
        containerOverrides=given,
    )
    (there,) = cloud.batch.describe_jobs(jobs=[made["jobId"]])["jobs"]
    assert "hunter2" in str(there)
    assert "hunter2" not in cloud.trace(made["jobId"], "--json").stdout


def test_a_revision_and_an_image_lead_on_as_a_job_does(cloud: Cloud) -> None:
    """Batch forgets jobs, and the definition stays."""
    image = f"{ECR}@{cloud.pushed.image(manifest(OLD, alpha='1.0'))}"
    revision = cloud.define("pipeline", image)
    assert cloud.trace(revision).stdout == cloud.trace(image).stdout != ""


def test_each_platform_of_a_list_is_told(cloud: Cloud) -> None:
    """They need not have the same wheels."""
    images = {
        "amd64": cloud.pushed.image(manifest(OLD, alpha="1.0")),
        "arm64": cloud.pushed.image(manifest(OLD, alpha="1.0", only_there="3")),
    }
    image = f"{ECR}@{cloud.pushed.list_of(images)}"
    told = json.loads(cloud.trace(image, "--json").stdout)["images"][image]
    assert [one["platform"] for one in told] == ["linux/amd64", "linux/arm64"]
    revision = cloud.define("pipeline", image)
    assert revision in cloud.trace("--package", "only-there").stdout


def test_a_list_with_a_platform_that_does_not_tell_is_not_known(cloud: Cloud) -> None:
    """What others say of theirs is no answer for it."""
    images = {"amd64": cloud.pushed.image(manifest(OLD, alpha="1.0")), "arm64": cloud.pushed.image(None)}
    revision = cloud.define("pipeline", f"{ECR}@{cloud.pushed.list_of(images)}")
    (row,) = json.loads(cloud.trace("--commit", NEW, "--json").stdout)
    assert (row["definition"], row["found"]) == (revision, None)


def test_a_package_leads_back_to_the_definitions_that_run_it(cloud: Cloud) -> None:
    """Of those that were deregistered too, unless active ones alone are asked for; an image that is mute is told."""
    vulnerable = f"{ECR}@{cloud.pushed.image(manifest(OLD, urllib3='2.4.0'))}"
    gone, stays = (cloud.define(name, vulnerable) for name in ("old", "pipeline"))
    cloud.define("pipeline", f"{ECR}@{cloud.pushed.image(manifest(NEW, urllib3='2.5.0'))}")
    mute = cloud.define("mute", f"{ECR}@{cloud.pushed.image(None)}")
    cloud.batch.deregister_job_definition(jobDefinition=gone)
    found = json.loads(cloud.trace("--package", "urllib3<2.5", "--json").stdout)
    rows = {one["definition"]: (one["active"], one["found"]) for one in found}
    assert rows == {gone: (False, ["urllib3==2.4.0"]), stays: (True, ["urllib3==2.4.0"]), mute: (True, None)}
    said = cloud.trace("--package", "urllib3<2.5", "--active").stdout
    assert gone not in said
    assert stays in said
    assert "not known: its image does not say" in said


def test_a_commit_leads_back_too(cloud: Cloud) -> None:
    """The workspace's, and the one that a package was released from; by its beginning."""
    old = cloud.define("pipeline", f"{ECR}@{cloud.pushed.image(manifest(OLD, alpha='1.0'))}")
    new = cloud.define("pipeline", f"{ECR}@{cloud.pushed.image(manifest(NEW, alpha='1.0'))}")
    (one,) = json.loads(cloud.trace("--commit", OLD[:7], "--json").stdout)
    assert (one["definition"], one["found"]) == (old, ["the workspace"])
    both = json.loads(cloud.trace("--commit", "c" * 40, "--json").stdout)
    assert {one["definition"]: one["found"] for one in both} == {old: ["alpha==1.0"], new: ["alpha==1.0"]}
    assert "no job definition has it" in cloud.trace("--commit", "d" * 40).stderr


def test_a_manifest_that_is_not_the_image_s_own_is_not_believed(cloud: Cloud) -> None:
    """Its label has the sha256; somebody built on the image and replaced the file."""
    digest = cloud.pushed.image(manifest(OLD, alpha="1.0"), other="{}")
    assert "/opt/carrack/manifest.json is another one" in cloud.trace(f"{ECR}@{digest}", code=66).stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 64, "say one of a job"),
        (("x:1", "--package", "a"), 64, "say one of a job"),
        (("--package", "not a requirement!"), 64, "--package not a requirement!"),
        (("--commit", "HEAD"), 64, "is not a commit's id"),
        (("00000000-0000-0000-0000-000000000000",), 74, "there is no such job"),
        (
            ("pipeline:7",),
            74,
            "next: an image of this machine that is called so is read by: carrack image inspect",
        ),
        ((f"{ECR}@sha256:{'0' * 64}",), 78, "there is no such image"),
    ],
)
def test_what_cannot_be_followed_is_one_sentence(
    cloud: Cloud, arguments: tuple[str, ...], code: int, said: str
) -> None:
    """With the exit code of who can act on it."""
    assert said in cloud.trace(*arguments, code=code).stderr
