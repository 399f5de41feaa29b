"""What AWS Batch refuses is told before it is asked, rule by rule, with the page that the rule is from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.carrack.jobs import IMAGE, asked, defined, described

from carrack.model.jobs.ladder import carry
from carrack.model.jobs.limits import (
    OVERRIDE_CHARACTERS,
    definition_faults,
    override_length,
    request_faults,
)
from carrack.model.jobs.request import compose, parse_dependency
from carrack.model.jobs.settings import JobSettings

API = "https://docs.aws.amazon.com/batch/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/batch/latest/userguide/"
ECS = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
ROLE = "arn:aws:iam::111122223333:role/execution"
JOB = {"jobId": "a"}

DEFINITIONS = [
    ("API_RegisterJobDefinition.html", {"definition": "no spaces"}, "definition: 'no spaces'"),
    ("API_RegisterJobDefinition.html", {"definition": "n" * 129}, "definition: 'nnn"),
    ("API_ContainerProperties.html", {"environment": {"AWS_BATCH_X": "1"}}, "AWS_BATCH_X: names that begin"),
    ("API_ContainerOverrides.html", {"command": ("a", "")}, "command: has an empty argument"),
    ("API_ResourceRequirement.html", {"vcpus": "0.5"}, "vcpus: 0.5; on EC2, AWS Batch takes a whole number"),
    ("API_ResourceRequirement.html", {"memory": 3}, "memory: 3; AWS Batch takes whole MiB, 4 at least"),
    (
        "API_ResourceRequirement.html",
        {"platform": "fargate", "execution_role": ROLE, "vcpus": "3"},
        "vcpus: 3; Fargate has 0.25, 0.5, 1, 2, 4, 8, 16, 32",
    ),
    (
        "API_ResourceRequirement.html",
        {"platform": "fargate", "execution_role": ROLE, "vcpus": "8", "memory": 17408},
        "memory: 17408; with 8 vCPU Fargate has 16384 to 61440 in steps of 4096 MiB",
    ),
    (
        "API_ResourceRequirement.html",
        {"platform": "fargate", "execution_role": ROLE, "gpus": 1},
        "gpus: there are none on Fargate",
    ),
    (
        "API_ContainerProperties.html",
        {"platform": "fargate"},
        "execution-role: is missing, and jobs on Fargate",
    ),
    (
        "../userguide/specifying-sensitive-data.html",
        {"secrets": {"TOKEN": "arn:aws:ssm:eu-west-1:1:parameter/t"}},
        "execution-role: is missing; it reads the `secrets`",
    ),
    (
        "../../AmazonECS/latest/APIReference/API_Secret.html",
        {
            "secrets": {"T": "arn:aws:ssm:eu-west-1:1:parameter/t"},
            "environment": {"T": "1"},
            "execution_role": ROLE,
        },
        "environment: T is one of the definition's secrets",
    ),
    ("API_RetryStrategy.html", {"attempts": 0}, "attempts: 0; AWS Batch has 1 to 10"),
    ("API_RetryStrategy.html", {"attempts": 11}, "attempts: 11; AWS Batch has 1 to 10"),
    ("API_JobTimeout.html", {"timeout": 59}, "timeout: 59 s; AWS Batch takes 60 at least"),
    (
        "API_RegisterJobDefinition.html",
        {"tags": {f"t{n}": "" for n in range(50)}},
        "tags: 51; AWS Batch takes 50",
    ),
    ("API_RegisterJobDefinition.html", {"tags": {"aws:x": ""}}, "tags: 'aws:x': at most 128"),
    ("API_RegisterJobDefinition.html", {"tags": {"x": "a,b"}}, "tags: 'x': letters, digits"),
    ("../userguide/service_limits.html", {"environment": {"A": "x" * 24 * 1024}}, "AWS Batch takes 24,576"),
]


@pytest.mark.parametrize(("page", "fields", "said"), DEFINITIONS)
def test_a_definition_that_aws_batch_refuses(page: str, fields: dict[str, Any], said: str) -> None:
    """One fault, which names the key and the rule; the page is where AWS says it."""
    assert page
    faults = definition_faults(defined(**fields))
    assert len(faults) == 1, faults
    assert said in faults[0]


REQUESTS = [
    ("API_SubmitJob.html", {"name": "-a"}, "name: '-a'"),
    ("API_SubmitJob.html", {"name": "a.b"}, "name: 'a.b'"),
    ("API_SubmitJob.html", {"queue": "a b"}, "queue: 'a b'"),
    ("API_ArrayProperties.html", {"array": 0}, "array: 0; AWS Batch takes 2 to 10,000"),
    ("API_ArrayProperties.html", {"array": 10_001}, "array: 10001; AWS Batch takes 2 to 10,000"),
    ("API_SubmitJob.html", {"depends_on": (JOB,) * 21}, "depends-on: 21 jobs; AWS Batch takes 20"),
    (
        "../userguide/array_jobs.html",
        {"depends_on": (parse_dependency("a:n-to-n"),)},
        "depends-on: n-to-n and sequential are for arrays",
    ),
    ("API_JobTimeout.html", {"timeout": 1}, "timeout: 1 s"),
    ("API_RetryStrategy.html", {"attempts": 99}, "attempts: 99; AWS Batch has 1 to 10"),
    ("API_ContainerOverrides.html", {"environment": {"aws_batch_x": "1"}}, "names that begin with AWS_BATCH"),
    ("API_ResourceRequirement.html", {"vcpus": "1.5"}, "vcpus: 1.5"),
    ("API_ResourceRequirement.html", {"vcpus": "many"}, "vcpus: many"),
    ("API_ResourceRequirement.html", {"memory": 1}, "memory: 1;"),
    ("../userguide/job_definition_parameters.html", {"parameters": {"x": "1"}}, "the command has no Ref::x"),
    (
        "../../AmazonECS/latest/APIReference/API_RunTask.html",
        {"environment": {"A": "x" * 8192}},
        "the overrides have 8,2",
    ),
]


@pytest.mark.parametrize(("page", "fields", "said"), REQUESTS)
def test_a_request_that_aws_batch_refuses_or_fails(page: str, fields: dict[str, Any], said: str) -> None:
    """One fault, which names the option and the rule; the page is where AWS says it."""
    assert page
    job = asked(**fields)
    faults = request_faults(compose(job), job.definition)
    assert len(faults) == 1, faults
    assert said in faults[0]


def test_thirty_kibibytes_are_too_many_as_boto3_sends_them() -> None:
    """Escapes count: 5,200 Japanese letters are 31,200 bytes of JSON, and under the limit of overrides."""
    job = asked(environment={"A": "語" * 5200})
    assert override_length(compose(job), job.definition) < OVERRIDE_CHARACTERS
    (fault,) = request_faults(compose(job), job.definition)
    assert "AWS Batch takes 30,720" in fault


def test_all_faults_are_told_at_once() -> None:
    """So that nobody mends one to learn of the next."""
    job = asked(name="-", array=1_000_000, timeout=1, attempts=0)
    assert len(request_faults(compose(job), job.definition)) == 4


def test_what_is_right_has_no_fault() -> None:
    """An array on Fargate that overrides memory, with everything."""
    settings = JobSettings(
        definition="nightly",
        platform="fargate",
        vcpus="0.5",
        memory=1024,
        execution_role=ROLE,
        retry=("spot", "pull", "transient", "terminated"),
        command=("--day", "Ref::day"),
        secrets={"T": "arn:aws:ssm:eu-west-1:1:parameter/t"},
    )
    assert definition_faults(defined(settings)) == ()
    job = asked(
        definition=described(settings=settings),
        array=10_000,
        memory=4096,
        parameters={"day": "2026-11-28"},
        depends_on=(JOB, parse_dependency("b:n-to-n"), parse_dependency("sequential")),
        queue="arn:aws:batch:eu-west-1:111122223333:job-queue/low",
    )
    assert request_faults(compose(job), job.definition) == ()


def test_the_command_counts_as_it_will_be() -> None:
    """A long parameter is in the overrides too, once it stands in the command."""
    definition = described(command=("--list", "Ref::list"))
    job = asked(definition=definition, parameters={"list": "x" * 8200})
    (fault,) = request_faults(compose(job), definition)
    assert "the overrides have 8,2" in fault


def test_another_number_of_attempts_keeps_the_rules() -> None:
    """A retryStrategy of a request stands in place of the definition's: without its rules every failure is retried."""
    request = compose(asked(attempts=5))
    assert request["retryStrategy"]["attempts"] == 5
    assert request["retryStrategy"]["evaluateOnExit"][-1] == {"onReason": "*", "action": "EXIT"}
    assert "retryStrategy" not in compose(asked())


