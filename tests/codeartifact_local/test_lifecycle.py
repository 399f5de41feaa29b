"""Status changes, disposal and deletion: all of the versions, or none."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.codeartifact_local.conftest import DOMAIN, Client, FakePublicIndex, sdist, wheel

Answer = dict[str, dict[str, Any]]


def ask(client: Client, operation: str, *versions: str, **arguments: Any) -> Answer:
    """Call an operation on versions of `pkg` in dev."""
    answer: Answer = getattr(client.api, operation)(
        domain=DOMAIN, repository="dev", format="pypi", package="pkg", versions=list(versions), **arguments
    )
    return answer


def statuses(client: Client) -> dict[str, str]:
    """Return the status of each version of `pkg` in dev."""
    return {version["version"]: version["status"] for version in client.versions("dev", "pkg")}


def kept(client: Client) -> int:
    """Return how many files lie in the server's data folder."""
    return sum(path.is_file() for path in (client.data / "assets").rglob("*"))


@pytest.fixture
def two(client: Client) -> Client:
    """Give dev two versions of `pkg`."""
    for version in ("1.0", "2.0"):
        assert client.upload("dev", wheel("pkg", version)).status_code == 200
    return client


def test_a_status_changes_and_the_revision_stays(two: Client) -> None:
    """The answer has the revision and the new status of each version; publishing again is possible."""
    before = {version["version"]: version["revision"] for version in two.versions("dev", "pkg")}
    for target in ("Unlisted", "Archived", "Published"):
        answer = ask(two, "update_package_versions_status", "1.0", "2.0", targetStatus=target)
        assert answer["failedVersions"] == {}
        assert answer["successfulVersions"] == {
            version: {"revision": revision, "status": target} for version, revision in before.items()
        }
        assert set(statuses(two).values()) == {target}


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("update_package_versions_status", {"targetStatus": "Archived"}),
        ("dispose_package_versions", {}),
        ("delete_package_versions", {}),
    ],
)
@pytest.mark.parametrize(
    ("versions", "expectation", "failure"),
    [
        (["1.0", "3.0"], {}, {"3.0": ("NOT_FOUND", "Could not find version 3.0")}),
        (
            ["1.0", "2.0"],
            {"expectedStatus": "Unlisted"},
            {
                "1.0": ("MISMATCHED_STATUS", "current status: Published, expected status: Unlisted"),
                "2.0": ("MISMATCHED_STATUS", "current status: Published, expected status: Unlisted"),
            },
        ),
    ],
)
def test_one_failure_skips_all(
    two: Client,
    operation: str,
    arguments: dict[str, Any],
    versions: list[str],
    expectation: dict[str, Any],
    failure: dict[str, tuple[str, str]],
) -> None:
    """A version that fails is told with its reason, the others as SKIPPED, and nothing has changed."""
    answer = ask(two, operation, *versions, **arguments, **expectation)
    skipped = {
        version: ("SKIPPED", f"Version {version} was skipped")
        for version in versions
        if version not in failure
    }
    assert answer["successfulVersions"] == {}
    assert answer["failedVersions"] == {
        version: {"errorCode": code, "errorMessage": message}
        for version, (code, message) in (failure | skipped).items()
    }
    assert statuses(two) == {"1.0": "Published", "2.0": "Published"}


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [("update_package_versions_status", {"targetStatus": "Unlisted"}), ("dispose_package_versions", {})],
)
def test_a_revision_must_match(two: Client, operation: str, arguments: dict[str, Any]) -> None:
    """With versionRevisions a version that was changed meanwhile stops all; with the right ones it works."""
    revisions = {version["version"]: version["revision"] for version in two.versions("dev", "pkg")}
    two.upload("dev", sdist("pkg", "2.0"))
    failed = ask(two, operation, "1.0", "2.0", versionRevisions=revisions, **arguments)["failedVersions"]
    current = {version["version"]: version["revision"] for version in two.versions("dev", "pkg")}
    assert failed["2.0"] == {
        "errorCode": "MISMATCHED_REVISION",
        "errorMessage": f"current revision: {current['2.0']}, expected revision: {revisions['2.0']}",
    }
    assert failed["1.0"]["errorCode"] == "SKIPPED"
    answer = ask(two, operation, "1.0", "2.0", versionRevisions=current, **arguments)
    assert sorted(answer["successfulVersions"]) == ["1.0", "2.0"]


@pytest.mark.parametrize("target", ["Disposed", "Unfinished", "Deleted"])
def test_some_statuses_cannot_be_set(two: Client, target: str) -> None:
    """Disposed, Unfinished and Deleted are no targets of a status change."""
    with pytest.raises(ClientError, match="targetStatus must be one of Published, Unlisted, Archived"):
        ask(two, "update_package_versions_status", "1.0", targetStatus=target)


