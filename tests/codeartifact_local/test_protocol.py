"""The wire protocol: what botocore sees of requests and answers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.codeartifact_local.conftest import DOMAIN, HTTP, Client

from codeartifact_local.operations import OPERATIONS
from codeartifact_local.protocol.constraints import check_input
from codeartifact_local.protocol.errors import ValidationError
from codeartifact_local.protocol.model import operations_by_route, service_model

SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=key/20261124/us-east-1/codeartifact/aws4_request"}


def error_of(call: Callable[..., Any], **arguments: object) -> dict[str, Any]:
    """Return the error answer that a call gets."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer: dict[str, Any] = caught.value.response
    return answer


def test_every_operation_of_the_model_has_a_route() -> None:
    """All 48 operations are told apart by method and path alone."""
    assert len(operations_by_route()) == len(service_model().operation_names) == 48
    assert set(OPERATIONS) <= set(service_model().operation_names)


def test_unsigned_requests_are_refused(client: Client) -> None:
    """A control-plane request without an AWS signature gets 403; with any signature it is taken."""
    url = f"{client.local.url}/v1/domain?domain={DOMAIN}"
    assert HTTP.get(url).status_code == 403
    assert HTTP.get(url, headers=SIGNED).json()["domain"]["name"] == DOMAIN


def test_other_paths_are_no_operation(client: Client) -> None:
    """A path that no operation has gets 404 and the error type that AWS's front door uses."""
    answer = HTTP.get(f"{client.local.url}/v1/nothing", headers=SIGNED)
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (404, "UnknownOperationException")


def test_errors_map_to_botocores_classes_with_their_members(client: Client) -> None:
    """Botocore raises the modelled class, and finds resourceType and resourceId on it."""
    with pytest.raises(client.api.exceptions.ResourceNotFoundException) as caught:
        client.api.describe_repository(domain=DOMAIN, repository="nowhere")
    assert caught.value.response["resourceType"] == "repository"
    assert caught.value.response["resourceId"] == f"{DOMAIN}/nowhere"


def test_validation_names_every_fault(client: Client) -> None:
    """A request that the model does not allow gets 400, and all of its faults in one message."""
    url = f"{client.local.url}/v1/repository?domain=UPPER&repository=x"
    body = HTTP.get(url, headers=SIGNED).json()
    assert body["reason"] == "FIELD_VALIDATION_FAILED"
    assert body["message"].startswith("3 validation errors detected: Value 'UPPER' at 'domain'")
    assert "length greater than or equal to 2" in body["message"]


@pytest.mark.parametrize(
    ("operation", "value", "fault"),
    [
        ("DescribeDomain", {}, "'domain' failed to satisfy constraint: Member must not be null"),
        ("DescribeDomain", {"domain": "a" * 51}, "less than or equal to 50"),
        ("DescribeDomain", {"domain": "ok-domain", "domainOwner": "12"}, "pattern: [0-9]{12}"),
        ("ListDomains", {"maxResults": 0}, "value greater than or equal to 1"),
        ("ListDomains", {"maxResults": True}, "must be of type integer"),
        ("CreateRepository", {"domain": "dd", "repository": "rr", "description": "\a"}, r"\P{C}*"),
        ("CreateRepository", {"domain": "dd", "repository": "rr", "upstreams": [{}]}, "upstreams.1.member"),
        ("CreateRepository", {"domain": "dd", "repository": "rr", "tags": "x"}, "must be of type list"),
        ("ListPackages", {"domain": "dd", "repository": "rr", "format": "deb"}, "enum value set"),
    ],
)
def test_constraints_of_the_model_are_checked(operation: str, value: dict[str, Any], fault: str) -> None:
    """Patterns, lengths, ranges, enums, types and required members each have their own message."""
    with pytest.raises(ValidationError) as caught:
        check_input(service_model().operation_model(operation).input_shape, value)
    assert fault in str(caught.value)


def test_odd_but_allowed_input_is_taken() -> None:
    """What the model's Java patterns allow is allowed: letters of any script, newlines in a policy."""
    names = {"domain": "dd", "repository": "rr", "description": "Paquets de l'équipe 包裹"}
    check_input(service_model().operation_model("CreateRepository").input_shape, names)
    policy = {"domain": "dd", "policyDocument": "{\n}"}
    check_input(service_model().operation_model("PutDomainPermissionsPolicy").input_shape, policy)


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff"])
def test_bodies_that_are_no_json_object_are_refused(client: Client, body: bytes) -> None:
    """A body that cannot be parsed gets 400 with reason CANNOT_PARSE."""
    answer = HTTP.post(f"{client.local.url}/v1/domains", headers=SIGNED, content=body)
    assert (answer.status_code, answer.json()["reason"]) == (400, "CANNOT_PARSE")


def test_numbers_and_booleans_in_the_query_are_parsed(client: Client) -> None:
    """A query member that must be a number and is none gets 400 with its name."""
    url = f"{client.local.url}/v1/repositories?max-results=many"
    assert "maxResults" in HTTP.post(url, headers=SIGNED).json()["message"]


def test_times_are_sent_as_the_service_sends_them(client: Client) -> None:
    """Timestamps are numbers of seconds with milliseconds; botocore makes them aware datetimes."""
    raw = HTTP.get(f"{client.local.url}/v1/domain?domain={DOMAIN}", headers=SIGNED).json()
    assert isinstance(raw["domain"]["createdTime"], float)
    created = client.api.describe_domain(domain=DOMAIN)["domain"]["createdTime"]
    assert abs(datetime.now(UTC) - created) < timedelta(minutes=5)


def test_lists_come_in_pages(client: Client) -> None:
    """Botocore's paginator gets every repository once, whatever the page size."""
    pages = list(
        client.api.get_paginator("list_repositories_in_domain").paginate(
            domain=DOMAIN, PaginationConfig={"PageSize": 2}
        )
    )
    names = [[repository["name"] for repository in page["repositories"]] for page in pages]
    assert names == [["dev", "prod"], ["pypi-store"]]


def test_foreign_page_tokens_are_refused(client: Client) -> None:
    """A nextToken that this server did not give is a ValidationException, not a crash."""
    for token in ("nonsense", "WzFd", "e30="):
        answer = error_of(client.api.list_domains, nextToken=token)
        assert answer["Error"]["Code"] == "ValidationException"
