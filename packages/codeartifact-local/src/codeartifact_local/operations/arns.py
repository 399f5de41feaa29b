"""Amazon Resource Names of what this server has (AWS Service Authorization Reference, CodeArtifact)."""

import re

from codeartifact_local.settings import Settings
from codeartifact_local.store.records import Domain, PackageGroup, Repository

ARN = re.compile(
    r"arn:aws:codeartifact:(?P<region>[a-z0-9-]+):(?P<owner>[0-9]{12}):"
    r"(?P<kind>domain|repository|package-group)/(?P<domain>[^/]+)(?P<rest>/.*)?"
)


def domain_arn(settings: Settings, domain: Domain) -> str:
    """Return the ARN of a domain."""
    return f"{_prefix(settings, domain)}:domain/{domain.name}"


def repository_arn(settings: Settings, domain: Domain, repository: Repository) -> str:
    """Return the ARN of a repository."""
    return f"{_prefix(settings, domain)}:repository/{domain.name}/{repository.name}"


def package_group_arn(settings: Settings, domain: Domain, group: PackageGroup) -> str:
    """Return the ARN of a package group; its pattern begins with a slash of its own."""
    return f"{_prefix(settings, domain)}:package-group/{domain.name}{group.pattern}"


def _prefix(settings: Settings, domain: Domain) -> str:
    return f"arn:aws:codeartifact:{settings.region}:{domain.owner}"
