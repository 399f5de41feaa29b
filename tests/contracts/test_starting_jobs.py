"""docs/starting-jobs.md: every block is one that the service's model takes, and a request that AWS Batch takes."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from tests.carrack.jobs import defined, described
from tests.contracts.shell_pages import ROOT, blocks

from carrack.adapters.job_table import JobTable
from carrack.commands.job_define import require_definition
from carrack.model.jobs.limits import request_faults

PAGE = "docs/starting-jobs.md"
SCHEDULE, POLICY, MACHINE = (json.loads(block) for block in blocks(PAGE, "json"))
ASL_STRINGS = {"States.JsonToString($.parameters)", "States.JsonToString($.merge)"}


def faults(service: str, operation: str, request: Any) -> str:
    """What botocore's model of the service has against a request."""
    model = botocore.session.get_session().get_service_model(service)
    shape = model.operation_model(operation).input_shape
    told: str = ParamValidator().validate(request, shape).generate_report()
    return told


def camel(value: Any) -> Any:
    """A request with its members as boto3 has them; the Scheduler and Step Functions have a capital first."""
    if isinstance(value, Mapping):
        return {key[:1].lower() + key[1:]: camel(part) for key, part in value.items()}
    return [camel(part) for part in value] if isinstance(value, list) else value


def check(request: Any) -> dict[str, str]:
    """Hold a SubmitJob request against the model and our limits; the variables in it."""
    assert faults("batch", "SubmitJob", request) == ""
    assert request_faults(request, described()) == ()
    assert request["jobDefinition"].partition(":")[0] == "nightly"
    return {one["name"]: one["value"] for one in request["containerOverrides"]["environment"]}


def test_the_schedule_submits_a_job_with_parameters() -> None:
    """Its input is JSON in a string, and in that the parameters are again."""
    assert faults("scheduler", "CreateSchedule", SCHEDULE) == ""
    assert SCHEDULE["Target"]["Arn"].endswith(":aws-sdk:batch:submitJob")
    request = json.loads(SCHEDULE["Target"]["Input"])
    assert all(key[0].isupper() for key in request)
    assert json.loads(check(camel(request))["CONFIG_JSON"]) == {"input": "s3://acme/in/"}
    assert faults("scheduler", "CreateSchedule", {**SCHEDULE, "Targt": {}}) != ""


def test_the_schedule_s_role_may_submit_both_forms() -> None:
    """And nothing else."""
    (statement,) = POLICY["Statement"]
    assert statement["Action"] == "batch:SubmitJob"
    definitions = [arn.partition(":job-definition/")[2] for arn in statement["Resource"][1:]]
    assert definitions == ["nightly", "nightly:*"]


def states() -> Iterator[dict[str, Any]]:
    """The states of the machine, in their order."""
    name = MACHINE["StartAt"]
    while name:
        state = MACHINE["States"][name]
        yield state
        name = state.get("Next")
        assert name or state["End"]


def test_the_state_machine_submits_jobs_of_one_revision() -> None:
    """Both states are reached, wait for their job, and get what the machine is started with."""
    requests = []
    for state in states():
        assert state["Resource"] == "arn:aws:states:::batch:submitJob.sync"
        (variable,) = state["Parameters"]["ContainerOverrides"]["Environment"]
        assert variable.pop("Value.$") in ASL_STRINGS
        variable["Value"] = '{"input":"s3://acme/in/"}'
        requests.append(camel(state["Parameters"]))
        check(requests[-1])
    assert {one["jobDefinition"] for one in requests} == {"nightly:7"}
    assert [one.get("arrayProperties") for one in requests] == [{"size": 20}, None]
    assert len(requests) == len(MACHINE["States"])


def test_the_airflow_task_submits_a_job_with_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator hands its arguments to boto3 under these names (apache-airflow-providers-amazon, BatchOperator)."""
    sent = {
        "job_name": "jobName",
        "job_queue": "jobQueue",
        "job_definition": "jobDefinition",
        "container_overrides": "containerOverrides",
    }
    given: list[dict[str, Any]] = []
    operators = ModuleType("airflow.providers.amazon.aws.operators.batch")
    operators.BatchOperator = lambda **arguments: given.append(arguments)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, operators.__name__, operators)
    (block,) = blocks(PAGE, "python")
    exec(compile(block, PAGE, "exec"), {})  # noqa: S102 - the page's own block
    (arguments,) = given
    request = {sent[name]: value for name, value in arguments.items() if name in sent}
    request["jobName"] = request["jobName"].replace("{{ ds_nodash }}", "20261128")
    assert set(json.loads(check(request)["CONFIG_JSON"])) == {"input", "output"}
    assert set(arguments) - set(sent) == {"task_id", "retries", "deferrable"}


def test_the_readme_s_table_is_one_that_defines_a_job() -> None:
    """Every key of it is known, and what it makes is what AWS Batch takes."""
    (block,) = [one for one in blocks("docs/jobs.md", "toml") if "[tool.carrack.apps.nightly.job]" in one]
    table = tomllib.loads(block)["tool"]["carrack"]["apps"]["nightly"]["job"]
    settings = JobTable.model_validate(table).settings("nightly")
    assert (settings.retry, settings.vcpus) == (("spot", "pull", "transient"), "2")
    require_definition(defined(settings), settings, "docs/jobs.md")


def test_the_page_says_what_the_command_says() -> None:
    """Its verbs and options are there."""
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    for verb in ("define", "submit", "rollback"):
        assert f"carrack job {verb}" in text
        done = subprocess.run(
            [Path(sys.executable).parent / "carrack", "job", verb, "--help"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0
