"""Where a version is deployed: images of this machine, and job definitions of AWS Batch (moto's server)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from packaging.version import Version
from tests.carrack.aws_server import aws_server
from tests.carrack.fakes import MemoryEngine, Told, image_of, name
from tests.carrack.local import index_at

from carrack.adapters.aws_batch import AwsBatch
from carrack.commands.deployed import deployed
from carrack.errors import IndexAccessError
from carrack.model.deployed import DISTRIBUTIONS, Deployed, JobDefinition
from carrack.model.registry import parse_image

HOST = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
DIGEST = f"sha256:{'1' * 64}"
ONE = Version("1.0")


class Definitions:
    """Implements `ports.JobDefinitions`."""

    def __init__(self, *found: JobDefinition) -> None:
        self._found = found

    def revisions(self, *, inactive: bool = False) -> Any:
        """See `ports.JobDefinitions`."""
        return iter(self._found)


def labelled(words: str) -> Mapping[str, str]:
    """The labels of an image with these distributions."""
    return {DISTRIBUTIONS: words}


def test_images_and_job_definitions_that_have_a_version_are_named() -> None:
    """By the label; `alpha==1.0` is not in an image with `alpha==1.0.1` or `not-alpha==1.0`."""
    engine = MemoryEngine(images={"a": image_of("sha256:" + "a" * 64, labels=labelled("alpha==1.0 beta==2"))})
    images = {"r@1": labelled("alpha==1.0.1 not-alpha==1.0"), "r@2": labelled("alpha==1.0"), "other": {}}
    definitions = Definitions(
        *(JobDefinition(name=f"job:{n}", image=image) for n, image in enumerate(images))
    )
    found = list(deployed(engine, definitions, images.get, Told()))
    assert [one.place for one in found if one.has(name("alpha"), ONE)] == [
        "image without a name (sha256:aaaaaaaaaaaa)",
        "job definition job:1 (r@2)",
    ]
    assert [one.place for one in found if not one.tells] == ["job definition job:2 (other)"]


def test_a_registry_that_does_not_answer_is_told_once_and_nothing_is_claimed() -> None:
    """Its images are not known, not free of the version; each is asked about once."""
    asked = []

    def away(image: str) -> Mapping[str, str]:
        asked.append(image)
        raise IndexAccessError("the registry cannot be reached")

    report = Told()
    two = Definitions(JobDefinition(name="job:1", image="r@1"), JobDefinition(name="job:2", image="r@1"))
    found = list(deployed(None, two, away, report))
    assert [one.tells for one in found] == [False, False]
    assert asked == ["r@1"]
    assert report.notes == ["r@1: the registry cannot be reached"]


def test_the_active_job_definitions_are_read_with_every_image(
    aws_user: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a real Batch API; a revision that was deregistered is left out."""
    with aws_server() as environ:
        batch: Any = boto3.client("batch", endpoint_url=environ["AWS_ENDPOINT_URL"], region_name="us-east-1")
        for image in (f"{HOST}/pipeline@{DIGEST}", "old"):
            properties = {"image": image, "vcpus": 1, "memory": 512}
            made = batch.register_job_definition(
                jobDefinitionName="nightly", type="container", containerProperties=properties
            )
        batch.deregister_job_definition(jobDefinition=made["jobDefinitionArn"])
        definitions = AwsBatch(index_at(None), endpoint=environ["AWS_ENDPOINT_URL"])
        assert list(definitions.revisions()) == [
            JobDefinition(name="nightly:1", image=f"{HOST}/pipeline@{DIGEST}")
        ]


def test_batch_that_does_not_answer_is_one_sentence(aws_user: None) -> None:
    """With its address and the next command."""
    definitions = AwsBatch(index_at(None), endpoint="http://127.0.0.1:9")
    with pytest.raises(IndexAccessError) as caught:
        list(definitions.revisions())
    assert caught.value.address == "AWS Batch, region us-east-1, index test"


def test_a_batch_that_is_away_hides_nothing_and_claims_nothing(aws_user: None) -> None:
    """The images of this machine are told, and the job definitions are named as not known."""
    engine = MemoryEngine(images={"a": image_of("sha256:" + "a" * 64, labels=labelled("alpha==1.0"))})
    away = AwsBatch(index_at(None), endpoint="http://127.0.0.1:9")
    report = Told()
    found = list(deployed(engine, away, lambda _: None, report))
    assert [(one.place, one.tells) for one in found][-1] == ("the job definitions of AWS Batch", False)
    assert found[0].has(name("alpha"), ONE)
    assert "AWS Batch, region us-east-1, index test" in report.notes[0]


@pytest.mark.parametrize(
    ("image", "reference"),
    [
        (f"{HOST}/team/job@{DIGEST}", DIGEST),
        (f"{HOST}/team/job:7", "7"),
        (f"{HOST}/team/job:7@{DIGEST}", DIGEST),
        (f"{HOST}/team/job", "latest"),
    ],
)
def test_an_image_of_ecr_is_found_by_its_digest_or_its_tag(image: str, reference: str) -> None:
    """As Batch has it; images of elsewhere have no registry that could be asked with AWS credentials."""
    found = parse_image(image, region="eu-west-1")
    assert found is not None
    assert (found[0].name, found[0].account, found[1]) == ("team/job", "111122223333", reference)
    assert parse_image("python:3.12", region="eu-west-1") is None
    assert parse_image("quay.example.com/team/job:7", region="eu-west-1") is None


def test_what_does_not_tell_has_nothing() -> None:
    """An image without labels neither has a version nor says that it has not."""
    assert not Deployed(place="x", labels=None).tells
    assert not Deployed(place="x", labels={}).has(name("alpha"), ONE)
