"""What each part needs of CodeArtifact, and nothing more: identities' policies, and those of domain and repositories.

Actions and their resources are those of the Service Authorization Reference ("Actions, resources, and condition keys
for AWS CodeArtifact"); reading cannot be granted for some packages of a repository only (CodeArtifact User Guide,
"Repository policies"), writing can.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from packaging.utils import NormalizedName

from carrack.model.index import Index
from carrack.model.policy import Statement, document, trust

GITHUB = "token.actions.githubusercontent.com"
LONGEST_IDENTITY, LONGEST_RESOURCE = 6144, 7168
"""Characters: of a managed policy (IAM quotas), of a domain's or repository's policy (the service's model)."""

_TOKEN = ("codeartifact:GetAuthorizationToken",)
_READ_REPOSITORY = ("codeartifact:GetRepositoryEndpoint", "codeartifact:ReadFromRepository")
_READ_PACKAGES = (
    "codeartifact:DescribePackage",
    "codeartifact:GetPackageVersionAsset",
    "codeartifact:ListPackageVersionAssets",
    "codeartifact:ListPackageVersions",
)
_WRITE_PACKAGES = (
    "codeartifact:CopyPackageVersions",
    "codeartifact:PublishPackageVersion",
    "codeartifact:PutPackageOriginConfiguration",
    "codeartifact:UpdatePackageVersionsStatus",
)


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """What policies are about: the index that is written to, the repositories that are read, and the team's names.

    `sources` are the repositories of the index's domain that the workspace names, each with its stores; a store has
    none, but the public index behind it. Where `every_name`, any package of the index may be written.
    """

    index: Index
    sources: Mapping[str, tuple[str, ...]]
    names: Collection[NormalizedName]
    every_name: bool = False

    @property
    def repositories(self) -> list[str]:
        """All of them."""
        return list(self.sources)

    @property
    def stores(self) -> list[str]:
        """Those with the public index behind them."""
        return [name for name, stores in self.sources.items() if not stores]

    @property
    def partition(self) -> str:
        """The part of AWS that the region is in (AWS General Reference, "Amazon Resource Names")."""
        kinds = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
        return next((name for start, name in kinds.items() if self.index.region.startswith(start)), "aws")

    @property
    def domain(self) -> str:
        """The domain's ARN."""
        return self._arn(f"domain/{self.index.domain}")

    def repository(self, name: str) -> str:
        """A repository's ARN."""
        return self._arn(f"repository/{self.index.domain}/{name}")

    def packages(self, repository: str, names: Collection[str] = ("*",)) -> list[str]:
        """The ARNs of Python packages there; their namespace is empty, so that two slashes come together."""
        return [self._arn(f"package/{self.index.domain}/{repository}/pypi//{name}") for name in names]

    @property
    def read(self) -> list[str]:
        """The repositories that people install from: not the stores, which are read through the others."""
        return [name for name, stores in self.sources.items() if stores or name == self.index.repository]

    @property
    def written(self) -> list[str]:
        """The packages that a publisher writes, in the index alone."""
        return self.packages(self.index.repository, ("*",) if self.every_name else sorted(self.names))

    def account(self, principal: str) -> str:
        """The ARN of a principal: an account's number means everybody whom that account's own policies let."""
        return f"arn:{self.partition}:iam::{principal}:root" if principal.isdigit() else principal

    def _arn(self, resource: str) -> str:
        index = self.index
        return f"arn:{self.partition}:codeartifact:{index.region}:{index.owner}:{resource}"


@dataclass(frozen=True, kw_only=True)
class Jobs:
    """GitHub's jobs, by the whole `sub` of their tokens: those that publish, and those that only read."""

    publish: str
    read: str | None = None


def reader(grounds: Grounds) -> dict[str, Any]:
    """Who plans, locks and installs: everything that these repositories have, and no write."""
    return document(_reading(grounds))


def publisher(grounds: Grounds) -> dict[str, Any]:
    """Who publishes, promotes and retracts: reads as a reader does, and writes the team's names in the index."""
    copies = Statement(
        sid="CopyIntoIndex",
        actions=["codeartifact:CopyPackageVersions"],
        resources=[grounds.repository(grounds.index.repository)],
    )
    writes = Statement(sid="WritePackages", actions=_WRITE_PACKAGES, resources=grounds.written)
    return document([*_reading(grounds), copies, writes])


def owner(grounds: Grounds) -> dict[str, Any]:
    """Who runs `index create` and `index cost`: makes domain and repositories, closes names. No token, no packages."""
    repositories = [grounds.repository(name) for name in grounds.repositories]
    stores = [grounds.repository(name) for name in grounds.stores]
    names = [
        arn
        for repository in grounds.repositories
        for arn in grounds.packages(repository, ("*",) if grounds.every_name else sorted(grounds.names))
    ]
    domain_actions = ("DescribeDomain", "GetDomainPermissionsPolicy", "PutDomainPermissionsPolicy")
    repository_actions = (
        *("DescribeRepository", "UpdateRepository"),
        *("GetRepositoryPermissionsPolicy", "PutRepositoryPermissionsPolicy"),
    )
    store_actions = ("AssociateExternalConnection", "AssociateWithDownstreamRepository")
    name_actions = ("DescribePackage", "PutPackageOriginConfiguration")
    return document(
        [
            # Neither takes a resource (Service Authorization Reference).
            Statement(sid="Create", actions=_named("CreateDomain", "CreateRepository")),
            Statement(sid="SetUpDomain", actions=_named(*domain_actions), resources=[grounds.domain]),
            Statement(sid="SetUpRepositories", actions=_named(*repository_actions), resources=repositories),
            Statement(sid="SetUpStores", actions=_named(*store_actions), resources=stores),
            Statement(sid="CloseNames", actions=_named(*name_actions), resources=names),
        ]
    )


def domain_policy(
    grounds: Grounds, readers: Collection[str], publishers: Collection[str]
) -> dict[str, Any] | None:
    """Lets other accounts ask for tokens; None where there are none: within one account, identities' policies do."""
    principals = _principals(grounds, {*readers, *publishers})
    return document([Statement(sid="Tokens", actions=_TOKEN, principals=principals)]) if principals else None


def repository_policy(
    grounds: Grounds, repository: str, readers: Collection[str], publishers: Collection[str]
) -> dict[str, Any] | None:
    """Lets other accounts read a repository, and publishers write the team's names where it is the index's."""
    found = []
    if principals := _principals(grounds, {*readers, *publishers}):
        actions = (*_READ_REPOSITORY, *_READ_PACKAGES)
        found.append(Statement(sid="Read", actions=actions, principals=principals))
    if repository == grounds.index.repository and (writers := _principals(grounds, publishers)):
        own = [grounds.repository(repository)]
        copies = ["codeartifact:CopyPackageVersions"]
        found += [
            Statement(sid="CopyIntoIndex", actions=copies, resources=own, principals=writers),
            Statement(
                sid="WritePackages", actions=_WRITE_PACKAGES, resources=grounds.written, principals=writers
            ),
        ]
    return document(found) if found else None


def github_trust(provider: Any, subject: str) -> dict[str, Any]:
    """Lets the jobs of one GitHub repository, on one branch or in one environment, become a role.

    `provider` is the ARN of the account's OIDC provider, `subject` the token's `sub` in full: no pattern (GitHub Docs,
    "Configuring OpenID Connect in Amazon Web Services").
    """
    condition = {"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com", f"{GITHUB}:sub": subject}}
    return trust(
        Statement(
            sid="GitHubJobs",
            actions=["sts:AssumeRoleWithWebIdentity"],
            principals={"Federated": [provider]},
            condition=condition,
        )
    )


def _reading(grounds: Grounds) -> list[Statement]:
    packages = [arn for repository in grounds.read for arn in grounds.packages(repository)]
    service = {"StringEquals": {"sts:AWSServiceName": "codeartifact.amazonaws.com"}}
    return [
        Statement(sid="Tokens", actions=_TOKEN, resources=[grounds.domain]),
        # What GetAuthorizationToken does on the caller's behalf; it has no resource.
        Statement(sid="BearerTokens", actions=["sts:GetServiceBearerToken"], condition=service),
        Statement(
            sid="ReadRepositories",
            actions=_READ_REPOSITORY,
            resources=[grounds.repository(name) for name in grounds.read],
        ),
        Statement(sid="ReadPackages", actions=_READ_PACKAGES, resources=packages),
    ]


def _principals(grounds: Grounds, principals: Collection[str]) -> dict[str, list[str]]:
    return {"AWS": sorted(map(grounds.account, principals))} if principals else {}


def _named(*operations: str) -> list[str]:
    return [f"codeartifact:{operation}" for operation in operations]
