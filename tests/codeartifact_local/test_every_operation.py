"""All 48 operations, from the model: what they refuse, and that none is missing."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import OperationModel, Shape
from tests.codeartifact_local.conftest import DOMAIN, HTTP, Client, FakePublicIndex, sdist, wheel
from tests.codeartifact_local.test_protocol import SIGNED

from codeartifact_local.operations import OPERATIONS
from codeartifact_local.protocol.constraints import check_input
from codeartifact_local.protocol.errors import ValidationError
from codeartifact_local.protocol.model import operations_by_route, service_model

ROUTES = {operation.name: operation for operation in operations_by_route().values()}
GOOD: dict[str, Any] = {
    "AccountId": "000000000000",
    "Arn": f"arn:aws:codeartifact:us-east-1:000000000000:domain/{DOMAIN}",
    "AssetName": "asset.bin",
    "DomainName": DOMAIN,
    "ExternalConnectionName": "public:pypi",
    "PackageFormat": "pypi",
    "PackageGroupPattern": "/pypi/*",
    "PackageName": "pkg",
    "PackageVersion": "1.0",
    "PackageVersionList": ["1.0"],
    "PolicyDocument": '{"Statement": []}',
    "RepositoryName": "dev",
    "SHA256": "0" * 64,
    "String": "/pypi/*",
    "TagKeyList": ["key"],
    "TagList": [{"key": "key", "value": "value"}],
}


def good_input(operation: OperationModel) -> dict[str, Any]:
    """Return the required members of an input, with values that the model allows."""
    shape = operation.input_shape
    if shape is None:
        return {}
    return {name: good_value(shape.members[name]) for name in shape.required_members}


def good_value(shape: Shape) -> Any:
    """Return a value that `shape` allows."""
    if shape.name in GOOD:
        return GOOD[shape.name]
    if shape.type_name == "structure":
        return {name: good_value(shape.members[name]) for name in shape.required_members}
    if getattr(shape, "enum", None):
        return shape.enum[0]
    return b"content" if shape.type_name == "blob" else "text"


def send(client: Client, operation: OperationModel, found: dict[str, Any]) -> Any:
    """Send an input as it is, past all that botocore would check before."""
    query, headers, body = {}, dict(SIGNED), {}
    for name, value in found.items():
        shape = operation.input_shape.members[name]
        wire, place = shape.serialization.get("name", name), shape.serialization.get("location")
        if place == "querystring":
            query[wire] = value
        elif place == "header":
            headers[wire] = value
        elif operation.input_shape.serialization.get("payload") != name:
            body[wire] = value
    return HTTP.request(
        operation.http["method"],
        f"{client.local.url}{operation.http['requestUri']}?{urlencode(query)}",
        headers=headers,
        content=json.dumps(body),
    )


def wrong_values(shape: Shape) -> Iterator[Any]:
    """Give values that break one constraint of `shape` each."""
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    pattern = shape.metadata.get("pattern")
    if shape.type_name == "string":
        if least:
            yield "a" * (least - 1)
        if most:
            yield "a" * (most + 1)
        if pattern:
            yield next(
                text for text in (" ", "#/ ", "é", "\0", "\n") if not matches(pattern, text * (least or 1))
            )
        if shape.enum:
            yield "NOTHING"
    elif shape.type_name in ("integer", "long"):
        if least is not None:
            yield least - 1
        if most is not None:
            yield most + 1
        yield "many"
    elif shape.type_name == "boolean":
        yield "perhaps"
    elif shape.type_name == "list" and most:
        yield [good_value(shape.member)] * (most + 1)


def matches(pattern: str, text: str) -> bool:
    """Return whether a simple pattern of the model takes a text; those with categories are told apart by hand."""
    if "\\P{C}" in pattern or "\\p{C}" in pattern:
        return "\0" not in text and not ("IsWhitespace" in pattern and text.isspace())
    return re.fullmatch(pattern, text) is not None


CASES = [
    pytest.param(name, member, value, id=f"{name}-{member}-{str(value)[:12]!r}")
    for name, operation in sorted(ROUTES.items())
    if operation.input_shape is not None
    for member, shape in operation.input_shape.members.items()
    if operation.input_shape.serialization.get("payload") != member
    for value in ([None] if member in operation.input_shape.required_members else [])
    + list(wrong_values(shape))
    # A header cannot carry every character, an empty query value cannot be told from a missing one.
    if shape.serialization.get("location") != "header" or (isinstance(value, str) and value.isascii())
    if not (shape.serialization.get("location") == "header" and value in (" ", "\0", "\n"))
]


def test_all_48_operations_are_built() -> None:
    """The table of operations is the model's list."""
    assert set(OPERATIONS) == set(service_model().operation_names)
    assert len(OPERATIONS) == 48


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Give one server to all requests that it refuses."""
    from codeartifact_local.testing import local_codeartifact

    with local_codeartifact(public_index="http://127.0.0.1:9/") as local:
        local.create(DOMAIN, "dev")
        yield Client(local, local.token(DOMAIN))


@pytest.mark.parametrize(("name", "member", "value"), CASES)
def test_what_the_model_forbids_is_refused(shared: Client, name: str, member: str, value: Any) -> None:
    """A missing member, and a value of the wrong length, pattern, set or type, is a ValidationException."""
    operation = ROUTES[name]
    found = good_input(operation) | {member: value}
    answer = send(shared, operation, {key: given for key, given in found.items() if given is not None})
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (400, "ValidationException")
    assert answer.json()["reason"] in ("FIELD_VALIDATION_FAILED", "CANNOT_PARSE")
    assert member in answer.json()["message"]


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_what_the_model_allows_is_not_refused_for_its_form(shared: Client, name: str) -> None:
    """The control of the test above: the inputs that it breaks are well-formed before."""
    operation = ROUTES[name]
    check_input(operation.input_shape, good_input(operation))


def test_answers_that_the_model_does_not_allow_are_noticed(client: Client) -> None:
    """The fixture that holds every answer of these tests against the model sees a wrong one."""
    client.upload("dev", wheel("pkg", "1.0"))
    assert client.versions("dev", "pkg")
    with client.database() as db:
        db.execute("UPDATE version SET status = 'Lost'")
    with pytest.raises(ValidationError, match=r"versions\.1\.member\.status"):
        client.versions("dev", "pkg")


LISTS: list[tuple[str, str, dict[str, Any], list[str]]] = [
    ("list_domains", "domains", {}, ["acme", "beta", "gamma"]),
    ("list_repositories", "repositories", {}, ["dev", "prod", "pypi-store"]),
    ("list_repositories_in_domain", "repositories", {"domain": DOMAIN}, ["dev", "prod", "pypi-store"]),
    ("list_packages", "packages", {"domain": DOMAIN, "repository": "dev"}, ["a", "b", "pkg"]),
    ("list_package_groups", "packageGroups", {"domain": DOMAIN}, ["/*", "/npm/*", "/pypi/*"]),
    (
        "list_sub_package_groups",
        "packageGroups",
        {"domain": DOMAIN, "packageGroup": "/*"},
        ["/npm/*", "/pypi/*"],
    ),
    (
        "list_associated_packages",
        "packages",
        {"domain": DOMAIN, "packageGroup": "/pypi/*"},
        ["a", "b", "pkg"],
    ),
    (
        "list_allowed_repositories_for_group",
        "allowedRepositories",
        {"domain": DOMAIN, "packageGroup": "/pypi/*", "originRestrictionType": "PUBLISH"},
        ["dev", "prod"],
    ),
    (
        "list_package_versions",
        "versions",
        {"domain": DOMAIN, "repository": "dev", "format": "pypi", "package": "pkg"},
        ["1.0", "2.0", "3.0"],
    ),
    (
        "list_package_version_assets",
        "assets",
        {
            "domain": DOMAIN,
            "repository": "dev",
            "format": "pypi",
            "package": "pkg",
            "packageVersion": "1.0",
        },
        ["pkg-1.0-py3-none-any.whl", "pkg-1.0.tar.gz"],
    ),
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Give a server with a few of everything."""
    from codeartifact_local.testing import local_codeartifact

    with local_codeartifact(public_index="http://127.0.0.1:9/") as local:
        local.create(DOMAIN, "dev", "prod")
        client = Client(local, local.token(DOMAIN))
        for domain in ("gamma", "beta"):
            client.api.create_domain(domain=domain)
        for version in ("1.0", "2.0", "3.0"):
            client.upload("dev", wheel("pkg", version))
        client.upload("dev", sdist("pkg", "1.0"))
        for name in ("b", "a"):
            client.upload("dev", wheel(name, "1.0"))
        for pattern in ("/pypi/*", "/npm/*"):
            client.api.create_package_group(domain=DOMAIN, packageGroup=pattern)
        client.api.update_package_group_origin_configuration(
            domain=DOMAIN,
            packageGroup="/pypi/*",
            addAllowedRepositories=[
                {"repositoryName": name, "originRestrictionType": "PUBLISH"} for name in ("prod", "dev")
            ],
        )
        yield client


