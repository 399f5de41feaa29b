"""PublishPackageVersion: generic packages, one file after the other."""

import hashlib
import io
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.codeartifact_local.conftest import DOMAIN, Client

COORDINATE = {
    "domain": DOMAIN,
    "repository": "dev",
    "format": "generic",
    "namespace": "ns",
    "package": "tool",
}


def publish(client: Client, name: str, content: bytes, **arguments: Any) -> dict[str, Any]:
    """Publish a file of version 1 of the generic package ns/tool."""
    answer: dict[str, Any] = client.api.publish_package_version(
        **COORDINATE,
        packageVersion="1",
        assetName=name,
        assetContent=io.BytesIO(content),
        **{"assetSHA256": hashlib.sha256(content).hexdigest()} | arguments,
    )
    return answer


def fetch(client: Client, name: str) -> bytes:
    """Return the bytes of a published file."""
    answer = client.api.get_package_version_asset(**COORDINATE, packageVersion="1", asset=name)
    content: bytes = answer["asset"].read()
    return content


def test_a_version_is_unfinished_until_its_last_file_comes(client: Client) -> None:
    """With `unfinished` it takes more files; without, it is Published and takes none any more."""
    first = publish(client, "one ü.bin", b"1" * 3_000_000, unfinished=True)
    assert (first["status"], first["asset"]["size"]) == ("Unfinished", 3_000_000)
    last = publish(client, "two.bin", b"2")
    assert last["status"] == "Published"
    assert last["versionRevision"] != first["versionRevision"]
    assert fetch(client, "one ü.bin") == b"1" * 3_000_000
    with pytest.raises(client.api.exceptions.ConflictException, match="files are added while"):
        publish(client, "three.bin", b"3")


def test_the_same_file_again_is_a_success_and_other_bytes_a_conflict(client: Client) -> None:
    """The revision stays the same, the bytes too."""
    first = publish(client, "one.bin", b"1")
    assert publish(client, "one.bin", b"1")["versionRevision"] == first["versionRevision"]
    with pytest.raises(client.api.exceptions.ConflictException, match="already exists with other content"):
        publish(client, "one.bin", b"2")
    assert fetch(client, "one.bin") == b"1"


def test_bytes_that_are_not_those_of_the_hash_are_refused(client: Client) -> None:
    """Nothing of them is kept."""
    with pytest.raises(ClientError, match="SHA-256 is"):
        publish(client, "one.bin", b"1", assetSHA256="0" * 64)
    assert client.packages("dev") == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "pypi"}, "Only generic packages"),
        ({"namespace": None}, "A namespace is required"),
        ({"repository": "nowhere"}, "Repository not found"),
    ],
)
def test_what_cannot_be_published_says_why(client: Client, changes: dict[str, Any], message: str) -> None:
    """PyPI's format goes through twine; a generic package has a namespace."""
    arguments = {name: value for name, value in (COORDINATE | changes).items() if value is not None}
    with pytest.raises(ClientError, match=message):
        client.api.publish_package_version(
            **arguments,
            packageVersion="1",
            assetName="a",
            assetContent=b"1",
            assetSHA256=hashlib.sha256(b"1").hexdigest(),
        )


def test_generic_packages_are_told_apart_by_namespace(client: Client) -> None:
    """They are listed with format and namespace, and have no readme and no dependencies."""
    publish(client, "one.bin", b"1")
    found = client.api.list_packages(domain=DOMAIN, repository="dev", format="generic")["packages"]
    assert [(package["namespace"], package["package"]) for package in found] == [("ns", "tool")]
    version = COORDINATE | {"packageVersion": "1"}
    assert client.api.list_package_version_dependencies(**version)["dependencies"] == []
    with pytest.raises(client.api.exceptions.ResourceNotFoundException):
        client.api.get_package_version_readme(**version)
