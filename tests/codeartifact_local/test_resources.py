"""Domains, repositories, upstreams, external connections, packages: the control plane's nouns."""

from typing import Any

import pytest
from tests.codeartifact_local.conftest import DOMAIN, Client, wheel


def describe(client: Client, repository: str) -> dict[str, Any]:
    """Return a repository's description."""
    found: dict[str, Any] = client.api.describe_repository(domain=DOMAIN, repository=repository)["repository"]
    return found


def test_domains_are_made_described_listed_and_deleted(client: Client) -> None:
    """A domain has an ARN, an owner and a count of repositories; an empty one can be deleted."""
    made = client.api.create_domain(domain="second")["domain"]
    assert made["arn"] == "arn:aws:codeartifact:us-east-1:000000000000:domain/second"
    assert (made["owner"], made["status"], made["repositoryCount"]) == ("000000000000", "Active", 0)
    assert [domain["name"] for domain in client.api.list_domains()["domains"]] == [DOMAIN, "second"]
    assert client.api.delete_domain(domain="second")["domain"]["status"] == "Deleted"
    assert [domain["name"] for domain in client.api.list_domains()["domains"]] == [DOMAIN]


def test_domains_are_their_owners(client: Client) -> None:
    """Another account has no domain here, whatever its name."""
    with pytest.raises(client.api.exceptions.ResourceNotFoundException):
        client.api.describe_domain(domain=DOMAIN, domainOwner="111122223333")


def test_what_exists_is_not_made_again(client: Client) -> None:
    """A second domain or repository of one name is a conflict, and so is deleting a domain in use."""
    with pytest.raises(client.api.exceptions.ConflictException):
        client.api.create_domain(domain=DOMAIN)
    with pytest.raises(client.api.exceptions.ConflictException):
        client.api.create_repository(domain=DOMAIN, repository="dev")
    with pytest.raises(client.api.exceptions.ConflictException):
        client.api.delete_domain(domain=DOMAIN)


def test_upstreams_are_replaced_as_a_list(client: Client) -> None:
    """UpdateRepository replaces the upstreams in the given order, and leaves what it is not given."""
    upstreams = [{"repositoryName": "dev"}, {"repositoryName": "pypi-store"}]
    client.api.update_repository(domain=DOMAIN, repository="prod", upstreams=upstreams)
    client.api.update_repository(domain=DOMAIN, repository="prod", description="what runs")
    assert describe(client, "prod")["upstreams"] == upstreams
    assert describe(client, "prod")["description"] == "what runs"
    client.api.update_repository(domain=DOMAIN, repository="prod", upstreams=[])
    assert describe(client, "prod")["upstreams"] == []


def test_upstreams_have_rules(client: Client) -> None:
    """An upstream exists, is another repository, comes once; there are at most ten (402)."""
    api, errors = client.api, client.api.exceptions
    cases = [
        (["nowhere"], errors.ResourceNotFoundException),
        (["prod"], errors.ValidationException),
        (["dev", "dev"], errors.ValidationException),
        ([f"r{n}" for n in range(11)], errors.ServiceQuotaExceededException),
    ]
    for names, error in cases:
        with pytest.raises(error):
            api.update_repository(
                domain=DOMAIN, repository="prod", upstreams=[{"repositoryName": name} for name in names]
            )
    assert describe(client, "prod")["upstreams"] == [{"repositoryName": "pypi-store"}]


def test_external_connections_come_and_go(client: Client) -> None:
    """A repository has one external connection, or upstreams; taking away what is not there is not found."""
    api, errors = client.api, client.api.exceptions
    connection = {"externalConnectionName": "public:pypi", "packageFormat": "pypi", "status": "Available"}
    assert describe(client, "pypi-store")["externalConnections"] == [connection]
    for repository in ("pypi-store", "dev"):
        with pytest.raises(errors.ConflictException):
            api.associate_external_connection(
                domain=DOMAIN, repository=repository, externalConnection="public:pypi"
            )
    upstreams = [{"repositoryName": "dev"}]
    with pytest.raises(errors.ConflictException):
        api.update_repository(domain=DOMAIN, repository="pypi-store", upstreams=upstreams)
    api.disassociate_external_connection(
        domain=DOMAIN, repository="pypi-store", externalConnection="public:pypi"
    )
    assert describe(client, "pypi-store")["externalConnections"] == []
    with pytest.raises(errors.ResourceNotFoundException):
        api.disassociate_external_connection(
            domain=DOMAIN, repository="pypi-store", externalConnection="public:pypi"
        )


