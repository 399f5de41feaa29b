"""Which index: one CodeArtifact repository, said in full."""

from __future__ import annotations

from dataclasses import dataclass

PUBLISHES_PER_SECOND = 10.0
"""AWS CodeArtifact User Guide, "Quotas": PublishPackageVersion requests a second and account, by default."""
LISTINGS_PER_SECOND = 200.0
"""The same page: ListPackageVersions requests a second and account, by default."""


@dataclass(frozen=True, kw_only=True)
class Index:
    """One CodeArtifact repository, as `[tool.carrack.indexes.NAME]` names it.

    `endpoint` is the control plane's address where it is not the service's own; `repository_endpoint` the one of
    the PyPI endpoint where `GetRepositoryEndpoint` gives another than this machine can reach (VPC endpoints).
    `store` is the domain's repository that has the external connection to the public index. `unset_variable` names
    the environment variable that should hold the endpoint and does not: such an index cannot be used now. `tags` says
    whether what is released here gets a git tag; what is tried on a local index does not. `publishes_per_second` is the
    account's quota, which can be raised, and `listings_per_second` the one for looking; a local index has none.
    """

    name: str
    domain: str
    owner: str
    region: str
    repository: str
    store: str = "pypi-store"
    profile: str | None = None
    endpoint: str | None = None
    repository_endpoint: str | None = None
    unset_variable: str | None = None
    tags: bool = True
    publishes_per_second: float = PUBLISHES_PER_SECOND
    listings_per_second: float = LISTINGS_PER_SECOND

    def __str__(self) -> str:
        where = f" at {self.endpoint}" if self.endpoint else ""
        return (
            f"index {self.name}: account {self.owner}, region {self.region}, domain {self.domain}, "
            f"repository {self.repository}{where}"
        )

    @property
    def place(self) -> str:
        """Which repository it is, whatever the workspace calls it: account, region, domain, repository."""
        return f"{self.owner}/{self.region}/{self.domain}/{self.repository}"

    @property
    def shares_domain_with(self) -> tuple[str, str, str, str | None]:
        """Equal for two indexes exactly when they are repositories of one domain."""
        return (self.domain, self.owner, self.region, self.endpoint)