@pytest.mark.parametrize(("operation", "member", "arguments", "expected"), LISTS)
def test_lists_come_in_pages(
    filled: Client, operation: str, member: str, arguments: dict[str, Any], expected: list[str]
) -> None:
    """In pages of one, every item comes once and in order, as in one page; a foreign token is refused."""
    paginator = filled.api.get_paginator(operation)
    pages = list(paginator.paginate(**arguments, PaginationConfig={"PageSize": 1}))
    assert [len(page[member]) for page in pages] == [1] * len(expected)
    items = [item for page in pages for item in page[member]]
    keys = ("name", "pattern", "package", "version")
    named = [
        item if isinstance(item, str) else next(item[key] for key in keys if key in item) for item in items
    ]
    assert named == expected
    assert getattr(filled.api, operation)(**arguments)[member] == items
    with pytest.raises(filled.api.exceptions.ValidationException, match="nextToken"):
        getattr(filled.api, operation)(**arguments, nextToken="foreign")


def test_every_paginator_of_botocore_is_walked() -> None:
    """The lists above are those that botocore can page through."""
    paginators = Loader().load_service_model("codeartifact", "paginators-1")["pagination"]
    assert sorted(xform_name(name) for name in paginators) == sorted(row[0] for row in LISTS)


def test_pages_survive_changes_between_them(client: Client) -> None:
    """What was listed is not listed again when something before it goes, and nothing after it is missed."""
    for name in ("a", "b", "c", "d"):
        client.upload("dev", wheel(name, "1.0"))
    place = {"domain": DOMAIN, "repository": "dev"}
    first = client.api.list_packages(**place, maxResults=2)
    client.api.delete_package(**place, format="pypi", package="a")
    client.upload("dev", wheel("e", "1.0"))
    rest = client.api.list_packages(**place, nextToken=first["nextToken"])
    assert [package["package"] for package in rest["packages"]] == ["c", "d", "e"]


def test_dependencies_come_in_pages(client: Client, public_index: FakePublicIndex) -> None:
    """The one list that botocore has no paginator for has no size either: it takes a token, and gives none."""
    lines = "".join(f"Requires-Dist: d{number}\n" for number in range(30))
    metadata = f"Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\n{lines}\n"
    client.upload("dev", wheel("pkg", "1.0", metadata=metadata))
    answer = client.api.list_package_version_dependencies(
        domain=DOMAIN, repository="dev", format="pypi", package="pkg", packageVersion="1.0"
    )
    assert [found["package"] for found in answer["dependencies"]] == [f"d{number}" for number in range(30)]
    assert "nextToken" not in answer
