"""Readmes and dependencies, out of the files of a version."""

from typing import Any

import pytest
from tests.codeartifact_local.conftest import DOMAIN, Client, FakePublicIndex, sdist, wheel

METADATA = """Metadata-Version: 2.4
Name: pkg
Version: 1.0
Requires-Dist: plain
Requires-Dist: Bounded_Name[extra2,extra1]>=1,<2; python_version < "3.9"
Requires-Dist: direct @ https://example.com/direct-1.0.tar.gz
Description-Content-Type: text/markdown

# Pkg

Does *things*.
"""


def version_of(package: str) -> dict[str, Any]:
    """Return the arguments that name version 1.0 of a package in dev."""
    return {
        "domain": DOMAIN,
        "repository": "dev",
        "format": "pypi",
        "package": package,
        "packageVersion": "1.0",
    }


@pytest.mark.parametrize("make", [wheel, sdist])
def test_a_readme_is_the_description_of_the_core_metadata(client: Client, make: Any) -> None:
    """Of a wheel as of an sdist; the answer carries the revision."""
    client.upload("dev", make("pkg", "1.0", metadata=METADATA))
    answer = client.api.get_package_version_readme(**version_of("pkg"))
    assert answer["readme"] == "# Pkg\n\nDoes *things*.\n"
    assert answer["versionRevision"] == client.versions("dev", "pkg")[0]["revision"]


def test_a_version_without_a_readme_has_none(client: Client) -> None:
    """The answer is ResourceNotFoundException for the version."""
    client.upload("dev", wheel("pkg", "1.0"))
    with pytest.raises(client.api.exceptions.ResourceNotFoundException, match="Readme not found"):
        client.api.get_package_version_readme(**version_of("pkg"))


def test_dependencies_are_those_of_requires_dist(client: Client) -> None:
    """Each has a normalised name, its type, and the rest of the requirement."""
    client.upload("dev", wheel("pkg", "1.0", metadata=METADATA))
    answer = client.api.list_package_version_dependencies(**version_of("pkg"))
    assert [(found["package"], found.get("versionRequirement")) for found in answer["dependencies"]] == [
        ("plain", ""),
        ("bounded-name", '[extra1,extra2]<2,>=1; python_version < "3.9"'),
        ("direct", "@ https://example.com/direct-1.0.tar.gz "),
    ]
    assert {found["dependencyType"] for found in answer["dependencies"]} == {"Requires-Dist"}


def test_a_file_that_is_not_here_yet_is_fetched_for_its_readme(
    client: Client, public_index: FakePublicIndex
) -> None:
    """The wheel of a version of which only the sdist was downloaded is not needed; with no file here, one is."""
    name, content = sdist("pkg", "1.0", metadata=METADATA)
    public_index.add(name, content)
    wheel_name, wheel_content = wheel("pkg", "1.0", metadata=METADATA)
    public_index.add(wheel_name, wheel_content)
    client.get("dev", f"simple/pkg/1.0/{name}")
    client.api.get_package_version_readme(**version_of("pkg"))
    assert f"/files/pkg/{wheel_name}" not in public_index.asked


def test_a_public_index_that_is_gone_is_an_internal_error(
    client: Client, public_index: FakePublicIndex
) -> None:
    """A readme that cannot be had is no traceback, and the description of the version is still there."""
    public_index.add(*wheel("pkg", "1.0", metadata=METADATA))
    public_index.add(*sdist("pkg", "1.0", metadata=METADATA))
    client.local.client().copy_package_versions(
        domain=DOMAIN,
        sourceRepository="pypi-store",
        destinationRepository="dev",
        format="pypi",
        package="pkg",
        versions=["1.0"],
        includeFromUpstream=True,
    )
    public_index.status = 500
    assert client.api.describe_package_version(**version_of("pkg"))["packageVersion"]["version"] == "1.0"
    with pytest.raises(client.api.exceptions.InternalServerException):
        client.api.get_package_version_readme(**version_of("pkg"))
