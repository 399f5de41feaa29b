"""The operations that are built, by name; the model knows 48."""

from collections.abc import Mapping

from codeartifact_local.operations import (
    access,
    connections,
    contents,
    copying,
    domains,
    lifecycle,
    packages,
    publishing,
    repositories,
    versions,
)
from codeartifact_local.protocol.control_plane import Operation
from codeartifact_local.service import Service

OPERATIONS: Mapping[str, Operation[Service]] = {
    "CopyPackageVersions": copying.copy_package_versions,
    "CreateDomain": domains.create_domain,
    "CreateRepository": repositories.create_repository,
    "DeleteDomain": domains.delete_domain,
    "DeletePackage": lifecycle.delete_package,
    "DeletePackageVersions": lifecycle.delete_package_versions,
    "DeleteRepository": repositories.delete_repository,
    "DescribeDomain": domains.describe_domain,
    "DescribePackage": packages.describe_package,
    "DescribePackageVersion": versions.describe_package_version,
    "DescribeRepository": repositories.describe_repository,
    "DisassociateExternalConnection": connections.disassociate_external_connection,
    "DisposePackageVersions": lifecycle.dispose_package_versions,
    "GetAuthorizationToken": access.get_authorization_token,
    "GetPackageVersionAsset": versions.get_package_version_asset,
    "GetPackageVersionReadme": contents.get_package_version_readme,
    "GetRepositoryEndpoint": access.get_repository_endpoint,
    "ListDomains": domains.list_domains,
    "ListPackageVersionAssets": versions.list_package_version_assets,
    "ListPackageVersionDependencies": contents.list_package_version_dependencies,
    "ListPackageVersions": versions.list_package_versions,
    "ListPackages": packages.list_packages,
    "ListRepositories": repositories.list_repositories,
    "ListRepositoriesInDomain": repositories.list_repositories_in_domain,
    "PublishPackageVersion": publishing.publish_package_version,
    "PutPackageOriginConfiguration": packages.put_package_origin_configuration,
    "UpdatePackageVersionsStatus": lifecycle.update_package_versions_status,
    "UpdateRepository": repositories.update_repository,
    "AssociateExternalConnection": connections.associate_external_connection,
}
