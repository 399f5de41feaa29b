"""Resource policies and tags: kept, checked, and gone with their resource."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.codeartifact_local.conftest import DOMAIN, Client

POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Action": "codeartifact:ReadFromRepository",
                "Resource": "*",
            }
        ],
    }
)
PLACES = [("domain", {"domain": DOMAIN}), ("repository", {"domain": DOMAIN, "repository": "dev"})]


def operation(client: Client, verb: str, kind: str) -> Callable[..., dict[str, Any]]:
    """Return an operation on the policies of domains or repositories."""
    found: Callable[..., dict[str, Any]] = getattr(client.api, f"{verb}_{kind}_permissions_policy")
    return found


@pytest.mark.parametrize(("kind", "place"), PLACES)
def test_a_policy_is_set_read_and_deleted(client: Client, kind: str, place: dict[str, str]) -> None:
    """The document comes back as it was sent; each put makes a new revision; deleted, it is not found."""
    first = operation(client, "put", kind)(**place, policyDocument=POLICY)["policy"]
    assert first["document"] == POLICY
    assert first["resourceArn"].endswith(f":{kind}/{'/'.join(place.values())}")
    assert operation(client, "get", kind)(**place)["policy"] == first
    second = operation(client, "put", kind)(**place, policyDocument=POLICY)["policy"]
    assert second["revision"] != first["revision"]
    assert operation(client, "delete", kind)(**place)["policy"] == second
    with pytest.raises(client.api.exceptions.ResourceNotFoundException):
        operation(client, "get", kind)(**place)
    with pytest.raises(client.api.exceptions.ResourceNotFoundException):
        operation(client, "delete", kind)(**place)


@pytest.mark.parametrize(("kind", "place"), PLACES)
def test_another_revision_is_a_conflict(client: Client, kind: str, place: dict[str, str]) -> None:
    """Put and delete that name a revision change that one only; with the right one they work."""
    with pytest.raises(client.api.exceptions.ConflictException, match="there is no policy"):
        operation(client, "put", kind)(**place, policyDocument=POLICY, policyRevision="r1")
    current = operation(client, "put", kind)(**place, policyDocument=POLICY)["policy"]["revision"]
    with pytest.raises(client.api.exceptions.ConflictException, match="the current revision is"):
        operation(client, "put", kind)(**place, policyDocument=POLICY, policyRevision="r1")
    with pytest.raises(client.api.exceptions.ConflictException):
        operation(client, "delete", kind)(**place, policyRevision="r1")
    current = operation(client, "put", kind)(**place, policyDocument=POLICY, policyRevision=current)["policy"]
    operation(client, "delete", kind)(**place, policyRevision=current["revision"])


@pytest.mark.parametrize(
    "document",
    [
        "no JSON",
        "[]",
        "{}",
        '{"Statement": []}',
        '{"Statement": ["x"]}',
        '{"Statement": {"Effect": "Maybe", "Principal": "*", "Action": "*", "Resource": "*"}}',
        '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}',
    ],
)
def test_what_is_no_policy_is_refused(client: Client, document: str) -> None:
    """The error says what a policy has; nothing is kept."""
    with pytest.raises(ClientError, match="is not a resource policy"):
        client.api.put_domain_permissions_policy(domain=DOMAIN, policyDocument=document)
    with pytest.raises(client.api.exceptions.ResourceNotFoundException):
        client.api.get_domain_permissions_policy(domain=DOMAIN)


def arn(kind: str, rest: str) -> str:
    """Return the ARN of something in the tests' domain."""
    return f"arn:aws:codeartifact:us-east-1:000000000000:{kind}/{DOMAIN}{rest}"


@pytest.mark.parametrize(
    "resource", [arn("domain", ""), arn("repository", "/dev"), arn("package-group", "/pypi/*")]
)
def test_tags_are_added_changed_and_removed(client: Client, resource: str) -> None:
    """A key's value is replaced; keys that are not there are removed without an error."""
    client.api.create_package_group(domain=DOMAIN, packageGroup="/pypi/*")
    client.api.tag_resource(
        resourceArn=resource, tags=[{"key": "team", "value": "a"}, {"key": "b", "value": ""}]
    )
    client.api.tag_resource(resourceArn=resource, tags=[{"key": "team", "value": "c"}])
    client.api.untag_resource(resourceArn=resource, tagKeys=["b", "nothing"])
    assert client.api.list_tags_for_resource(resourceArn=resource)["tags"] == [{"key": "team", "value": "c"}]


def test_resources_are_made_with_tags(client: Client) -> None:
    """Domain, repository and package group take them when they are made."""
    tags = [{"key": "team", "value": "a"}]
    made = [
        client.api.create_domain(domain="other", tags=tags)["domain"]["arn"],
        client.api.create_repository(domain="other", repository="dev", tags=tags)["repository"]["arn"],
        client.api.create_package_group(domain="other", packageGroup="/npm/*", tags=tags)["packageGroup"][
            "arn"
        ],
    ]
    assert [client.api.list_tags_for_resource(resourceArn=found)["tags"] for found in made] == [tags] * 3


def test_tags_and_policies_go_with_their_resource(client: Client) -> None:
    """A repository that is made anew under the same name has neither."""
    client.api.tag_resource(resourceArn=arn("repository", "/dev"), tags=[{"key": "a", "value": "b"}])
    client.api.put_repository_permissions_policy(domain=DOMAIN, repository="dev", policyDocument=POLICY)
    client.api.delete_repository(domain=DOMAIN, repository="dev")
    client.api.create_repository(domain=DOMAIN, repository="dev")
    assert client.api.list_tags_for_resource(resourceArn=arn("repository", "/dev"))["tags"] == []
    with pytest.raises(client.api.exceptions.ResourceNotFoundException):
        client.api.get_repository_permissions_policy(domain=DOMAIN, repository="dev")


@pytest.mark.parametrize(
    ("resource", "tags", "code"),
    [
        ("arn:aws:s3:::bucket", [], "ValidationException"),
        (arn("domain", "/dev"), [], "ValidationException"),
        (arn("repository", ""), [], "ValidationException"),
        (arn("domain", "") + "x", [], "ResourceNotFoundException"),
        (arn("repository", "/nowhere"), [], "ResourceNotFoundException"),
        (arn("package-group", "/npm/*"), [], "ResourceNotFoundException"),
        (arn("domain", "").replace("us-east-1", "eu-west-1"), [], "ResourceNotFoundException"),
        (arn("domain", ""), [{"key": "aws:team", "value": "a"}], "ValidationException"),
        (arn("domain", ""), [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}], "ValidationException"),
        (
            arn("domain", ""),
            [{"key": str(n), "value": ""} for n in range(150)],
            "ServiceQuotaExceededException",
        ),
    ],
)
def test_tags_that_cannot_be(client: Client, resource: str, tags: list[Any], code: str) -> None:
    """Of what is no resource here, AWS's own keys, a key twice, and more than 200 on one resource."""
    client.api.tag_resource(
        resourceArn=arn("domain", ""), tags=[{"key": f"k{n}", "value": ""} for n in range(100)]
    )
    with pytest.raises(ClientError) as caught:
        client.api.tag_resource(resourceArn=resource, tags=tags)
    assert caught.value.response["Error"]["Code"] == code
    assert len(client.api.list_tags_for_resource(resourceArn=arn("domain", ""))["tags"]) == 100
