"""CopyPackageVersions: promotion, all or nothing."""

from typing import Any

import pytest
from tests.codeartifact_local.conftest import DOMAIN, Client, FakePublicIndex, sdist, wheel


def copy(client: Client, **arguments: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Copy from dev to prod and return what succeeded and what failed."""
    answer = client.api.copy_package_versions(
        domain=DOMAIN,
        sourceRepository="dev",
        destinationRepository="prod",
        format="pypi",
        package="pkg",
        **arguments,
    )
    return answer["successfulVersions"], answer["failedVersions"]


def test_the_very_same_files_are_in_the_destination(client: Client) -> None:
    """A copy has the source's revision, status, origin and bytes; its origin controls are a publisher's."""
    name, content = wheel("pkg", "1.0")
    client.upload("dev", (name, content))
    client.upload("dev", wheel("pkg", "2.0"))
    successful, failed = copy(client, versions=["1.0"])
    source = client.versions("dev", "pkg")[0]
    assert (successful, failed) == ({"1.0": {"revision": source["revision"], "status": "Published"}}, {})
    assert client.versions("prod", "pkg") == [source]
    assert client.get("prod", f"simple/pkg/1.0/{name}").content == content
    described = client.api.describe_package(domain=DOMAIN, repository="prod", format="pypi", package="pkg")
    restrictions = {"publish": "ALLOW", "upstream": "BLOCK"}
    assert described["package"]["originConfiguration"]["restrictions"] == restrictions


def test_an_identical_version_is_in_neither_map(client: Client) -> None:
    """What the destination has already is not an error, and not listed as a success."""
    client.upload("dev", wheel("pkg", "1.0"))
    client.upload("dev", wheel("pkg", "2.0"))
    copy(client, versions=["1.0"])
    successful, failed = copy(client, versions=["1.0", "2.0"])
    assert (list(successful), failed) == (["2.0"], {})


def test_a_different_version_stops_all(client: Client) -> None:
    """ALREADY_EXISTS for that one, SKIPPED for the others, nothing copied; allowOverwrite forces it."""
    client.upload("prod", wheel("pkg", "1.0", body="other"))
    client.upload("dev", wheel("pkg", "1.0"))
    client.upload("dev", wheel("pkg", "2.0"))
    successful, failed = copy(client, versions=["1.0", "2.0"])
    assert successful == {}
    assert failed == {
        "1.0": {"errorCode": "ALREADY_EXISTS", "errorMessage": "Version 1.0 already exists"},
        "2.0": {"errorCode": "SKIPPED", "errorMessage": "Version 2.0 was skipped"},
    }
    assert [version["version"] for version in client.versions("prod", "pkg")] == ["1.0"]
    successful, failed = copy(client, versions=["1.0", "2.0"], allowOverwrite=True)
    assert (sorted(successful), failed) == (["1.0", "2.0"], {})
    assert client.versions("prod", "pkg") == client.versions("dev", "pkg")


def test_a_missing_version_stops_all(client: Client) -> None:
    """NOT_FOUND for a version that the source does not hold; its upstreams do not count."""
    client.upload("dev", wheel("pkg", "1.0"))
    successful, failed = copy(client, versions=["1.0", "5.6.7"])
    assert successful == {}
    assert failed["5.6.7"] == {"errorCode": "NOT_FOUND", "errorMessage": "Could not find version 5.6.7"}
    assert failed["1.0"]["errorCode"] == "SKIPPED"


def test_a_revision_can_be_demanded(client: Client) -> None:
    """With versionRevisions, a version that changed since it was looked at is not copied."""
    client.upload("dev", wheel("pkg", "1.0"))
    seen = client.versions("dev", "pkg")[0]["revision"]
    client.upload("dev", sdist("pkg", "1.0"))
    now = client.versions("dev", "pkg")[0]["revision"]
    _, failed = copy(client, versionRevisions={"1.0": seen})
    assert failed["1.0"] == {
        "errorCode": "MISMATCHED_REVISION",
        "errorMessage": f"current revision: {now}, expected revision: {seen}",
    }
    successful, _ = copy(client, versionRevisions={"1.0": now})
    assert successful["1.0"]["revision"] == now


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"versions": ["1"], "versionRevisions": {"1": "r"}},
        {"versionRevisions": {str(n): "r" for n in range(101)}},
    ],
)
def test_either_versions_or_revisions_and_at_most_a_hundred(
    client: Client, arguments: dict[str, Any]
) -> None:
    """None, both, or more than a hundred is a ValidationException."""
    client.upload("dev", wheel("pkg", "1.0"))
    with pytest.raises(client.api.exceptions.ValidationException):
        copy(client, **arguments)


def test_a_package_that_is_not_there_is_not_found(client: Client) -> None:
    """Without the package in the source the answer is an error, not a map."""
    with pytest.raises(client.api.exceptions.ResourceNotFoundException):
        copy(client, versions=["1.0"])


def test_upstreams_count_when_asked_to(client: Client, public_index: FakePublicIndex) -> None:
    """IncludeFromUpstream copies what the source only reaches, and the connection's repository keeps it."""
    name, content = wheel("pkg", "1.0")
    public_index.add(name, content)
    successful, failed = copy(client, versions=["1.0"], includeFromUpstream=True)
    assert (list(successful), failed) == (["1.0"], {})
    assert client.packages("pypi-store") == client.packages("prod") == ["pkg"]
    assert client.get("prod", f"simple/pkg/1.0/{name}").content == content
    _, failed = copy(client, versions=["1.0", "9.9"], includeFromUpstream=True)
    assert failed["9.9"]["errorCode"] == "NOT_FOUND"
