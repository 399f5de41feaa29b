"""`carrack index policies`."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import click

from carrack.cli.options import index_option
from carrack.cli.wiring import Wiring
from carrack.errors import UsageError
from carrack.model import cloudformation, permissions
from carrack.model.controls import claims
from carrack.model.domain import sources
from carrack.model.permissions import Grounds, Jobs
from carrack.model.policy import size

_ACCOUNT_OR_ARN = r"[0-9]{12}|arn:aws[a-z-]*:iam::[0-9]{12}:\S+"


def _principals(context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    for one in given:
        if not re.fullmatch(_ACCOUNT_OR_ARN, one):
            raise click.BadParameter(
                f"{one!r} is neither an account's 12 digits nor the ARN of a user or role"
            )
    return given


@click.command("policies")
@index_option
@click.option(
    "--format", "kind", type=click.Choice(["json", "cloudformation"]), default="json", show_default=True
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a file for each policy there, or the one template, instead of printing them.",
)
@click.option(
    "--reader", "readers", multiple=True, callback=_principals, help="Another account (or ARN) that installs."
)
@click.option(
    "--publisher", "publishers", multiple=True, callback=_principals, help="Another account that publishes."
)
@click.option("--github", metavar="OWNER/REPOSITORY", help="The GitHub repository whose jobs publish.")
@click.option(
    "--branch", metavar="NAME", help="Its branch whose jobs may; with --environment they only read."
)
@click.option("--environment", metavar="NAME", help="Its deployment environment whose jobs publish.")
@click.option(
    "--every-name", is_flag=True, help="Let publishers write any package of the index, not only yours."
)
@click.pass_obj
def policies(
    wiring: Wiring,
    to: str | None,
    kind: str,
    out: Path | None,
    readers: tuple[str, ...],
    publishers: tuple[str, ...],
    github: str | None,
    branch: str | None,
    environment: str | None,
    every_name: bool,
) -> None:
    """Print what readers, publishers, CI and the domain's owner need, and nothing more. Nothing is sent anywhere.

    Publishers write to this index alone, under this workspace's names; readers read every repository of the workspace
    in the domain. Policies on domain and repositories are needed for other accounts only.
    """
    index = wiring.index(to)
    jobs = _jobs(github, branch, environment)
    workspace = wiring.workspace
    grounds = Grounds(
        index=index,
        sources=sources(
            [i for i in workspace.indexes.values() if i.shares_domain_with == index.shares_domain_with]
        ),
        names=claims(workspace.packages, workspace.private_names).names,
        every_name=every_name,
    )
    found = _documents(grounds, readers, publishers, jobs)
    _check_sizes(found)
    if kind == "cloudformation":
        found = {"template": cloudformation.template(grounds, readers, publishers, jobs)}
    _give(wiring, found, out)


def _jobs(github: str | None, branch: str | None, environment: str | None) -> Jobs | None:
    """The `sub` of GitHub's tokens (GitHub Docs, "OpenID Connect reference", "Example subject claims").

    A job in an environment has that in its `sub`, and its branch no more.
    """
    if github is None and branch is None and environment is None:
        return None
    if github is None or github.count("/") != 1 or not (branch or environment):
        raise UsageError(
            "a GitHub repository is OWNER/REPOSITORY, with the environment whose jobs publish, or the branch",
            hint="--github acme/packages --branch main --environment release, as `carrack ci init` writes the jobs",
        )
    if any(sign in f"{github}{branch}{environment}" for sign in "*? :"):
        raise UsageError("patterns are not taken: one repository, one branch and one environment are trusted")
    of_branch = f"repo:{github}:ref:refs/heads/{branch}" if branch else None
    if environment:
        return Jobs(publish=f"repo:{github}:environment:{environment}", read=of_branch)
    return Jobs(publish=str(of_branch))


def _documents(
    grounds: Grounds, readers: tuple[str, ...], publishers: tuple[str, ...], jobs: Jobs | None
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any] | None] = {
        "reader.identity": permissions.reader(grounds),
        "publisher.identity": permissions.publisher(grounds),
        "owner.identity": permissions.owner(grounds),
        "domain.resource": permissions.domain_policy(grounds, readers, publishers),
    }
    for name in grounds.read:
        policy = permissions.repository_policy(grounds, name, readers, publishers)
        found[f"repository-{name}.resource"] = policy
    if jobs is not None:
        provider = f"arn:{grounds.partition}:iam::{grounds.index.owner}:oidc-provider/{permissions.GITHUB}"
        found["github.trust"] = permissions.github_trust(provider, jobs.publish)
        found["github-reader.trust"] = permissions.github_trust(provider, jobs.read) if jobs.read else None
    return {name: policy for name, policy in found.items() if policy is not None}


def _check_sizes(found: dict[str, dict[str, Any]]) -> None:
    for name, policy in found.items():
        limit = permissions.LONGEST_RESOURCE if name.endswith("resource") else permissions.LONGEST_IDENTITY
        if size(policy) > limit:
            raise UsageError(
                f"the policy {name} has {size(policy)} characters, and AWS takes {limit}: too many packages",
                hint="--every-name lets publishers write any package of the index instead of naming yours",
            )


def _give(wiring: Wiring, found: dict[str, dict[str, Any]], out: Path | None) -> None:
    if out is None:
        click.echo(json.dumps(found.get("template", found), indent=2))
        return
    out.mkdir(parents=True, exist_ok=True)
    for name, policy in found.items():
        file = out / f"{name}.json"
        file.write_text(json.dumps(policy, indent=2) + "\n", encoding="utf-8")
        wiring.report.step("Wrote", str(file))


def read_policies(folder: Path, repositories: Collection[str]) -> dict[str | None, dict[str, Any]]:
    """The policies on domain and repositories that `--out` wrote to `folder`.

    Raises UsageError where there are none, one is no policy, or one is for a repository that is not there.
    """
    found: dict[str | None, dict[str, Any]] = {}
    for file in sorted(folder.glob("*.resource.json")):
        name = file.name.removesuffix(".resource.json")
        repository = name.removeprefix("repository-") if name != "domain" else None
        if repository is not None and repository not in repositories:
            raise UsageError(f"the workspace names no repository {repository!r}", address=str(file))
        found[repository] = _read(file)
    if not found:
        raise UsageError(
            "there is no policy for a domain or repository in it",
            address=str(folder),
            hint="carrack index policies --out DIR --reader ACCOUNT writes some; within one account none are needed",
        )
    return found


def _read(file: Path) -> dict[str, Any]:
    try:
        policy = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        policy = None
    if not isinstance(policy, dict) or not policy.get("Statement"):
        raise UsageError("this is not a policy", address=str(file))
    return policy