def test_connections_of_other_formats_are_kept_and_lead_nowhere(client: Client) -> None:
    """The service's own ones are told with their format; a name that it does not have is not found."""
    client.api.create_repository(domain=DOMAIN, repository="npm-store")
    place = {"domain": DOMAIN, "repository": "npm-store"}
    client.api.associate_external_connection(**place, externalConnection="public:npmjs")
    assert describe(client, "npm-store")["externalConnections"] == [
        {"externalConnectionName": "public:npmjs", "packageFormat": "npm", "status": "Available"}
    ]
    assert client.get("npm-store", "simple/six/").status_code == 404
    client.api.disassociate_external_connection(**place, externalConnection="public:npmjs")
    with pytest.raises(client.api.exceptions.ResourceNotFoundException, match="public:pypi"):
        client.api.associate_external_connection(**place, externalConnection="public:nothing")


def test_repositories_are_listed_by_prefix(client: Client) -> None:
    """Both lists of repositories take a prefix, which is no pattern."""
    client.api.create_repository(domain=DOMAIN, repository="dev_2")
    found = client.api.list_repositories(repositoryPrefix="dev_")["repositories"]
    assert [repository["name"] for repository in found] == ["dev_2"]
    found = client.api.list_repositories_in_domain(domain=DOMAIN, repositoryPrefix="pr")["repositories"]
    assert [repository["name"] for repository in found] == ["prod"]


def test_deleted_repositories_take_their_packages_with_them(client: Client) -> None:
    """A deleted repository is no longer an upstream; what another repository retained from it stays."""
    client.api.update_repository(domain=DOMAIN, repository="prod", upstreams=[{"repositoryName": "dev"}])
    for version in ("1.0", "2.0"):
        client.upload("dev", wheel("pkg", version))
    assert client.get("prod", "simple/pkg/1.0/pkg-1.0-py3-none-any.whl").status_code == 200
    client.api.delete_repository(domain=DOMAIN, repository="dev")
    assert describe(client, "prod")["upstreams"] == []
    assert client.filenames("prod", "pkg") == ["pkg-1.0-py3-none-any.whl"]


def test_endpoints_are_at_the_host_that_was_asked(client: Client) -> None:
    """GetRepositoryEndpoint answers with the form that needs no host name of AWS, ending in a slash."""
    endpoint = client.api.get_repository_endpoint(domain=DOMAIN, repository="dev", format="pypi")
    assert endpoint["repositoryEndpoint"] == client.url("dev")
    with pytest.raises(client.api.exceptions.ResourceNotFoundException):
        client.api.get_repository_endpoint(domain=DOMAIN, repository="nowhere", format="pypi")
    with pytest.raises(client.api.exceptions.ValidationException):
        client.api.get_repository_endpoint(domain=DOMAIN, repository="dev", format="npm")


def test_packages_are_listed_with_their_origin_controls(client: Client) -> None:
    """ListPackages filters by prefix, format and restriction; a first publish sets ALLOW and BLOCK."""
    client.upload("dev", wheel("one", "1.0"))
    client.upload("dev", wheel("two", "1.0"))
    client.api.put_package_origin_configuration(
        domain=DOMAIN,
        repository="dev",
        format="pypi",
        package="reserved",
        restrictions={"publish": "ALLOW", "upstream": "BLOCK"},
    )
    client.api.put_package_origin_configuration(
        domain=DOMAIN,
        repository="dev",
        format="pypi",
        package="two",
        restrictions={"publish": "BLOCK", "upstream": "ALLOW"},
    )
    assert client.packages("dev") == ["one", "reserved", "two"]

    def names(**wanted: str) -> list[str]:
        found = client.api.list_packages(domain=DOMAIN, repository="dev", **wanted)["packages"]
        return [package["package"] for package in found]

    assert names(packagePrefix="o") == ["one"]
    assert names(publish="BLOCK") == ["two"]
    assert names(upstream="BLOCK") == ["one", "reserved"]
    assert names(format="npm") == []
    described = client.api.describe_package(domain=DOMAIN, repository="dev", format="pypi", package="one")
    restrictions = {"publish": "ALLOW", "upstream": "BLOCK"}
    assert described["package"]["originConfiguration"] == {"restrictions": restrictions}


