"""A job definition: what is registered, when it is the same, and of which image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.carrack.fakes import Told
from tests.carrack.jobs import IMAGE, SETTINGS, MemoryBatch, defined, described

from carrack.adapters.pushed_images import PushedImages
from carrack.commands.job_define import define, pushed_image, require_definition
from carrack.errors import CarrackError, JobError, NotReadyError
from carrack.model.jobs.definition import CONTENT, content_hash, is_same, registrable
from carrack.model.jobs.retry_rules import END, rules, strategy_faults, unending
from carrack.model.registry import Pushed


def test_a_definition_says_everything_that_the_table_says() -> None:
    """In the API's form; resources as requirements, variables by name, and an init that passes SIGTERM on."""
    role = "arn:aws:iam::111122223333:role/job"
    definition = defined(
        command=("--day", "Ref::day"),
        parameters={"day": "today"},
        environment={"B": "2", "A": "1"},
        secrets={"TOKEN": "arn:aws:ssm:eu-west-1:1:parameter/t"},
        job_role=role,
        execution_role=role,
        gpus=1,
        log_group="/team/jobs",
        tags={"team": "data"},
    )
    container = definition["containerProperties"]
    assert container["image"] == IMAGE
    assert container["environment"] == [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    assert container["secrets"] == [{"name": "TOKEN", "valueFrom": "arn:aws:ssm:eu-west-1:1:parameter/t"}]
    assert [one["type"] for one in container["resourceRequirements"]] == ["VCPU", "MEMORY", "GPU"]
    assert container["linuxParameters"] == {"initProcessEnabled": True}
    assert container["logConfiguration"]["options"] == {"awslogs-group": "/team/jobs"}
    assert definition["tags"] == {"team": "data", CONTENT: content_hash(definition)}
    assert definition["timeout"] == {"attemptDurationSeconds": 3600}


def test_retry_rules_are_the_exit_codes_contract() -> None:
    """75 is tried again, whatever is not named ends; 143 and spot only where it is asked for."""
    assert rules((), "ec2") == [END]
    assert rules(("transient", "pull"), "ec2") == [
        {"onReason": "CannotPull*", "action": "RETRY"},
        {"onExitCode": "75", "action": "RETRY"},
        END,
    ]
    all_of_them = rules(("terminated", "spot", "pull", "transient"), "ec2")
    assert all_of_them[0] == {"onStatusReason": "Host EC2*", "action": "RETRY"}
    assert {"onExitCode": "143", "action": "RETRY"} in all_of_them
    strategy = {"attempts": 3, "evaluateOnExit": all_of_them}
    assert [*strategy_faults(strategy), *unending(strategy)] == []
    assert rules(("spot",), "fargate")[0]["onStatusReason"] == "Your Spot Task was interrupted*"


@pytest.mark.parametrize(
    ("evaluated", "said"),
    [
        ([{"onExitCode": "75", "action": "RETRY"}], "the last rule must end what none matched"),
        ([dict(END)] * 6, "6 rules; AWS Batch takes 5"),
        ([{"onExitCode": "7x", "action": "EXIT"}, dict(END)], "onExitCode: '7x' is no pattern"),
        ([{"onReason": "OutOfMemory (x)", "action": "EXIT"}, dict(END)], "is no pattern"),
        ([{"action": "RETRY"}, dict(END)], "must have a condition"),
        ([{"onExitCode": "1", "action": "AGAIN"}, dict(END)], "the action RETRY or EXIT"),
    ],
)
def test_rules_that_aws_batch_refuses_or_that_retry_for_ever(
    evaluated: list[dict[str, str]], said: str
) -> None:
    """Parentheses are no characters of a pattern there; what no rule matches is retried."""
    strategy = {"attempts": 3, "evaluateOnExit": evaluated}
    (fault,) = (*strategy_faults(strategy), *unending(strategy))
    assert said in fault


def test_the_same_content_has_the_same_hash_and_any_other_another() -> None:
    """Whatever the order of what was said."""
    one = defined(environment={"A": "1", "B": "2"})
    assert one["tags"] == defined(environment={"B": "2", "A": "1"})["tags"]
    changes: list[dict[str, Any]] = [
        {"image": IMAGE[:-1] + "2"},
        {"environment": {"A": "1", "B": "3"}},
        {"timeout": None},
        {"retry": ()},
        {"tags": {"team": "data"}},
        {"memory": 4096},
    ]
    hashes = {content_hash(defined(**{"environment": {"A": "1", "B": "2"}, **change})) for change in changes}
    assert len(hashes | {content_hash(one)}) == len(changes) + 1


def as_served(definition: Any) -> dict[str, Any]:
    """A definition as the service tells it: empty lists and defaults added, actions in lower case, and no order."""
    told: dict[str, Any] = json.loads(json.dumps({**definition, "revision": 1, "status": "ACTIVE"}))
    told |= {"containerOrchestrationType": "ECS", "propagateTags": False, "schedulingPriority": 0}
    told["consumableResourceProperties"] = {"consumableResourceList": []}
    container = told["containerProperties"]
    container |= {"mountPoints": [], "ulimits": [], "volumes": [], "privileged": False}
    container["linuxParameters"] |= {"devices": [], "tmpfs": []}
    container["fargatePlatformConfiguration"] = {"platformVersion": "LATEST"}
    container["runtimePlatform"] = {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"}
    container["environment"] = [one for one in reversed(container["environment"]) if one["value"]]
    for rule in told["retryStrategy"]["evaluateOnExit"]:
        rule["action"] = rule["action"].lower()
    del container["secrets"], told["parameters"]
    return told


def test_what_the_service_adds_makes_no_difference() -> None:
    """Empty lists, defaults, its own members, actions in lower case; variables in no order, none without a value."""
    wanted = defined(environment={"A": "1", "B": "2", "C": ""})
    assert is_same(wanted, as_served(wanted))
    assert not is_same(wanted, as_served(defined(environment={"A": "1", "B": "2", "C": "3"})))


def test_further_tags_make_no_difference() -> None:
    """A tag changes no job, and whoever tags everything would have every `define` register a revision."""
    wanted = defined(tags={"team": "data"})
    told = as_served(wanted)
    told["tags"]["cost-center"] = "7"
    assert is_same(wanted, told)
    told["tags"]["team"] = "other"
    assert not is_same(wanted, told)


@pytest.mark.parametrize(
    "edit",
    [
        lambda told: told["containerProperties"].update(image="other"),
        lambda told: told["containerProperties"]["command"].append("--debug"),
        lambda told: told["containerProperties"]["environment"].pop(),
        lambda told: told["retryStrategy"]["evaluateOnExit"].reverse(),
        lambda told: told.update(timeout={"attemptDurationSeconds": 1}),
        lambda told: told["tags"].clear(),
        lambda told: told["containerProperties"].update(privileged=True),
        lambda told: told["containerProperties"].update(user="root"),
        lambda told: told["containerProperties"].update(jobRoleArn="arn:aws:iam::111122223333:role/admin"),
        lambda told: told["containerProperties"].update(logConfiguration={"logDriver": "syslog"}),
        lambda told: told["containerProperties"]["linuxParameters"].update(maxSwap=0),
        lambda told: told["containerProperties"]["runtimePlatform"].update(cpuArchitecture="ARM64"),
        lambda told: told["containerProperties"]["volumes"].append(
            {"name": "v", "host": {"sourcePath": "/"}}
        ),
        lambda told: told["containerProperties"]["environment"].append({"name": "C", "value": "3"}),
        lambda told: told["retryStrategy"]["evaluateOnExit"][0].update(onExitCode="1"),
        lambda told: told.update(parameters={"day": "today"}),
        lambda told: told.update(propagateTags=True),
        lambda told: told.update(schedulingPriority=1),
        lambda told: told.update(containerProperties=None, nodeProperties={"numNodes": 2}),
    ],
)
@pytest.mark.parametrize("timeout", [3600, None])
def test_a_revision_that_somebody_edited_is_another(edit: Any, timeout: int | None) -> None:
    """Though the console copied our tag into it: the tag alone proves nothing, nor does all that is wanted."""
    wanted = defined(environment={"A": "1", "B": "2"}, timeout=timeout)
    told = as_served(wanted)
    edit(told)
    assert not is_same(wanted, told)


def test_a_new_revision_only_where_something_is_new() -> None:
    """And what was there before stays; going back to older content makes it the newest again."""
    batch, report = MemoryBatch(), Told()
    first, second = defined(), defined(memory=4096)
    made = [define(one, batch, report) for one in (first, first, second, second, first)]
    assert made == ["nightly:1", "nightly:1", "nightly:2", "nightly:2", "nightly:3"]
    assert len(batch.registered) == 3
    assert report.steps[1] == "Unchanged nightly:1 on memory"


def test_a_job_that_may_run_for_ever_is_told() -> None:
    """AWS Batch has no timeout of its own."""
    report = Told()
    define(defined(timeout=None), MemoryBatch(), report)
    assert "no `timeout`" in report.notes[0]


def test_what_is_registered_again_is_what_was_described() -> None:
    """Without what the service added of its own."""
    told = described(environment={"A": "1"})
    assert registrable(told) == defined(environment={"A": "1"})
    assert "revision" not in registrable({**told, "timeout": None, "jobDefinitionArn": "arn"})


def records(folder: Path, *images: str) -> PushedImages:
    """The record of these pushes of `job`, and of one of another app."""
    made = PushedImages(file=folder / "images.jsonl", report=Told())
    for app, image in (*(("job", image) for image in images), ("other", IMAGE)):
        repository, _, digest = image.partition("@")
        made.append(
            Pushed(
                app=app, repository=repository, digest=digest, tag="t", images=("i",), lock=None, commit=None
            )
        )
    return made


def test_the_image_is_the_one_that_was_pushed_last(tmp_path: Path) -> None:
    """Of that app; nobody is asked, since the registry said so when it was pushed. A torn line is none."""
    other = IMAGE.replace("1" * 64, "2" * 64)
    made = records(tmp_path, IMAGE, other, IMAGE)
    assert pushed_image("job", None, made, nobody) == IMAGE
    assert pushed_image("job", IMAGE, made, nobody) == IMAGE
    with made.file.open("a") as file:
        file.write('{"schema": 1, "app": "job", "dig')
    assert pushed_image("job", None, made, nobody) == IMAGE
    assert pushed_image("job", None, records(tmp_path, other), nobody) == other


def nobody(image: str) -> bool:
    """Ask no registry."""
    raise AssertionError(image)


@pytest.mark.parametrize(
    ("said", "there", "kind", "message"),
    [
        (None, None, NotReadyError, "no image of job was pushed from here"),
        ("r/job:latest", None, JobError, "this can mean another image tomorrow"),
        ("r/job", None, JobError, "this can mean another image tomorrow"),
        ("r/job@sha256:123", None, JobError, "this can mean another image tomorrow"),
        ("sha256:" + "1" * 64, None, JobError, "this can mean another image tomorrow"),
        (IMAGE, False, NotReadyError, "the registry has no such image"),
    ],
)
def test_an_image_that_was_not_pushed(
    tmp_path: Path, said: str | None, there: bool | None, kind: type[CarrackError], message: str
) -> None:
    """Or that can mean another one tomorrow, is refused with the command that pushes."""
    with pytest.raises(kind, match=message) as caught:
        pushed_image("job", said, records(tmp_path), lambda image: there)
    assert "carrack image push --app job" in caught.value.hint


def test_an_image_of_another_registry_is_taken_at_its_word(tmp_path: Path) -> None:
    """Only ECR's can be asked with AWS credentials; by its digest it never means another."""
    image = "quay.example.com/job@sha256:" + "3" * 64
    assert pushed_image("job", image, records(tmp_path), lambda _: None) == image


def test_all_that_speaks_against_a_definition_is_told_at_once() -> None:
    """AWS's rules, ours of the configuration's variables, and secrets in plain text, which are not shown."""
    definition = defined(
        attempts=0,
        environment={"CONFIG_JSON": "{}", "DB_PASSWORD": "hunter2hunter2"},
        command=("--dsn", "postgres://u:hunter2@h/db"),
        tags={"token": "hunter2hunter2"},
    )
    with pytest.raises(JobError) as caught:
        require_definition(definition, SETTINGS, "pyproject.toml")
    assert len(caught.value.faults) == 5
    assert "hunter2" not in repr(caught.value.faults)
    require_definition(defined(), SETTINGS, "pyproject.toml")
