"""The same policies as one CloudFormation template, and the domain itself for an account that has none yet."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from carrack.model.changes import PUBLIC
from carrack.model.permissions import (
    GITHUB,
    Grounds,
    Jobs,
    domain_policy,
    github_trust,
    owner,
    publisher,
    reader,
    repository_policy,
)

_KEPT = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
"""A stack that is deleted leaves what was published."""


def template(
    grounds: Grounds, readers: Collection[str], publishers: Collection[str], jobs: Jobs | None
) -> dict[str, Any]:
    """A template for the owner's account and the index's region.

    Parameter `CreateDomain` says whether the stack makes domain and repositories too, with the policies that let
    other accounts in; CloudFormation cannot put a policy on one that it did not make.
    """
    resources = _identities(grounds)
    parameters = {"CreateDomain": _choice()}
    conditions: dict[str, Any] = {"CreatesDomain": {"Fn::Equals": [{"Ref": "CreateDomain"}, "true"]}}
    if jobs is not None:
        parameters["GitHubProviderArn"] = _provider_parameter()
        conditions["CreatesGitHubProvider"] = {"Fn::Equals": [{"Ref": "GitHubProviderArn"}, ""]}
        resources |= _github(jobs)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Who may do what with CodeArtifact domain {grounds.index.domain}, for {grounds.index.name}",
        "Parameters": parameters,
        "Conditions": conditions,
        "Resources": resources | _domain(grounds, readers, publishers),
        "Outputs": {
            name: {"Value": {"Ref": name} if name.endswith("Policy") else {"Fn::GetAtt": [name, "Arn"]}}
            for name in resources
            if name != "GitHubProvider"
        },
    }


def _identities(grounds: Grounds) -> dict[str, Any]:
    documents = {"Reader": reader(grounds), "Publisher": publisher(grounds), "Owner": owner(grounds)}
    return {
        f"{name}Policy": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "Description": f"{name} of CodeArtifact repository {grounds.index.repository}",
                "PolicyDocument": policy,
            },
        }
        for name, policy in documents.items()
    }


def _github(jobs: Jobs) -> dict[str, Any]:
    provider = {
        "Fn::If": [
            "CreatesGitHubProvider",
            {"Fn::GetAtt": ["GitHubProvider", "Arn"]},
            _ref("GitHubProviderArn"),
        ]
    }
    return {
        "GitHubProvider": {
            "Type": "AWS::IAM::OIDCProvider",
            "Condition": "CreatesGitHubProvider",
            "Properties": {"Url": f"https://{GITHUB}", "ClientIdList": ["sts.amazonaws.com"]},
        },
        "GitHubRole": _role(provider, "Publishes", jobs.publish, "PublisherPolicy"),
        **({"GitHubReaderRole": _role(provider, "Reads", jobs.read, "ReaderPolicy")} if jobs.read else {}),
    }


def _role(provider: Any, does: str, subject: str, policy: str) -> dict[str, Any]:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "Description": f"{does}, for {subject}",
            "AssumeRolePolicyDocument": github_trust(provider, subject),
            "ManagedPolicyArns": [_ref(policy)],
            "MaxSessionDuration": 3600,
        },
    }


def _domain(grounds: Grounds, readers: Collection[str], publishers: Collection[str]) -> dict[str, Any]:
    made = {"Condition": "CreatesDomain", **_KEPT}
    found: dict[str, Any] = {
        "Domain": {
            "Type": "AWS::CodeArtifact::Domain",
            **made,
            "Properties": {
                "DomainName": grounds.index.domain,
                **_policy(domain_policy(grounds, readers, publishers)),
            },
        }
    }
    for name in grounds.repositories:
        policy = repository_policy(grounds, name, readers, publishers) if name in grounds.read else None
        found[_logical(name)] = {
            "Type": "AWS::CodeArtifact::Repository",
            **made,
            "Properties": {
                "DomainName": {"Fn::GetAtt": ["Domain", "Name"]},
                "RepositoryName": name,
                **_behind(grounds, name),
                **_policy(policy),
            },
        }
    return found


def _behind(grounds: Grounds, name: str) -> dict[str, Any]:
    if name in grounds.stores:
        return {"ExternalConnections": [PUBLIC]}
    return {"Upstreams": [{"Fn::GetAtt": [_logical(store), "Name"]} for store in grounds.sources[name]]}


def _policy(policy: dict[str, Any] | None) -> dict[str, Any]:
    return {"PermissionsPolicyDocument": policy} if policy else {}


def _logical(repository: str) -> str:
    """A resource's name in the template: letters and digits; two repositories never share one."""
    return "Repository" + re.sub(r"[^A-Za-z0-9]|x", lambda found: f"x{ord(found[0]):02X}", repository)


def _ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def _choice() -> dict[str, Any]:
    return {
        "Type": "String",
        "AllowedValues": ["true", "false"],
        "Default": "false",
        "Description": "true where the domain is not there yet; `carrack index create` makes it otherwise",
    }


def _provider_parameter() -> dict[str, Any]:
    return {
        "Type": "String",
        "Default": "",
        "Description": f"The account's OIDC provider for {GITHUB}, if it has one; else it is made",
    }