def test_the_api_wants_normalised_names(client: Client) -> None:
    """A name that is not normalised is not found, and cannot be reserved by mistake."""
    client.upload("dev", wheel("my_pkg", "1.0"))
    with pytest.raises(client.api.exceptions.ResourceNotFoundException):
        client.versions("dev", "my_pkg")
    with pytest.raises(client.api.exceptions.ValidationException):
        client.api.put_package_origin_configuration(
            domain=DOMAIN,
            repository="dev",
            format="pypi",
            package="My_Pkg",
            restrictions={"publish": "ALLOW", "upstream": "BLOCK"},
        )


def test_versions_are_listed_and_described(client: Client, local: Any) -> None:
    """Versions carry revision, status and origin; the one published last is the default to display."""
    metadata = (
        "Metadata-Version: 2.4\nName: pkg\nVersion: 2.0\nSummary: Records\nLicense-Expression: MIT\n"
        "Project-URL: Homepage, https://example.com/\nProject-URL: Source, https://example.com/src\n"
    )
    client.upload("dev", wheel("pkg", "2.0", metadata=metadata))
    local.clock.advance(60)
    client.upload("dev", wheel("pkg", "1.0"))
    listed = client.api.list_package_versions(domain=DOMAIN, repository="dev", format="pypi", package="pkg")
    assert listed["defaultDisplayVersion"] == "1.0"
    assert [version["version"] for version in listed["versions"]] == ["1.0", "2.0"]
    by_time = client.api.list_package_versions(
        domain=DOMAIN, repository="dev", format="pypi", package="pkg", sortBy="PUBLISHED_TIME", maxResults=1
    )
    assert [version["version"] for version in by_time["versions"]] == ["1.0"]
    coordinate = {"domain": DOMAIN, "repository": "dev", "format": "pypi", "package": "pkg"}
    described = client.api.describe_package_version(**coordinate, packageVersion="2.0")["packageVersion"]
    assert described["summary"] == "Records"
    assert described["licenses"] == [{"name": "MIT"}]
    assert described["homePage"] == "https://example.com/"
    assert described["sourceCodeRepository"] == "https://example.com/src"
    assert described["origin"] == {"originType": "INTERNAL", "domainEntryPoint": {"repositoryName": "dev"}}
    assert listed["versions"][1]["revision"] == described["revision"]
    with pytest.raises(client.api.exceptions.ResourceNotFoundException):
        client.api.describe_package_version(**coordinate, packageVersion="3.0")


def test_assets_are_listed_with_hashes_and_streamed(client: Client) -> None:
    """ListPackageVersionAssets gives size and four hashes; GetPackageVersionAsset gives the very bytes."""
    name, content = wheel("pkg", "1.0", body="#" * 3_000_000)
    client.upload("dev", (name, content))
    coordinate = {
        "domain": DOMAIN,
        "repository": "dev",
        "format": "pypi",
        "package": "pkg",
        "packageVersion": "1.0",
    }
    listed = client.api.list_package_version_assets(**coordinate)
    assert [asset["size"] for asset in listed["assets"]] == [len(content)]
    assert set(listed["assets"][0]["hashes"]) == {"MD5", "SHA-1", "SHA-256", "SHA-512"}
    got = client.api.get_package_version_asset(**coordinate, asset=name)
    assert got["asset"].read() == content
    assert (got["assetName"], got["packageVersion"]) == (name, "1.0")
    assert got["packageVersionRevision"] == listed["versionRevision"]
    with pytest.raises(client.api.exceptions.ConflictException, match="expected revision: old"):
        client.api.get_package_version_asset(**coordinate, asset=name, packageVersionRevision="old")
    with pytest.raises(client.api.exceptions.ResourceNotFoundException):
        client.api.get_package_version_asset(**coordinate, asset="other.whl")


def test_a_domain_counts_its_bytes_once(client: Client) -> None:
    """A file in two repositories takes its bytes once."""
    name, content = wheel("pkg", "1.0")
    client.upload("dev", (name, content))
    client.upload("prod", (name, content))
    assert client.api.describe_domain(domain=DOMAIN)["domain"]["assetSizeBytes"] == len(content)