def test_an_array_of_one_is_a_plain_job() -> None:
    """AWS Batch has arrays from two on."""
    assert "arrayProperties" not in compose(asked(array=1))
    assert compose(asked(array=2))["arrayProperties"] == {"size": 2}


def test_overrides_are_resource_requirements() -> None:
    """`vcpus` and `memory` beside them override nothing where the definition has requirements."""
    overrides = compose(asked(vcpus="4", memory=8192))["containerOverrides"]
    assert overrides["resourceRequirements"] == [
        {"type": "VCPU", "value": "4"},
        {"type": "MEMORY", "value": "8192"},
    ]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("abc", {"jobId": "abc"}),
        ("abc:3", {"jobId": "abc:3"}),
        ("abc:n-to-n", {"jobId": "abc", "type": "N_TO_N"}),
        ("sequential", {"type": "SEQUENTIAL"}),
    ],
)
def test_a_dependency_as_people_write_it(text: str, meant: dict[str, str]) -> None:
    """A child's id has a colon of its own."""
    assert parse_dependency(text) == meant


@pytest.mark.parametrize("text", ["", ":n-to-n", "abc:sequential", "abc:N", "abc:"])
def test_a_dependency_that_is_none(text: str) -> None:
    """Is refused with what there is."""
    with pytest.raises(ValueError, match=r"sequential|n-to-n"):
        parse_dependency(text)


def test_a_request_is_what_boto3_sends() -> None:
    """It can be written as JSON, and has no member that is empty."""
    request = compose(asked())
    assert json.loads(json.dumps(request)) == request
    assert set(request) == {"jobName", "jobQueue", "jobDefinition", "tags"}
    assert request["jobDefinition"] == "nightly:1"
    assert IMAGE not in json.dumps(request)
    assert carry(asked(), None).request == request