def test_a_disposed_version_stays_disposed(two: Client) -> None:
    """Its row is left without files, its status cannot be changed, its bytes are gone from the disk."""
    ask(two, "dispose_package_versions", "1.0")
    answer = ask(two, "update_package_versions_status", "1.0", "2.0", targetStatus="Published")
    assert answer["failedVersions"]["1.0"]["errorCode"] == "NOT_ALLOWED"
    assert statuses(two) == {"1.0": "Disposed", "2.0": "Published"}
    assert kept(two) == 1
    listed = two.api.list_package_version_assets(
        domain=DOMAIN, repository="dev", format="pypi", package="pkg", packageVersion="1.0"
    )
    assert listed["assets"] == []


def test_a_deleted_version_can_be_published_again(two: Client) -> None:
    """Its status in the answer is Deleted, its row and bytes are gone, and other bytes may take its name."""
    answer = ask(two, "delete_package_versions", "1.0")
    assert answer["successfulVersions"]["1.0"]["status"] == "Deleted"
    assert statuses(two) == {"2.0": "Published"}
    assert kept(two) == 1
    name, content = wheel("pkg", "1.0", body="other = True")
    assert two.upload("dev", (name, content)).status_code == 200
    assert two.get("dev", f"simple/pkg/1.0/{name}").content == content


@pytest.mark.parametrize("operation", ["dispose_package_versions", "delete_package_versions"])
def test_bytes_that_another_repository_has_stay(two: Client, operation: str) -> None:
    """A copy in another repository keeps its files when the original loses them."""
    two.api.copy_package_versions(
        domain=DOMAIN,
        sourceRepository="dev",
        destinationRepository="prod",
        format="pypi",
        package="pkg",
        versions=["1.0"],
    )
    ask(two, operation, "1.0")
    name, content = wheel("pkg", "1.0")
    assert two.get("prod", f"simple/pkg/1.0/{name}").content == content


def test_a_deleted_package_takes_its_versions_and_origin_controls(two: Client) -> None:
    """The answer describes it; nothing of it is left, and the name is free again."""
    coordinate = {"domain": DOMAIN, "repository": "dev", "format": "pypi", "package": "pkg"}
    two.api.put_package_origin_configuration(
        **coordinate, restrictions={"publish": "BLOCK", "upstream": "BLOCK"}
    )
    gone = two.api.delete_package(**coordinate)["deletedPackage"]
    assert (gone["package"], gone["originConfiguration"]["restrictions"]["publish"]) == ("pkg", "BLOCK")
    assert (two.packages("dev"), kept(two)) == ([], 0)
    assert two.upload("dev", wheel("pkg", "1.0")).status_code == 200


@pytest.mark.parametrize(
    "arguments", [{"versions": [f"{number}.0" for number in range(101)]}, {"versions": []}]
)
@pytest.mark.parametrize("operation", ["dispose_package_versions", "delete_package_versions"])
def test_at_most_100_versions(two: Client, operation: str, arguments: dict[str, Any]) -> None:
    """More than 100 versions at once are refused; an empty list changes nothing."""
    call: Callable[..., Any] = getattr(two.api, operation)
    coordinate = {"domain": DOMAIN, "repository": "dev", "format": "pypi", "package": "pkg"}
    if arguments["versions"]:
        with pytest.raises(ClientError, match="ValidationException"):
            call(**coordinate, **arguments)
    else:
        assert call(**coordinate, **arguments)["successfulVersions"] == {}
    assert len(statuses(two)) == 2


def test_what_public_versions_say_of_themselves_comes_from_their_files(
    client: Client, public_index: FakePublicIndex
) -> None:
    """Readme and dependencies of an ingested version are read from its wheel, and its description too."""
    metadata = (
        "Metadata-Version: 2.1\nName: six\nVersion: 1.0\nSummary: Six of them\nLicense: MIT\n"
        "Requires-Dist: Seven_Eight>=7\n\n# Six\n"
    )
    name, content = wheel("six", "1.0", metadata=metadata)
    public_index.add(name, content)
    public_index.add(*sdist("six", "1.0"))
    client.get("dev", f"simple/six/1.0/{name}")
    version = {
        "domain": DOMAIN,
        "repository": "dev",
        "format": "pypi",
        "package": "six",
        "packageVersion": "1.0",
    }
    described = client.api.describe_package_version(**version)["packageVersion"]
    assert (described["summary"], described["licenses"]) == ("Six of them", [{"name": "MIT"}])
    assert client.api.get_package_version_readme(**version)["readme"] == "# Six\n"
    dependencies = client.api.list_package_version_dependencies(**version)["dependencies"]
    assert dependencies == [
        {"package": "seven-eight", "dependencyType": "Requires-Dist", "versionRequirement": ">=7"}
    ]
